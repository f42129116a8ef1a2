"""The order of the exposures of one view and the steps between them, from metadata or from the pixels.

The mean brightness of frames of one view rises with exposure, for any camera and any shift of the frames, so it gives the order.
The steps come from cells that two frames both recorded, through the response curve of an ordinary camera. All pairs are solved
at once, and no step is negative (non-negative least squares).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.evidence.descriptor import FRACTIONS

# An ordinary camera's curve: gamma 2.2 bent into an S by 0.6 of y^2 (3 - 2y). The bend lies between those that suit photographs
# with EXIF exposures (whose steps it makes 1.07 times as large) and renderings of simulated cameras (0.86 to 0.92 times).
_GAMMA, _BEND = 2.2, 0.6
_WELL, _AT_ALL = (16, 235), (6, 249)  # codes at which the curve of an unknown camera is reliable, or of some use
_BLOCK = 4  # cells a side of a patch, so that shifts of a camera held by hand matter little
_FEWEST_PATCHES = 4
_CURVE_ERROR, _STEP_ERROR_EV = (0.15, 0.3), 0.1  # of a step that the pixels show: relative (well exposed or not), absolute
_NEIGHBOURS = 3  # frames apart in brightness that are compared
_CLEARLY_STATED_EV, _CLEARLY_SHOWN_EV = 0.5, 0.2  # steps that contradict each other when their signs differ
_UNCHANGED_EV, _CHANGED_EV = 0.2, 1.5  # largest stated step of equal exposures, and the step of pixels that contradicts it
_GOOD_SHARE = 0.95  # of the best exposed frame's cells: the frames that may be the reference
PIXEL_SAME_EV = 0.25  # exposures that pixels show this close are one setting
_LEAST_SCALE, _MOST_SCALE = 0.5, 2.0

Codes = NDArray[np.uint8]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class ExposureOrder:
    """Frames of one view from dark to bright.

    `order` holds their indices, shortest exposure first; `ev` (K,) the exposure of each frame, in the order given, in EV from
    that of the reference, NaN if unknown. `reference` is the index of the best exposed frame. `notes` say where the pixels
    override metadata.
    """

    order: tuple[int, ...]
    ev: Array
    reference: int
    notes: tuple[str, ...] = ()


def order_exposures(
    luminance: Codes, clipped: NDArray[np.bool_], pixel_ev: Array, stated_ev: Sequence[float | None]
) -> ExposureOrder:
    """The order of K frames of one view: `luminance` (K, S, S) codes, `clipped` (K, S, S), `pixel_ev` (K,) by `ev_of_pixels`.

    Stated exposures, None if unknown, give the order if the pixels do not contradict them. Otherwise, and for unknown ones, the
    pixels decide. The reference is the frame with the largest share of well exposed cells. Of frames with nearly as many, the
    middle one is taken.
    """
    stated = np.array([np.nan if one is None else one for one in stated_ev])
    brightness = luminance.mean(axis=(1, 2))
    notes: tuple[str, ...] = ()
    if _contradict(stated, pixel_ev, brightness):
        stated, notes = np.full_like(stated, np.nan), ("the stated exposures contradict the pixels; the pixels decide the order",)
    ev = _filled(stated, pixel_ev)
    order = _sorted(ev, brightness)
    reference = _best_exposed(luminance, clipped, order)
    return ExposureOrder(tuple(int(k) for k in order), ev - ev[reference], reference, notes)


def ev_of_pixels(luminance: Codes, clipped: NDArray[np.bool_]) -> Array:
    """Exposures (K,) in EV up to a constant, from the pixels; NaN for frames that no chain of pairs connects to most others."""
    frames = len(luminance)
    light, (well, at_all) = _patches(luminance, clipped)
    rank = np.argsort(luminance.mean(axis=(1, 2)), kind="stable")
    rows, steps, linked = [], [], np.zeros(max(frames - 1, 0), bool)
    for low in range(frames):
        for high in range(low + 1, min(low + 1 + _NEIGHBOURS, frames)):
            both, error = well[rank[low]] & well[rank[high]], _CURVE_ERROR[0]
            if both.sum() < _FEWEST_PATCHES:
                both, error = at_all[rank[low]] & at_all[rank[high]], _CURVE_ERROR[1]
            if both.sum() < _FEWEST_PATCHES:
                continue
            ratios = np.sort(light[rank[high], both] - light[rank[low], both])
            step, count = float(ratios[len(ratios) // 2]), len(ratios)
            scatter = 0.74 * float(ratios[count * 3 // 4] - ratios[count // 4])  # of a normal distribution with these quartiles
            weight = 1 / np.sqrt(_STEP_ERROR_EV**2 + (error * step) ** 2 + scatter**2 / count)
            row = np.zeros(frames - 1)
            row[low:high] = weight
            rows.append(row)
            steps.append(weight * step)
            linked[low:high] = True
    ev = np.full(frames, np.nan)
    if not rows:
        ev[rank[frames // 2]] = 0.0
        return ev
    rise = _not_negative(np.array(rows), np.array(steps), linked)
    part = np.concatenate([[0], np.cumsum(~linked)])
    largest = part == np.argmax(np.bincount(part))
    ev[rank[largest]] = np.concatenate([[0.0], np.cumsum(rise)])[largest]
    return ev


def _not_negative(rows: Array, steps: Array, linked: NDArray[np.bool_]) -> Array:
    """The least squares solution without a negative step; a step that is not `linked` is 0."""
    rise, _, rank, _ = np.linalg.lstsq(rows, steps)
    rise[~linked] = 0
    if rank == linked.sum() and (rise >= 0).all():
        return np.asarray(rise, np.float64)
    from scipy.optimize import nnls  # takes longer to load than most groups need

    return np.asarray(nnls(rows, steps)[0], np.float64)


def codes_of(luminance: NDArray[np.uint16]) -> Codes:
    """Whole codes of the luminance of descriptors."""
    return (luminance // FRACTIONS).astype(np.uint8)


@lru_cache(maxsize=1)
def ordinary_curve() -> Array:
    """Exposure (256,) in EV at each code of an ordinary camera, 0 at the brightest."""
    exposure = np.concatenate([[0.0], np.geomspace(1e-7, 1, 2000)])
    code = exposure ** (1 / _GAMMA)
    code = (1 - _BEND) * code + _BEND * code**2 * (3 - 2 * code)
    return np.asarray(np.log2(np.interp(np.arange(256) / 255, code, exposure) + 1e-7))


def _patches(luminance: Codes, clipped: NDArray[np.bool_]) -> tuple[Array, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Mean light of each patch in EV (K, P), and whether all of its cells recorded it well, or at all."""
    size = luminance.shape[1] // _BLOCK
    table = np.exp2(ordinary_curve()).astype(np.float32)
    light, well, at_all = (
        np.stack([cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA).ravel() for frame in cells])
        for cells in (
            table[luminance],
            _recorded(luminance, clipped, _WELL).astype(np.float32),
            _recorded(luminance, clipped, _AT_ALL).astype(np.float32),
        )
    )
    return np.log2(light).astype(np.float64), (well == 1, at_all == 1)


