"""How well pictures belong to their groups: the spread of a group, and the silhouette of a picture (Rousseeuw 1987)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hdrkit.types import ALONE, Cohesion, PictureGroup

_TOO_WIDE = 1.2  # times the mean spread
_BLOCK = 1024  # pictures that are compared with all groups at a time


def described(rows: NDArray[np.float32], groups: NDArray[np.int64], silhouettes: NDArray[np.float64]) -> tuple[PictureGroup, ...]:
    """Each group by its number: members from the centre outwards, spread (mean distance to the centroid), quality, silhouette.

    A group of one picture holds nothing together: it is low, and its spread does not count in the mean.

    `rows` (N, d) are in the space in which the groups were found, `groups` (N,) their numbers.
    """
    numbers = np.unique(groups[groups != ALONE]).tolist()
    members = [np.flatnonzero(groups == number) for number in numbers]
    distances = [np.linalg.norm(rows[own] - rows[own].mean(axis=0), axis=1) for own in members]
    spreads = [float(own.mean()) for own in distances]
    of_several = [spread for own, spread in zip(members, spreads, strict=True) if len(own) > 1]
    limit = _TOO_WIDE * float(np.mean(of_several)) if of_several else 0.0
    return tuple(
        PictureGroup(
            number=number,
            members=tuple(own[np.argsort(away, kind="stable")].tolist()),
            spread=spread,
            quality=Cohesion.LOW if len(own) == 1 or spread > limit else Cohesion.HIGH,
            silhouette=float(silhouettes[own].mean()),
        )
        for number, own, away, spread in zip(numbers, members, distances, spreads, strict=True)
    )


def silhouettes_of(rows: NDArray[np.float32], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """The silhouette of each picture (N,): how much nearer it is to its own group than to the next, -1 to 1.

    It is (b - a) / max(a, b), a and b the root mean square distances to the others of its group and to the nearest other group,
    which sums and sums of squares give without comparing all pictures with all. NaN for a picture in no group; 0 for one that
    is alone in its group, and for all where there is one group.
    """
    numbers = np.unique(groups[groups != ALONE])
    found = np.full(len(rows), np.nan)
    inside = groups != ALONE
    if len(numbers) < 2:
        found[inside] = 0.0
        return found
    at = np.searchsorted(numbers, groups[inside])
    points = np.asarray(rows[inside] - rows[inside].mean(axis=0), np.float32)
    squares = np.einsum("nd,nd->n", points, points).astype(np.float64)
    counts = np.bincount(at).astype(np.float64)
    of_groups = csr_array((np.ones(len(at), np.float32), (at, np.arange(len(at)))))
    sums, sums_of_squares = of_groups @ points, np.bincount(at, squares)
    values = np.empty(len(at))
    for start in range(0, len(at), _BLOCK):
        block = slice(start, start + _BLOCK)
        own = np.arange(len(at[block])), at[block]
        total = counts * squares[block, None] + sums_of_squares - 2.0 * (points[block] @ sums.T)
        others = np.broadcast_to(counts, total.shape).copy()
        others[own] -= 1  # a picture is not among the others of its own group
        apart = np.sqrt(np.maximum(total, 0) / np.maximum(others, 1))
        own_distance = apart[own]
        apart[own] = np.inf
        next_distance = apart.min(axis=1)
        larger = np.maximum(own_distance, next_distance)
        told = (larger > 0) & (counts[at[block]] > 1)
        values[block] = np.divide(next_distance - own_distance, larger, out=np.zeros_like(larger), where=told)
    found[inside] = values
    return found
