"""Merging of linear (float) pictures: the same estimators, without codes and tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdrkit.imaging.warping import Area, placed, whole
from hdrkit.merging.bands import Merged
from hdrkit.merging.estimators.separable import Measurements
from hdrkit.merging.estimators.table import estimator_of
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.trust import Trust
from hdrkit.types import Frame, NoiseModel, Validity


def merge_float(
    frames: Sequence[Frame],
    times: Sequence[float],
    options: MergeOptions,
    trust: Sequence[Trust | None] | None = None,
    area: Area | None = None,
) -> Merged:
    """Merge linear frames, shortest exposure first. Float pictures have no clip limit: every pixel above 0 counts."""
    first, last, left, right = area or whole(frames[0])
    here = slice(first, last), slice(left, right)
    shape = frames[0].pixels[here].shape
    saturation = max(float(frame.pixels.max(initial=0, where=np.isfinite(frame.pixels))) for frame in frames) or 1.0
    numerator, denominator, spread = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    validity, used = np.zeros(shape[:2], np.uint8), np.zeros(len(frames), np.int64)
    estimator = estimator_of(options, times)
    logarithmic = estimator.logarithmic
    for k, (frame, t) in enumerate(zip(frames, times, strict=True)):
        there = placed(frame, first, last)
        pixels = there.pixels[:, here[1]]
        x = np.where(np.isfinite(pixels), pixels, 0).astype(np.float64)
        valid = np.ones(shape[:2], bool) if there.valid is None else there.valid[:, here[1]]
        counts = (x > 0) & valid[..., None]
        share = None if trust is None or (weight := trust[k]) is None else weight[here][..., None] / 255.0
        if share is not None:
            counts &= share > 0
        noise = (options.noise or NoiseModel()).variance(x / saturation) * saturation**2
        b = estimator.denominator(Measurements(x, noise, t, np.ones(shape))) * (counts if share is None else counts * share)
        positive = np.where(counts, x, 1.0)
        numerator += b * (np.log(positive / t) if logarithmic else positive / t)
        denominator += b
        spread += b**2 * noise / (positive if logarithmic else t) ** 2
        validity |= np.where(valid, 0, Validity.PARTIAL).astype(np.uint8)
        used[k] = np.count_nonzero(counts.any(axis=2))
    measured = denominator > 0
    quotient = np.divide(numerator, denominator, where=measured, out=np.zeros(shape))
    radiance = np.where(measured, np.exp(quotient) if logarithmic else quotient, 0)
    validity |= np.where(measured.all(axis=2), 0, Validity.BLACK).astype(np.uint8)
    variance = np.divide(spread, denominator**2, where=measured, out=np.zeros(shape))
    if logarithmic:
        variance *= radiance**2
    return Merged(radiance.astype(np.float32), validity, variance.astype(np.float32), used)
