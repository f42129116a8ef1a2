"""Sharpness of the photographs of a series, and stars for the sharpest.

`compare_sharpness` compares the pictures of one series, `rank_groups` turns their sharpness into stars, and `write_rating` writes
stars into a sidecar. `sharpness` measures a single picture.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hdrkit.ranking.measures import compare_sharpness as compare_sharpness
    from hdrkit.ranking.measures import sharpness as sharpness
    from hdrkit.ranking.stars import rank_groups as rank_groups
    from hdrkit.sidecars.ratings import read_rating as read_rating
    from hdrkit.sidecars.ratings import write_rating as write_rating

_HOME_OF = {
    "compare_sharpness": "hdrkit.ranking.measures",
    "rank_groups": "hdrkit.ranking.stars",
    "read_rating": "hdrkit.sidecars.ratings",
    "sharpness": "hdrkit.ranking.measures",
    "write_rating": "hdrkit.sidecars.ratings",
}

__all__ = ["compare_sharpness", "rank_groups", "read_rating", "sharpness", "write_rating"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
