"""The evidence that two photographs show one view, and its log-odds."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.evidence.descriptor import GRID, Descriptors
from hdrkit.grouping.evidence.displacement import displaced_agreement, refine, shifted
from hdrkit.grouping.evidence.similarity import DOUBT, coarse_similarity, find_shift
from hdrkit.grouping.evidence.transfer import brightness_order, laid_over, transferred_gradient
from hdrkit.imaging.compiled import compiled

VERSION = 1  # of the measurements; results of another version in the cache are not used
COLUMNS = 9
_PLAIN = 0.85  # similarity from which a pure shift is good enough
_BLOCK = 64  # pairs that one thread takes at a time
# Logistic regression of "same view" on the terms of `_terms`; how they were fitted: benchmarks/RESULTS.md, grouping_evidence.
WEIGHTS = np.array([1.20, 3.59, -1.42, -0.79, -2.44, 5.82, -0.16, 2.09, 0.45])


@dataclass(frozen=True)
class Evidence:
    """What was measured of P pairs of photographs, float32 (P,) each.

    `similarity` -1..1: mean product of unit gradients where both have one, at the best displacement. `support`: the number of
    these cells. `variety`, `variety_support`: the same, without the direction that all cells share. `displacement`: distance
    between the two in cells of 128. `order` 0..1: share of `order_support` pairs of cells with the same order of brightness in
    both. `transfer` -1..1: correlation of the differences between cells after the best growing brightness transfer, in
    `transfer_support` cells.
    """

    similarity: NDArray[np.float32]
    support: NDArray[np.float32]
    variety: NDArray[np.float32]
    variety_support: NDArray[np.float32]
    displacement: NDArray[np.float32]
    order: NDArray[np.float32]
    order_support: NDArray[np.float32]
    transfer: NDArray[np.float32]
    transfer_support: NDArray[np.float32]

    def trust(self) -> NDArray[np.float64]:
        """The weight of the comparison, from 0 (nothing to compare, the pair is unknown) to 1."""
        return np.asarray(self.support / (self.support + 300.0), np.float64)

    def log_odds(self) -> NDArray[np.float64]:
        """ln(p / (1 - p)), p the probability of one view; near 0 if too little can be compared."""
        return np.asarray(self.terms() @ WEIGHTS, np.float64)

    def terms(self) -> NDArray[np.float64]:
        """The terms (P, 9) of the regression: each measurement less its middle, times its weight."""
        trust, various = self.trust(), self.variety_support / (self.variety_support + 200.0)
        ordered = self.order_support / (self.order_support + 300.0)
        transferred = self.transfer_support / (self.transfer_support + 300.0)
        return np.stack(
            [
                trust * self.similarity,
                various * self.variety,
                trust,
                various,
                trust * self.displacement / 10,
                ordered * np.clip((self.order - 0.75) / 0.3, -1.5, 1),
                ordered,
                transferred * np.clip((self.transfer - 0.6) / 0.3, -1.5, 1),
                transferred,
            ],
            axis=1,
        ).astype(np.float64)

    def and_copies(self, count: int) -> Evidence:
        """The evidence with `count` pairs of equal pictures appended."""
        same = {"similarity": 1.0, "variety": 1.0, "displacement": 0.0, "order": 1.0, "transfer": 1.0}
        return Evidence(
            *(
                np.concatenate([getattr(self, field.name), np.full(count, same.get(field.name, GRID**2), np.float32)])
                for field in fields(self)
            )
        )

    @staticmethod
    def of_rows(rows: NDArray[np.float32]) -> Evidence:
        """Evidence from an array (P, 9) with a column for each field, as `compare` gives it."""
        return Evidence(*rows.T)


def compare(descriptors: Descriptors, pairs: NDArray[np.int32], workers: int | None = None) -> NDArray[np.float32]:
    """Measure the evidence of pairs (P, 2) of photographs; rows (P, 9) for `Evidence.of_rows`, in the order of the pairs."""
    rows = np.zeros((len(pairs), COLUMNS), np.float32)
    concerned, numbers = np.unique(pairs, return_inverse=True)
    d, among = descriptors.take(concerned), numbers.reshape(-1, 2).astype(np.int32)

    def measure(start: int) -> None:
        part = slice(start, start + _BLOCK)
        _compare(d.fine, d.middle, d.coarse, d.luminance, d.state, among[part], rows[part])

    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        list(pool.map(measure, range(0, len(pairs), _BLOCK)))
    return rows


def nominated(descriptors: Descriptors, pairs: NDArray[np.int32]) -> NDArray[np.float32]:
    """The coarse similarity (P,) of pairs, the best over all shifts. It chooses the candidates for `compare`."""
    out = np.empty(len(pairs), np.float32)

    def measure(start: int) -> None:
        part = slice(start, start + 16 * _BLOCK)
        coarse_similarity(descriptors.coarse, np.ascontiguousarray(pairs[part]), out[part])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(measure, range(0, len(pairs), 16 * _BLOCK)))
    return out


@compiled
def _compare(
    fine: NDArray[np.int8],
    middle: NDArray[np.int8],
    coarse: NDArray[np.int8],
    luminance: NDArray[np.uint16],
    state: NDArray[np.uint8],
    pairs: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    for p in range(len(pairs)):
        i, j = pairs[p]
        dy, dx = find_shift(fine, middle, coarse, i, j)
        moved = shifted(float(dy), float(dx))
        agreed = displaced_agreement(fine[i], fine[j], moved)
        if agreed[0] < _PLAIN * (agreed[1] + DOUBT):
            turned = refine(middle[i], middle[j], dy, dx)
            better = displaced_agreement(fine[i], fine[j], turned)
            if better[0] / (better[1] + DOUBT) > agreed[0] / (agreed[1] + DOUBT):
                agreed, moved = better, turned
        out[p, 0], out[p, 1] = agreed[0] / (agreed[1] + DOUBT), agreed[1]
        out[p, 2], out[p, 3] = agreed[2] / (agreed[3] + DOUBT), agreed[3]
        out[p, 4] = np.sqrt((moved**2).sum())
        over, measured = laid_over(luminance[j], state[i], state[j], moved)
        light = np.where(over < 0, -1, luminance[i].astype(np.int32))
        same, compared = brightness_order(light, over)
        out[p, 5], out[p, 6] = same / max(compared, 1), compared
        out[p, 7], out[p, 8] = transferred_gradient(light, over, measured)
