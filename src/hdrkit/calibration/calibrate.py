"""Samples of any number of brackets -> one response curve, with a report of what supports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.debevec import solve_debevec
from hdrkit.calibration.exposures import check_steps
from hdrkit.calibration.mitsunaga_nayar import solve_mitsunaga_nayar
from hdrkit.calibration.observations import MAX_KNOTS, Observations, observe
from hdrkit.calibration.options import CalibrationOptions, Method
from hdrkit.calibration.patches import solve_patches
from hdrkit.calibration.quality import CHANNEL_TOLERANCE, channel_spread, covered_codes, ordered, residuals
from hdrkit.calibration.robertson import solve_robertson
from hdrkit.calibration.sampling import Samples, require_usable
from hdrkit.errors import CalibrationError
from hdrkit.types import BracketReport, CalibrationReport, CalibrationResult, NoiseModel, ResponseCurve
from hdrkit.weighting import Weight, noise_weight, scale_clip, weight_of_codes

_ALGORITHMS = {
    Method.PATCHES: "Patches",
    Method.DEBEVEC: "Debevec",
    Method.ROBERTSON: "Robertson",
    Method.MITSUNAGA_NAYAR: "Mitsunaga-Nayar",
}
_FEWEST = 20  # observations a channel, below which a curve would be invented
_UNLIKE = 1.2  # residual against that of a free curve, above which the family does not fit
_RESIDUALS_KEPT = 20_000


def calibrate_samples(samples: Sequence[Samples], options: CalibrationOptions | None = None) -> CalibrationResult:
    """The response curve of the camera that took all these brackets, each with its own times.

    Raises CalibrationError where the samples do not determine a curve: too few trusted pixels, several cameras, or
    pictures that contradict their times outright.
    """
    options = options or CalibrationOptions()
    require_usable(samples)
    levels, channels = samples[0].levels, samples[0].codes.shape[2]
    knots = min(levels, MAX_KNOTS)
    clip = scale_clip(options.clip, levels)
    observations = [observe(samples, c, clip, knots) for c in range(channels)]
    _require_data(samples[0].names[0], observations)
    weights = _flat_weights(options, knots, channels)
    solution = _solve(samples, observations, weights, options)
    if options.weight == "noise":
        curve = ResponseCurve(ordered(solution.g, observations)[0])
        weights = noise_weight(curve, NoiseModel(), scale_clip(options.clip, knots))
        solution = _solve(samples, observations, weights, options)
    g, repaired = ordered(solution.g, observations)
    g = g - g[knots // 2]
    steps = check_steps(samples, observations, g, weights, options.smoothness)
    rms, rests = residuals(g, observations, weights)
    covered = covered_codes(observations, knots)
    spread = channel_spread(g, covered)
    per_knot = (levels - 1) / (knots - 1)
    covered_levels = tuple((round(low * per_knot), round(high * per_knot)) for low, high in covered)
    report = CalibrationReport(
        method=solution.method.value,
        options=asdict(options) | ({"order": list(solution.orders)} if solution.orders else {}),
        brackets=tuple(BracketReport(s.bracket, s.ln_times.size, _trusted(s, clip)) for s in samples),
        residual=rms,
        covered=covered_levels,
        repaired=repaired,
        channel_spread=spread,
        disagreeing=tuple(c for c, value in enumerate(spread) if value > CHANNEL_TOLERANCE),
        steps=steps,
    )
    response = ResponseCurve(g, camera=samples[0].camera, metadata=_metadata(samples, solution.method, options, g))
    response = replace(
        response.for_levels(levels).anchored(), covered=np.array(covered_levels), sigma=_resampled(solution.sigma, levels)
    )
    return CalibrationResult(response, report, _thinned(observations, rests, per_knot))


@dataclass(frozen=True)
class _Solution:
    """Curves g (knots, C) as solved, by which method, with what standard error and polynomial order where there are such."""

    g: NDArray[np.float64]
    method: Method
    sigma: NDArray[np.float64] | None = None
    orders: tuple[int, ...] = ()


def _solve(
    samples: Sequence[Samples], observations: Sequence[Observations], weights: NDArray[np.float64], options: CalibrationOptions
) -> _Solution:
    knots = len(weights)
    match options.method:
        case Method.ROBERTSON:
            return _Solution(solve_robertson(observations, weights, knots), Method.ROBERTSON)
        case Method.MITSUNAGA_NAYAR:
            g, orders = solve_mitsunaga_nayar(observations, knots, options.order)
            return _Solution(g, Method.MITSUNAGA_NAYAR, orders=orders)
    free = solve_debevec(observations, weights, knots, options.smoothness)
    if options.method is Method.PATCHES and (solved := solve_patches(samples, knots, free)) is not None:
        g, sigma = solved
        # A camera that is like none of the family (a scan with a pedestal, say) is better served by a free curve.
        ours, theirs = residuals(g, observations, weights)[0], residuals(free, observations, weights)[0]
        if all(our <= _UNLIKE * their for our, their in zip(ours, theirs, strict=True)):
            return _Solution(g, Method.PATCHES, sigma)
    return _Solution(free, Method.DEBEVEC)


def _resampled(sigma: NDArray[np.float64] | None, levels: int) -> NDArray[np.float64] | None:
    if sigma is None:
        return None
    at = np.linspace(0, len(sigma) - 1, levels)
    return np.stack([np.interp(at, np.arange(len(sigma)), column) for column in sigma.T], axis=1)


def _flat_weights(options: CalibrationOptions, knots: int, channels: int) -> NDArray[np.float64]:
    kind: Weight = "gaussian" if options.method is Method.ROBERTSON else options.weight
    return np.repeat(weight_of_codes(kind, knots, scale_clip(options.clip, knots))[:, None], channels, axis=1)


def _require_data(first: str, observations: Sequence[Observations]) -> None:
    for c, o in enumerate(observations):
        if o.code.size < _FEWEST or np.ptp(o.code) == 0:
            raise CalibrationError(
                f"{first}: only {o.pixels} pixels of channel {c} are well exposed in two frames or more; "
                "use frames with closer exposures, or wider clip limits (--clip)"
            )


def _trusted(one: Samples, clip: tuple[int, int]) -> tuple[int, ...]:
    within = (one.codes >= clip[0]) & (one.codes <= clip[1]).all(axis=2, keepdims=True)
    return tuple(int(n) for n in (within.sum(axis=1) >= 2).sum(axis=0))


def _metadata(
    samples: Sequence[Samples], method: Method, options: CalibrationOptions, g: NDArray[np.float64]
) -> dict[str, object]:
    """The keys that the series pipeline's response files carry, as far as they are known here."""
    times = np.concatenate([one.ln_times for one in samples])
    return {
        "algorithm": _ALGORITHMS[method],
        "samples_per_image": options.samples,
        "sample_technique": options.sampling.value,
        "smoothness": options.smoothness,
        "weight_type": options.weight,
        "low_clip": options.clip[0],
        "high_clip": options.clip[1],
        "seed": options.seed,
        "num_groups_used": len(samples),
        "channels": g.shape[1],
        "lnE_range": [float(g.min() - times.max()), float(g.max() - times.min())],
    }


def _thinned(
    observations: Sequence[Observations], rests: Sequence[NDArray[np.float64]], per_knot: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Residuals for the plot: evenly thinned, so that any number of samples draws as fast."""
    codes = np.concatenate([np.rint(o.code * per_knot).astype(np.int64) for o in observations])
    channel = np.concatenate([np.full(o.code.size, c) for c, o in enumerate(observations)])
    every = max(1, codes.size // _RESIDUALS_KEPT)
    return codes[::every], np.concatenate(rests)[::every], channel[::every]