def _recorded(luminance: Codes, clipped: NDArray[np.bool_], codes: tuple[int, int]) -> NDArray[np.bool_]:
    return ~clipped & (luminance >= codes[0]) & (luminance <= codes[1])


def _contradict(stated: Array, pixel_ev: Array, brightness: Array) -> bool:
    """Whether for some pair the stated step and that of the pixels differ in sign, or equal stated exposures look different."""
    by_statement, by_pixels = stated[:, None] - stated, pixel_ev[:, None] - pixel_ev
    reverse = (by_statement >= _CLEARLY_STATED_EV) & (by_pixels <= -_CLEARLY_SHOWN_EV) & (brightness[:, None] < brightness - 1)
    unchanged = (abs(by_statement) <= _UNCHANGED_EV) & (by_pixels >= _CHANGED_EV)
    return bool(reverse.any() or unchanged.any())


def _filled(stated: Array, pixel_ev: Array) -> Array:
    """The stated exposures. Missing ones are filled with those of the pixels, scaled to fit where both are known."""
    known = np.isfinite(stated)
    if not known.any():
        return pixel_ev
    both = known & np.isfinite(pixel_ev)
    if not both.any():
        return stated
    scale = 1.0
    if both.sum() > 1 and np.ptp(pixel_ev[both]) > 2 * _STEP_ERROR_EV:
        scale = float(np.clip(np.polyfit(pixel_ev[both], stated[both], 1)[0], _LEAST_SCALE, _MOST_SCALE))
    height = float(np.median(stated[both] - scale * pixel_ev[both]))
    return np.where(known, stated, height + scale * pixel_ev)


def _sorted(ev: Array, brightness: Array) -> NDArray[np.intp]:
    """Indices from dark to bright, by exposure, then by brightness. Brightness alone places frames without an exposure."""
    known = np.flatnonzero(np.isfinite(ev))
    order = list(known[np.lexsort((brightness[known], ev[known]))])
    for k in np.argsort(brightness, kind="stable"):
        if not np.isfinite(ev[k]):
            order.insert(sum(brightness[other] <= brightness[k] for other in order), k)
    return np.array(order, dtype=np.intp)


def _best_exposed(luminance: Codes, clipped: NDArray[np.bool_], order: NDArray[np.intp]) -> int:
    """The frame with most well exposed cells. Of frames with nearly as many, the one nearest to the middle of the order."""
    share = _recorded(luminance, clipped, _WELL).mean(axis=(1, 2))[order]
    off_centre = abs(np.arange(len(order)) - (len(order) - 1) / 2)
    near = np.flatnonzero(share >= _GOOD_SHARE * share.max())
    return int(order[near[np.argmin(off_centre[near])]])
