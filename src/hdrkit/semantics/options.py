"""The options of the map of pictures, step by step. All interfaces use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import InputError, chosen

LARGEST_SEED = 2**32 - 1  # that NumPy takes
_PICTURES, _GROUPS = "Pictures", "Groups"


class Crop(StrEnum):
    """Which objects of a picture are embedded beside the whole of it."""

    OFF = "off"
    MAIN = "main"
    LARGEST = "largest"
    ALL = "all"


class PictureEmbedding(StrEnum):
    """What kind of network embeds pictures."""

    IMAGENET = "imagenet"
    CLIP = "clip"
    DINOV2 = "dinov2"


class GroupMethod(StrEnum):
    """How pictures become groups: by the agreement of several ways, or by density alone."""

    AGREEMENT = "agreement"
    DBSCAN = "dbscan"
    HDBSCAN = "hdbscan"


class ClusterIn(StrEnum):
    """Where distances between pictures are measured."""

    EMBEDDING = "embedding"
    LAYOUT = "layout"


@dataclass(frozen=True)
class MapOptions:
    """How pictures are embedded, grouped and laid out. Raises InputError for values out of range."""

    super_resolution: str = field(
        default="edsr",
        metadata={
            "flag": "--super-resolution",
            "panel": _PICTURES,
            "metavar": "edsr|off|PATH",
            "help": "how pictures with a side under 128 pixels are enlarged three times: by the network that comes with hdrkit, "
            "not at all, or by a model of your own",
        },
    )
    crop: Crop = field(
        default=Crop.OFF,
        metadata={
            "flag": "--crop",
            "panel": _PICTURES,
            "help": "objects that are embedded beside the whole picture; they pay where objects are small and "
            "a detector finds them",
        },
    )
    embedding: PictureEmbedding = field(
        default=PictureEmbedding.IMAGENET,
        metadata={"flag": "--embedding", "panel": _PICTURES, "help": "kind of the network that embeds pictures"},
    )
    method: GroupMethod = field(
        default=GroupMethod.AGREEMENT,
        metadata={
            "flag": "--method",
            "panel": _GROUPS,
            "help": "agreement: what communities of neighbours and density on the map agree on; dbscan: dense places, whose "
            "reach is tuned; hdbscan: dense places of several densities",
        },
    )
    cluster_in: ClusterIn = field(
        default=ClusterIn.EMBEDDING,
        metadata={"flag": "--cluster-in", "panel": _GROUPS, "help": "where distances between pictures are measured"},
    )
    seed: int = field(
        default=42,
        metadata={
            "flag": "--seed",
            "panel": _GROUPS,
            "min": 0,
            "max": LARGEST_SEED,
            "help": "number that decides the layout",
        },
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "crop", chosen(Crop, self.crop, "crop"))
        object.__setattr__(self, "embedding", chosen(PictureEmbedding, self.embedding, "embedding"))
        object.__setattr__(self, "method", chosen(GroupMethod, self.method, "method"))
        object.__setattr__(self, "cluster_in", chosen(ClusterIn, self.cluster_in, "place to cluster in"))
        if not 0 <= self.seed <= LARGEST_SEED:
            raise InputError(f"a seed is 0 to {LARGEST_SEED}, not {self.seed!r}")
