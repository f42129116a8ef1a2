"""What is not ranked: photographs that are rated already, and files that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hdrkit.ranking.options import RankingOptions
from hdrkit.sidecars.embedded import embedded_rating
from hdrkit.sidecars.sidecar import Sidecar, sidecar_path
from hdrkit.types import Failure, Take


@dataclass
class Left:
    """What is not ranked: takes that are left out because they are rated, files that cannot be read, and notes on others."""

    excluded: list[Take] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def left_out(take: Take, options: RankingOptions, left: Left) -> bool:
    """Whether a take is left out because one of its photographs is rated. In a bracket this is the reference."""
    if not options.exclude:
        return False
    rated = any(_is_rated(photo.path, options.sidecar) for photo in (*take.photos, *take.companions))
    left.excluded += [take] if rated else []
    return rated


def _is_rated(photo: Path, sidecar: Sidecar) -> bool:
    """Whether a photograph has a sidecar, or stars inside."""
    beside = sidecar_path(photo, sidecar)
    return (beside is not None and beside.exists()) or embedded_rating(photo) is not None
