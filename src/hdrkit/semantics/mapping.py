"""From embeddings to a map: principal components, groups, places in three dimensions, and how well all belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.semantics.agreement import agreeing_groups
from hdrkit.semantics.clustering import Grouping, copies_once, hierarchical_dbscan, knee_tuned_dbscan
from hdrkit.semantics.cohesion import described, silhouettes_of
from hdrkit.semantics.joining import OldMap, joined
from hdrkit.semantics.layout import DIMS, lay_out, place
from hdrkit.semantics.options import ClusterIn, GroupMethod, MapOptions
from hdrkit.semantics.reduction import principal_components
from hdrkit.types import ALONE, PictureGroup


@dataclass(frozen=True)
class Mapped:
    """Where N pictures lie: `positions` (N, 3); `numbers` (N,) of their groups; `silhouettes` (N,), NaN for those in none.

    `groups` are numbered from 0, the largest first. `settings` are what was tuned on the way.
    """

    positions: NDArray[np.float32]
    numbers: NDArray[np.int64]
    silhouettes: NDArray[np.float64]
    groups: tuple[PictureGroup, ...]
    settings: dict[str, Any]
    notes: tuple[str, ...] = ()


def map_vectors(vectors: NDArray[np.float32], options: MapOptions, old: OldMap | None = None) -> Mapped:
    """The map of N pictures with unit vectors (N, D). The same vectors and options give the same map.

    Pictures of an `old` map stay where they are and keep their groups; the others are placed among them.
    """
    rows = principal_components(vectors)
    positions = lay_out(rows, options.seed) if old is None else _placed(vectors, old)
    found = grouping(rows, positions, options)
    numbers = found.groups if old is None else joined(found.groups, old)
    return _mapped(_space(rows, positions, options), positions, numbers, {"dimensions": rows.shape[1], **found.settings})


def grouping(rows: NDArray[np.float32], positions: NDArray[np.float32], options: MapOptions) -> Grouping:
    """The groups of pictures with principal components `rows` (N, d), which lie at `positions` (N, 3), the largest first.

    Copies count once, and are in one group.
    """
    space = _space(rows, positions, options)
    if len(rows) < 2:
        return Grouping(np.full(len(rows), ALONE, np.int64))
    match options.method:
        case GroupMethod.AGREEMENT:
            found = agreeing_groups(space, positions, options.seed)
        case GroupMethod.DBSCAN:
            found = copies_once(knee_tuned_dbscan, rows, space)
        case GroupMethod.HDBSCAN:
            found = copies_once(hierarchical_dbscan, rows, space)
    return Grouping(_largest_first(found.groups), found.settings)


def _space(rows: NDArray[np.float32], positions: NDArray[np.float32], options: MapOptions) -> NDArray[np.float32]:
    return positions if options.cluster_in is ClusterIn.LAYOUT else rows


def _largest_first(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same groups with numbers by size; of two of one size, that of the first picture comes first."""
    numbers, first, sizes = np.unique(groups[groups != ALONE], return_index=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    renamed = {int(numbers[old]): new for new, old in enumerate(order.tolist())}
    return np.array([renamed.get(int(one), ALONE) for one in groups], np.int64)


def _placed(vectors: NDArray[np.float32], old: OldMap) -> NDArray[np.float32]:
    new = np.setdiff1d(np.arange(len(vectors)), old.pictures)
    positions = np.empty((len(vectors), DIMS), np.float32)
    positions[old.pictures] = old.positions
    if len(new):
        positions[new] = place(vectors[new], vectors[old.pictures], old.positions)
    return positions


def _mapped(
    space: NDArray[np.float32], positions: NDArray[np.float32], numbers: NDArray[np.int64], settings: dict[str, Any]
) -> Mapped:
    silhouettes = silhouettes_of(space, numbers)
    return Mapped(positions, numbers, silhouettes, described(space, numbers, silhouettes), settings)
