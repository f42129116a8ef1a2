"""Samples of any number of brackets -> one response curve, with a report of what supports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.debevec import solve_debevec
from hdrkit.calibration.exposures import estimates_of, steps_of
from hdrkit.calibration.mitsunaga_nayar import solve_mitsunaga_nayar
from hdrkit.calibration.observations import MAX_KNOTS, Observations, observe
from hdrkit.calibration.offsets import nothing_known
from hdrkit.calibration.options import CalibrationMethod, CalibrationOptions
from hdrkit.calibration.patches import PatchSolution, solve_patches
from hdrkit.calibration.quality import CHANNEL_TOLERANCE, channel_spread, covered_codes, filled_monotone, residuals
from hdrkit.calibration.robertson import solve_robertson
from hdrkit.calibration.sampling import Samples, require_usable
from hdrkit.errors import CalibrationError
from hdrkit.imaging.codes import Weight, scale_clip
from hdrkit.imaging.weighting import noise_weight, weight_of_codes
from hdrkit.types import (
    BracketReport,
    CalibrationReport,
    CalibrationResult,
    ExposureEstimate,
    NoiseModel,
    ResponseCurve,
    StepCheck,
)

_ALGORITHMS = {
    CalibrationMethod.PATCHES: "Patches",
    CalibrationMethod.DEBEVEC: "Debevec",
    CalibrationMethod.ROBERTSON: "Robertson",
    CalibrationMethod.MITSUNAGA_NAYAR: "Mitsunaga-Nayar",
}
_FEWEST = 20  # observations a channel, below which a curve would be invented
_UNLIKE = 1.2  # residual against that of a free curve, above which the family does not fit
_POOR = 0.2  # residual in ln exposure that neither noise nor compression leaves
_MOST_DOUBTED = 12  # frames, each of which may be the one that is stated wrong
_BETTER = 0.5  # of the residual, without the wrong exposure
_CLEARLY = 0.1  # ln exposure
_RESIDUALS_KEPT = 20_000
_MISFIT = "a camera like none of the family of curves, or wrong exposures"


def calibrate_samples(
    samples: Sequence[Samples], options: CalibrationOptions | None = None, estimate_exposures: bool = False
) -> CalibrationResult:
    """The response curve of the camera that took all these brackets, each with its own times.

    The exposures are compared with the pixels whatever the method; `estimate_exposures` puts what the pixels show in their
    place. Raises CalibrationError where the samples do not determine a curve: too few trusted pixels, several cameras, or
    pictures that contradict their times outright; where exposures are unknown and cannot be estimated.
    """
    options = options or CalibrationOptions()
    require_usable(samples)
    levels, channels = samples[0].levels, samples[0].codes.shape[2]
    knots = min(levels, MAX_KNOTS)
    clip = scale_clip(options.clip, levels)
    observations = _observations(samples, clip, knots)
    _require_data(samples[0].names[0], observations)
    weights = _flat_weights(options, knots, channels)
    free = solve_debevec(observations, weights, knots, options.smoothness)
    patches, doubts = _solved_patches(samples, observations, weights, free, options.smoothness)
    steps, estimated = _exposures(samples, patches)
    if estimate_exposures:
        samples = _with_estimates(samples, patches)
        observations = _observations(samples, clip, knots)
    solution, notes = _solve(observations, weights, options, free, patches, estimate_exposures)
    g, repaired = filled_monotone(solution.g, observations)
    g = g - g[knots // 2]
    rms, rests = residuals(g, observations, weights)
    covered = covered_codes(observations, knots)
    spread = channel_spread(g, covered)
    per_knot = (levels - 1) / (knots - 1)
    covered_levels = tuple((round(low * per_knot), round(high * per_knot)) for low, high in covered)
    report = CalibrationReport(
        method=solution.method.value,
        options=_used(solution.method, options) | ({"order": list(solution.orders)} if solution.orders else {}),
        brackets=tuple(BracketReport(s.bracket, s.ln_times.size, _trusted(s, clip)) for s in samples),
        residual=rms,
        covered=covered_levels,
        repaired=repaired,
        channel_spread=spread,
        disagreeing=tuple(c for c, value in enumerate(spread) if value > CHANNEL_TOLERANCE),
        steps=steps,
        estimated=estimated if estimate_exposures else (),
        notes=doubts + notes,
    )
    response = ResponseCurve(g, camera=samples[0].camera, metadata=_metadata(samples, solution.method, options, g))
    response = replace(
        response.for_levels(levels).anchored(), covered=np.array(covered_levels), sigma=_resampled(solution.sigma, levels)
    )
    return CalibrationResult(response, report, _thinned(observations, rests, per_knot))


def _solved_patches(
    samples: Sequence[Samples],
    observations: Sequence[Observations],
    weights: NDArray[np.float64],
    free: NDArray[np.float64],
    smoothness: float,
) -> tuple[PatchSolution | None, tuple[str, ...]]:
    """The patches at the stated exposures; if these do not fit, without the one stated exposure in whose absence they do.

    An exposure that is far off bends the curve more than it stands out. Of several that would do, it is the one without
    which the others need clearly the least correction; where there is none such, a note names them all.
    """
    knots, unknown = len(weights), np.concatenate([one.unknown for one in samples])
    patches = solve_patches(samples, knots, free, unknown)
    rest = _rest(patches, observations, weights)
    fits = max(rest) < _POOR and _alike(rest, residuals(free, observations, weights)[0])
    if fits or unknown.size > _MOST_DOUBTED:
        return patches, ()
    found: list[tuple[float, str, PatchSolution]] = []
    for k, name in enumerate(name for one in samples for name in one.names):
        doubted = unknown | (np.arange(unknown.size) == k)
        trial = None if unknown[k] else solve_patches(samples, knots, free, doubted)
        without = _rest(trial, observations, weights)
        if trial is None or not trial.offsets.known[k] or max(without) > _BETTER * max(rest):
            continue
        corrected = _corrected(observations, trial)
        if _alike(without, residuals(solve_debevec(corrected, weights, knots, smoothness), corrected, weights)[0]):
            found.append((float(np.abs(trial.offsets.value[~doubted]).max(initial=0.0)), name, trial))
    found.sort(key=lambda one: one[0])
    if len(found) > 1 and found[1][0] - found[0][0] < _CLEARLY:
        names = ", ".join(Path(name).name for _, name, _ in found)
        return patches, (f"one exposure is stated wrong, and the pixels leave open which of these: {names}",)
    return found[0][2] if found else patches, ()


def _corrected(observations: Sequence[Observations], patches: PatchSolution) -> list[Observations]:
    """Those of frames whose pixels tell, at the exposures that the patches show."""
    known = (_of_frames(o, patches.offsets.known) for o in observations)
    return [replace(o, ln_time=o.ln_time + patches.offsets.value[o.frame]) for o in known]


def _rest(patches: PatchSolution | None, observations: Sequence[Observations], weights: NDArray[np.float64]) -> tuple[float, ...]:
    """What the patches leave unexplained in each channel."""
    return (np.inf,) if patches is None else residuals(patches.g, _corrected(observations, patches), weights)[0]


def _alike(ours: Sequence[float], of_free: Sequence[float]) -> bool:
    """Whether the family explains about as much as a free curve does."""
    return all(our <= _UNLIKE * their for our, their in zip(ours, of_free, strict=False))


@dataclass(frozen=True)
class _Solution:
    """Curves g (knots, C) as solved, by which method, with what standard error and polynomial order where there are such."""

    g: NDArray[np.float64]
    method: CalibrationMethod
    sigma: NDArray[np.float64] | None = None
    orders: tuple[int, ...] = ()


def _solve(
    observations: Sequence[Observations],
    weights: NDArray[np.float64],
    options: CalibrationOptions,
    free: NDArray[np.float64],
    patches: PatchSolution | None,
    times_changed: bool,
) -> tuple[_Solution, tuple[str, ...]]:
    """The curves by the method asked for, or a note on why it was another."""
    knots = len(weights)
    match options.method:
        case CalibrationMethod.ROBERTSON:
            return _Solution(solve_robertson(observations, weights, knots), CalibrationMethod.ROBERTSON), ()
        case CalibrationMethod.MITSUNAGA_NAYAR:
            g, orders = solve_mitsunaga_nayar(observations, knots, options.order)
            return _Solution(g, CalibrationMethod.MITSUNAGA_NAYAR, orders=orders), ()
    if times_changed:
        free = solve_debevec(observations, weights, knots, options.smoothness)
    if options.method is CalibrationMethod.DEBEVEC:
        if options.weight is Weight.NOISE:
            curve = ResponseCurve(filled_monotone(free, observations)[0])
            weights = noise_weight(curve, NoiseModel(), scale_clip(options.clip, knots))
            free = solve_debevec(observations, weights, knots, options.smoothness)
        return _Solution(free, CalibrationMethod.DEBEVEC), ()
    if patches is None:
        return _Solution(free, CalibrationMethod.DEBEVEC), (f"solved by debevec: too few patches, {_MISFIT}",)
    # A camera that is like none of the family (a scan with a pedestal, say) is better served by a free curve.
    known = [_of_frames(o, patches.offsets.known) for o in observations]
    ours = residuals(patches.g, known if times_changed else _corrected(observations, patches), weights)[0]
    if _alike(ours, residuals(free, known, weights)[0]):
        return _Solution(patches.g, CalibrationMethod.PATCHES, patches.sigma), ()
    return _Solution(free, CalibrationMethod.DEBEVEC), (f"solved by debevec: {_MISFIT}",)


def _observations(samples: Sequence[Samples], clip: tuple[int, int], knots: int) -> list[Observations]:
    return [observe(samples, c, clip, knots) for c in range(samples[0].codes.shape[2])]


def _of_frames(o: Observations, kept: NDArray[np.bool_]) -> Observations:
    if kept.all():
        return o
    keep = kept[o.frame]
    return replace(o, code=o.code[keep], pixel=o.pixel[keep], frame=o.frame[keep], ln_time=o.ln_time[keep])


def _exposures(
    samples: Sequence[Samples], patches: PatchSolution | None
) -> tuple[tuple[StepCheck, ...], tuple[ExposureEstimate, ...]]:
    """Every step as stated and as seen, and every exposure; nothing is seen where the patches could not be solved."""
    offsets = patches.offsets if patches is not None else nothing_known(samples)
    steps, estimates = [], []
    for one, part in zip(samples, offsets.parts, strict=True):
        steps += steps_of(one.bracket, one.names, one.ln_times, offsets, part)
        stated = [None if guess else float(np.exp(t)) for t, guess in zip(one.ln_times, one.unknown, strict=True)]
        estimates += estimates_of(one.names, stated, one.ln_times, offsets, part)
    return tuple(steps), tuple(estimates)


def _with_estimates(samples: Sequence[Samples], patches: PatchSolution | None) -> list[Samples]:
    """The samples with the exposures that the pixels show. Raises CalibrationError where one is unknown to both."""
    offsets = patches.offsets if patches is not None else nothing_known(samples)
    correction = np.where(offsets.known, offsets.value, 0.0)
    for one, part in zip(samples, offsets.parts, strict=True):
        if (lost := np.flatnonzero(one.unknown & ~offsets.known[part])).size:
            raise CalibrationError(
                f"{one.names[lost[0]]}: its pixels do not tell its exposure; give it with --exposures FILE.csv"
            )
    return [replace(one, ln_times=one.ln_times + correction[part]) for one, part in zip(samples, offsets.parts, strict=True)]


def _used(method: CalibrationMethod, options: CalibrationOptions) -> dict[str, object]:
    """The options that have a say in the result of a method."""
    unused = {
        CalibrationMethod.PATCHES: ("weight", "sampling", "smoothness", "order"),
        CalibrationMethod.DEBEVEC: ("order",),
        CalibrationMethod.ROBERTSON: ("weight", "smoothness", "order"),
        CalibrationMethod.MITSUNAGA_NAYAR: ("weight", "smoothness"),
    }
    return {name: value for name, value in asdict(options).items() if name not in unused[method]}


def _resampled(sigma: NDArray[np.float64] | None, levels: int) -> NDArray[np.float64] | None:
    if sigma is None:
        return None
    at = np.linspace(0, len(sigma) - 1, levels)
    return np.stack([np.interp(at, np.arange(len(sigma)), column) for column in sigma.T], axis=1)


def _flat_weights(options: CalibrationOptions, knots: int, channels: int) -> NDArray[np.float64]:
    kind = Weight.GAUSSIAN if options.method is CalibrationMethod.ROBERTSON else options.weight
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
    samples: Sequence[Samples], method: CalibrationMethod, options: CalibrationOptions, g: NDArray[np.float64]
) -> dict[str, object]:
    """The keys that the series pipeline's response files carry, as far as they are known here."""
    times = np.concatenate([one.ln_times for one in samples])
    used = _used(method, options)
    names = {"sampling": "sample_technique", "smoothness": "smoothness", "weight": "weight_type"}
    return {
        "algorithm": _ALGORITHMS[method],
        "samples_per_image": options.samples,
        **{key: used[name] for name, key in names.items() if name in used},
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
