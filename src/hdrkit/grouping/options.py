"""The options of grouping, step by step. Each step is a section of the configuration file."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.models.roles import HUB_NAMES, ModelKind


class Embedding(StrEnum):
    """The embedding that selects pairs of photographs for comparison."""

    GRADIENT = "gradient"
    DINOV2 = "dinov2"
    CLIP = "clip"


class Reduction(StrEnum):
    """How learned embeddings are shortened."""

    PCA = "pca"
    NONE = "none"


class Linkage(StrEnum):
    """The rule that forms views from the evidence for pairs."""

    AVERAGE = "average"
    HDBSCAN = "hdbscan"


@dataclass(frozen=True)
class IngestOptions:
    """Reading. `target_size` is the largest width and height, in pixels, of the pictures that are compared."""

    target_size: tuple[int, int] = field(
        default=(512, 512), metadata={"help": "largest width and height, in pixels, for comparing photographs"}
    )
    max_workers: int = field(
        default_factory=lambda: os.cpu_count() or 1,
        metadata={"flag": "--jobs -j", "min": 1, "shown": "all cores", "help": "photographs read side by side"},
    )
    metadata: bool = field(
        default=True,
        metadata={
            "flag": "--no-metadata",
            "panel": "Evidence",
            "help": "use times, exposures and cameras as evidence; otherwise only content decides",
        },
    )
    cache: bool = field(
        default=True,
        metadata={"flag": "--no-cache", "help": "use the user's cache folder for what was computed from each photograph"},
    )

    def __post_init__(self) -> None:
        if len(self.target_size) != 2 or min(self.target_size) < 64 or max(self.target_size) > 4096:
            raise InputError(f"target_size must be two numbers of 64 to 4096 pixels, not {self.target_size!r}")
        if self.max_workers < 1:
            raise InputError(f"max_workers must be at least 1, not {self.max_workers!r}")


@dataclass(frozen=True)
class EmbeddingOptions:
    """Candidates. `model_name` is a folder or a hub name for learned embeddings. They select pairs, and never link them."""

    kind: Embedding = field(
        default=Embedding.GRADIENT,
        metadata={
            "flag": "--embedding",
            "panel": "Evidence",
            "help": "embedding that selects pairs of photographs for comparison",
        },
    )
    model_name: str = field(
        default="",
        metadata={
            "flag": "--model",
            "panel": "Evidence",
            "metavar": "NAME",
            "help": "folder of a learned model, or its hub name if it is on this machine; default facebook/dinov2-small or "
            "openai/clip-vit-base-patch32",
        },
    )
    use_gpu: bool = field(default=True, metadata={"help": "use CUDA if it is available"})
    dimensionality_reduction: Reduction = field(default=Reduction.PCA, metadata={"help": "how learned embeddings are shortened"})
    target_dims: int = field(default=128, metadata={"help": "numbers for each image after learned embeddings are shortened"})

    @property
    def model(self) -> str:
        """The model that computes a learned embedding."""
        if self.model_name or self.kind is Embedding.GRADIENT:
            return self.model_name
        return HUB_NAMES[ModelKind(self.kind)]

    def __post_init__(self) -> None:
        if self.target_dims < 1:
            raise InputError(f"target_dims must be at least 1, not {self.target_dims!r}")


@dataclass(frozen=True)
class ClusteringOptions:
    """Views. `min_cluster_size` and `cluster_selection_epsilon` are for HDBSCAN. The lists hold pairs that a person decided."""

    method: Linkage = field(
        default=Linkage.AVERAGE,
        metadata={"flag": "--linkage", "panel": "Evidence", "help": "how pairs of similar photographs become views"},
    )
    min_cluster_size: int = field(default=2, metadata={"help": "smallest number of photographs in a cluster (hdbscan)"})
    cluster_selection_epsilon: float = field(
        default=0.1, metadata={"help": "distance below which clusters are not split (hdbscan)"}
    )
    must_link: Path | None = field(
        default=None,
        metadata={
            "flag": "--must-link",
            "panel": "Evidence",
            "metavar": "FILE.csv",
            "help": "CSV with two paths on each line that belong to one view",
        },
    )
    cannot_link: Path | None = field(
        default=None,
        metadata={
            "flag": "--cannot-link",
            "panel": "Evidence",
            "metavar": "FILE.csv",
            "help": "CSV with two paths on each line that do not belong to one view",
        },
    )

    def __post_init__(self) -> None:
        if self.min_cluster_size < 2:
            raise InputError(f"min_cluster_size must be at least 2, not {self.min_cluster_size!r}")
        if not (math.isfinite(self.cluster_selection_epsilon) and self.cluster_selection_epsilon >= 0):
            raise InputError(f"cluster_selection_epsilon must not be negative, not {self.cluster_selection_epsilon!r}")


@dataclass(frozen=True)
class GroupingOptions:
    """All options of grouping. The command line, the configuration file and Python use them."""

    ingest: IngestOptions = field(default_factory=IngestOptions)
    embedding: EmbeddingOptions = field(default_factory=EmbeddingOptions)
    clustering: ClusteringOptions = field(default_factory=ClusteringOptions)

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each setting that has no effect with the others."""
        if not self.embedding.model_name or self.embedding.kind is not Embedding.GRADIENT:
            return ()
        return (f"model_name {self.embedding.model_name!r} is not used: the embedding is gradient, which needs no model",)


SECTIONS = {"ingest": (IngestOptions,), "embedding": (EmbeddingOptions,), "clustering": (ClusteringOptions,)}
