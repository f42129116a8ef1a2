"""Groups of pictures by density: DBSCAN whose reach is the knee of the distances to neighbours, and HDBSCAN."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.types import ALONE

LEAST_GROUPS = 2  # with fewer, the reach is shortened
_TRIES, _SHORTER = 3, 0.6
_OTHERWISE = 0.5  # the reach where there is no knee, or none up to `_FARTHEST`
_FARTHEST = 1.0
_FEW = 5  # pictures, of which two make a place dense
_DIGITS = 4  # in which copies are equal


@dataclass(frozen=True)
class Grouping:
    """The group of each picture (N,), `ALONE` for none, and the settings that were found on the way."""

    groups: NDArray[np.int64]
    settings: dict[str, Any] = field(default_factory=dict)


def least_members(count: int) -> int:
    """How many pictures make a place dense: 2 up to 5 pictures, 3 below 200, 5 below 1000, 10 above."""
    return 2 if count <= _FEW else 3 if count < 200 else 5 if count < 1000 else 10


def distinct(rows: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices (K,) of rows (N, d) of which none is a copy of another, and which of them each row is a copy of (N,)."""
    kept, copy_of = np.unique(rows.round(_DIGITS), axis=0, return_index=True, return_inverse=True)[1:]
    return kept, copy_of.ravel()


def copies_once(
    find: Callable[[NDArray[np.float32]], Grouping], rows: NDArray[np.float32], space: NDArray[np.float32]
) -> Grouping:
    """Groups by `find` in `space` (N, d), where copies among `rows` (N, D) count once and are in one group."""
    kept, copy_of = distinct(rows)
    order = np.argsort(kept)  # as pictures come, since the borders of groups depend on it
    found = find(space[kept[order]])
    groups = found.groups[np.argsort(order)][copy_of]
    lonely = (groups == ALONE) & (np.bincount(copy_of)[copy_of] > 1)
    return Grouping(np.where(lonely, groups.max() + 1 + copy_of, groups), found.settings)


def knee_tuned_dbscan(rows: NDArray[np.float32]) -> Grouping:
    """Groups of `rows` (N, d) by DBSCAN (Ester et al. 1996), up to three tries, until there are at least two.

    The reach is the knee (Satopaa et al. 2011) of the sorted distances to the last of as many neighbours as make a place dense.
    """
    from kneed import KneeLocator
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    least = min(least_members(len(rows)), len(rows))
    distances = np.sort(NearestNeighbors(n_neighbors=least).fit(rows).kneighbors(rows)[0][:, -1])
    knee = None
    if len(rows) > 2 and distances[-1] > distances[0]:
        knee = KneeLocator(np.arange(len(rows)), distances, curve="convex", direction="increasing").elbow_y
    reach = float(knee) if knee is not None and 0 < knee <= _FARTHEST else _OTHERWISE
    for tried in range(_TRIES):
        groups = DBSCAN(eps=reach * _SHORTER**tried, min_samples=least).fit_predict(rows)
        if groups.max() + 1 >= LEAST_GROUPS:
            break
    settings = {"reach": reach * _SHORTER**tried, "knee": knee is not None, "tries": tried + 1, "least members": least}
    return Grouping(groups.astype(np.int64), settings)


def hierarchical_dbscan(rows: NDArray[np.float32]) -> Grouping:
    """Groups of `rows` (N, d) by HDBSCAN (Campello, Moulavi and Sander 2013)."""
    from hdrkit.files.packages import load_package

    least = min(least_members(len(rows)), len(rows))
    if len(rows) < 3:
        return Grouping(np.full(len(rows), ALONE, np.int64), {"least members": least})
    hdbscan = load_package("hdbscan", "--method hdbscan", "hdbscan")
    near = 1 if len(rows) <= _FEW else least  # other pictures
    groups = hdbscan.HDBSCAN(min_cluster_size=least, min_samples=near).fit_predict(np.asarray(rows, np.float64))
    return Grouping(groups.astype(np.int64), {"least members": least})
