"""Samples of any number of brackets -> one response curve and a report of the data that support it."""

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
from hdrkit.calibration.patches import PatchSolution, solve_patches, usable_patches
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
_FEWEST = 20  # observations per channel: with fewer, the curve has no support
_UNLIKE = 1.2  # ratio to the residual of a free curve above which the family does not fit
_POOR = 0.2  # residual in ln exposure that noise and compression cannot explain
_MOST_DOUBTED = 12  # number of frames that are tested for a wrong stated exposure
_BETTER = 0.5  # share of the residual that may remain without the wrong exposure
_CLEARLY = 0.1  # ln exposure
_RESIDUALS_KEPT = 20_000
_MISFIT = "the camera does not fit the family of curves, or exposures are wrong"


def calibrate_samples(
    samples: Sequence[Samples], options: CalibrationOptions | None = None, estimate_exposures: bool = False
) -> CalibrationResult:
    """The response curve of the camera that took all these brackets, each with its own times.

    Every method compares the exposures with the pixels; with `estimate_exposures`, the measured exposures replace the stated
    ones. Raises CalibrationError if the samples do not determine a curve (too few trusted pixels, several cameras, or pictures
    that contradict their times), or if exposures are unknown and cannot be estimated.
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
    """The patches at the stated exposures or, if these do not fit, without the one stated exposure that prevents the fit.

    An exposure that is far off bends the curve instead of standing out. Several exposures may explain the misfit: the one is left
    out without which the others need clearly the smallest correction. If there is no clear one, a note names them all.
    """
    knots, unknown = len(weights), np.concatenate([one.unknown for one in samples])
    usable = usable_patches(samples, knots)
    patches = solve_patches(samples, usable, free, unknown)
    rest = _rest(patches, observations, weights)
    fits = max(rest) < _POOR and _alike(rest, residuals(free, observations, weights)[0])
    if fits or unknown.size > _MOST_DOUBTED:
        return patches, ()
    found: list[tuple[float, str, PatchSolution]] = []
    for k, name in enumerate(name for one in samples for name in one.names):
        doubted = unknown | (np.arange(unknown.size) == k)
        trial = None if unknown[k] else solve_patches(samples, usable, free, doubted)
        without = _rest(trial, observations, weights)
        if trial is None or not trial.offsets.known[k] or max(without) > _BETTER * max(rest):
            continue
        corrected = _corrected(observations, trial)
        if _alike(without, residuals(solve_debevec(corrected, weights, knots, smoothness), corrected, weights)[0]):
            found.append((float(np.abs(trial.offsets.value[~doubted]).max(initial=0.0)), name, trial))
    found.sort(key=lambda one: one[0])
    if len(found) > 1 and found[1][0] - found[0][0] < _CLEARLY:
        names = ", ".join(Path(name).name for _, name, _ in found)
        return patches, (f"one stated exposure is wrong; by the pixels it may be any of these: {names}",)
    return found[0][2] if found else patches, ()


def _corrected(observations: Sequence[Observations], patches: PatchSolution) -> list[Observations]:
    """The samples of frames whose pixels show their exposure, at the exposures that the patches show."""
    known = (_of_frames(o, patches.offsets.known) for o in observations)
    return [replace(o, ln_time=o.ln_time + patches.offsets.value[o.frame]) for o in known]


def _rest(patches: PatchSolution | None, observations: Sequence[Observations], weights: NDArray[np.float64]) -> tuple[float, ...]:
    """The residual that the patches leave in each channel."""
    return (np.inf,) if patches is None else residuals(patches.g, _corrected(observations, patches), weights)[0]


def _alike(ours: Sequence[float], of_free: Sequence[float]) -> bool:
    """Whether the family explains the data about as well as a free curve does."""
    return all(our <= _UNLIKE * their for our, their in zip(ours, of_free, strict=False))


@dataclass(frozen=True)
class _Solution:
    """Curves g (knots, C), the method that solved them, and its standard error and polynomial order if it has them."""

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
    """The curves by the requested method, or by another one with a note that says why."""
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
    # A camera outside the family (for example a scan with a pedestal) is described better by a free curve.
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
    """Every step and every exposure, as stated and as measured. If the patches could not be solved, none is measured."""
    offsets = patches.offsets if patches is not None else nothing_known(samples)
    steps, estimates = [], []
    for one, part in zip(samples, offsets.parts, strict=True):
        steps += steps_of(one.bracket, one.names, one.ln_times, offsets, part)
        stated = [None if guess else float(np.exp(t)) for t, guess in zip(one.ln_times, one.unknown, strict=True)]
        estimates += estimates_of(one.names, stated, one.ln_times, offsets, part)
    return tuple(steps), tuple(estimates)


def _with_estimates(samples: Sequence[Samples], patches: PatchSolution | None) -> list[Samples]:
    """The samples with measured exposures. Raises CalibrationError if one is neither stated nor measurable."""
    offsets = patches.offsets if patches is not None else nothing_known(samples)
    correction = np.where(offsets.known, offsets.value, 0.0)
    for one, part in zip(samples, offsets.parts, strict=True):
        if (lost := np.flatnonzero(one.unknown & ~offsets.known[part])).size:
            raise CalibrationError(
                f"{one.names[lost[0]]}: its exposure cannot be estimated from its pixels; give it with --exposures FILE.csv"
            )
    return [replace(one, ln_times=one.ln_times + correction[part]) for one, part in zip(samples, offsets.parts, strict=True)]


def _used(method: CalibrationMethod, options: CalibrationOptions) -> dict[str, object]:
    """The options that influence the result of a method."""
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
    """The keys of the response files of the series pipeline, as far as they are known here."""
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
    """Residuals for the plot, thinned evenly, so that the time to draw them does not depend on the number of samples."""
    codes = np.concatenate([np.rint(o.code * per_knot).astype(np.int64) for o in observations])
    channel = np.concatenate([np.full(o.code.size, c) for c, o in enumerate(observations)])
    every = max(1, codes.size // _RESIDUALS_KEPT)
    return codes[::every], np.concatenate(rests)[::every], channel[::every]
