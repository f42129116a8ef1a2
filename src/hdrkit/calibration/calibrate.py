"""Samples of any number of brackets -> one response curve and a report of the data that support it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.debevec import solve_debevec
from hdrkit.calibration.exposures import corrections_under, estimates_of, steps_of
from hdrkit.calibration.ladder import Problem, Solution, at_measured_exposures, best_solution, judged
from hdrkit.calibration.mitsunaga_nayar import solve_mitsunaga_nayar
from hdrkit.calibration.observations import MAX_KNOTS, Observations, observe
from hdrkit.calibration.offsets import OffsetSolution, nothing_known
from hdrkit.calibration.options import CalibrationMethod, CalibrationOptions
from hdrkit.calibration.patches import PatchSolution
from hdrkit.calibration.prediction import LOST
from hdrkit.calibration.quality import CHANNEL_TOLERANCE, channel_spread, covered_codes, filled_monotone, residuals
from hdrkit.calibration.robertson import solve_robertson
from hdrkit.calibration.sampling import Samples, require_usable
from hdrkit.calibration.wrong_exposure import patches_without_doubt
from hdrkit.errors import CalibrationError
from hdrkit.imaging.codes import Weight, scale_clip
from hdrkit.imaging.weighting import noise_weight, weight_of_codes
from hdrkit.types import (
    BracketReport,
    CalibrationReport,
    CalibrationResult,
    ExposureEstimate,
    Hole,
    NoiseModel,
    ResponseCurve,
    StepCheck,
    holes_of,
)

_ALGORITHMS: dict[str, str] = {
    CalibrationMethod.PATCHES: "Patches",
    CalibrationMethod.DEBEVEC: "Debevec",
    CalibrationMethod.ROBERTSON: "Robertson",
    CalibrationMethod.MITSUNAGA_NAYAR: "Mitsunaga-Nayar",
}
_FEWEST = 20  # observations per channel: with fewer, the curve has no support
_FEW_STEPS = 3  # fewer steps can all be wrong because of one exposure
_RESIDUALS_KEPT = 20_000


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
    patches, doubts = patches_without_doubt(samples, observations, weights, free, options.smoothness)
    stated = samples
    if estimate_exposures:
        samples = _with_estimates(samples, patches)
        observations = _observations(samples, clip, knots)
        free = solve_debevec(observations, weights, knots, options.smoothness)
    problem = Problem(samples, observations, weights, clip, options.smoothness, free, patches, estimate_exposures)
    solution, notes = _solve(problem, options)
    measured = estimate_exposures or solution.measured
    observations = _observations(solution.samples, clip, knots)
    g, prediction = solution.g, solution.prediction
    steps, estimated = _exposures(stated, solution.offsets or corrections_under(stated, g))
    doubted, holes = _contradictions(steps), _holes(solution.samples)
    trusted = solution.sound and not doubted and not any(hole.hides_the_curve for hole in holes)
    rms, rests = residuals(g, observations, weights)
    covered = covered_codes(observations, knots)
    spread = channel_spread(g, covered)
    per_knot = (levels - 1) / (knots - 1)
    covered_levels = tuple((round(low * per_knot), round(high * per_knot)) for low, high in covered)
    report = CalibrationReport(
        method=solution.name,
        options=_used(solution.method, options) | ({"order": list(solution.orders)} if solution.orders else {}),
        brackets=tuple(BracketReport(s.bracket, s.ln_times.size, _trusted(s, clip)) for s in samples),
        residual=rms,
        covered=covered_levels,
        repaired=solution.repaired,
        channel_spread=spread,
        disagreeing=tuple(c for c, value in enumerate(spread) if value > CHANNEL_TOLERANCE),
        steps=steps,
        prediction=prediction.report,
        trusted=trusted,
        estimated=estimated if measured else (),
        notes=doubts + notes + doubted + tuple(f"{'not trusted: ' * hole.hides_the_curve}{hole.sentence}" for hole in holes),
    )
    metadata = _metadata(solution, options) | ({} if trusted else {"trusted": False})
    response = ResponseCurve(g, camera=samples[0].camera, metadata=metadata)
    response = replace(
        response.for_levels(levels).anchored(),
        covered=np.array(covered_levels),
        sigma=_resampled(solution.sigma, levels),
        deviation=prediction.deviation,
    )
    return CalibrationResult(response, report, _thinned(observations, rests, per_knot))


def _solve(problem: Problem, options: CalibrationOptions) -> tuple[Solution, tuple[str, ...]]:
    """The solution by the requested method, or by another one if that predicts the frames better, with notes that say so."""
    observations, weights, g = problem.observations, problem.weights, problem.free
    knots = len(weights)
    orders: tuple[int, ...] = ()
    match options.method:
        case CalibrationMethod.PATCHES:
            solution, tried = best_solution(problem)
            return solution, _notes(options.method, solution, tried)
        case CalibrationMethod.ROBERTSON:
            g = solve_robertson(observations, weights, knots)
        case CalibrationMethod.MITSUNAGA_NAYAR:
            g, orders = solve_mitsunaga_nayar(observations, knots, options.order)
        case CalibrationMethod.DEBEVEC:
            if options.weight is Weight.NOISE:
                curve = ResponseCurve(filled_monotone(g, observations)[0])
                weights = noise_weight(curve, NoiseModel(), scale_clip(options.clip, knots))
                g = solve_debevec(observations, weights, knots, options.smoothness)
    solution = judged(
        options.method.value, options.method, g, problem.samples, observations, orders=orders, measured=problem.measured
    )
    return solution, _notes(options.method, solution, (solution,))


def _notes(requested: CalibrationMethod, solution: Solution, tried: Sequence[Solution]) -> tuple[str, ...]:
    """Why the solution is not the one of the requested method, and whether it can be trusted."""
    error = f"{solution.prediction.error:.1f} codes"
    notes = []
    if solution.name != requested:
        others = "; ".join(f"{one.name}: {_error_of(one)}" for one in tried if one is not solution)
        notes.append(
            f"solved by {solution.name}, which predicts each frame from the others to {error} "
            f"({others or 'no other method has a solution'})"
        )
    if not solution.sound:
        notes.append(
            f"not trusted: the frames predict each other to {error} of 255 only, where ordinary brackets reach 2 to 6; "
            "the exposures are wrong, or the camera processes each frame differently; for a picture, use --estimator mertens"
            if solution.prediction.error > LOST
            else "not trusted: the curve is not that of a camera; the frames show too little of it"
        )
    return tuple(notes)


def _contradictions(steps: Sequence[StepCheck]) -> tuple[str, ...]:
    """A note if the pixels contradict most stated steps: then the scale of the solution is uncertain, whatever it predicts."""
    checked = [step for step in steps if step.estimated_ev is not None]
    wrong = sum(step.contradicts for step in checked)
    if len(checked) < _FEW_STEPS or 2 * wrong <= len(checked):
        return ()
    return (
        f"not trusted: the pixels contradict {wrong} of {len(checked)} stated exposure steps; give the true exposures with "
        "--exposures FILE.csv or --ev, or a curve of this camera with --response",
    )


def _holes(samples: Sequence[Samples]) -> tuple[Hole, ...]:
    """The holes in the exposures of the brackets."""
    return tuple(hole for one in samples for hole in holes_of(zip(np.exp(one.ln_times).tolist(), one.names, strict=True)))


def _error_of(solution: Solution) -> str:
    odd = not solution.sound and solution.prediction.error <= LOST
    return f"{solution.prediction.error:.1f}" + (", but not the curve of a camera" if odd else "")


def _observations(samples: Sequence[Samples], clip: tuple[int, int], knots: int) -> list[Observations]:
    return [observe(samples, c, clip, knots) for c in range(samples[0].codes.shape[2])]


def _exposures(samples: Sequence[Samples], offsets: OffsetSolution) -> tuple[tuple[StepCheck, ...], tuple[ExposureEstimate, ...]]:
    """Every step and every exposure, as stated and as measured."""
    steps, estimates = [], []
    for one, part in zip(samples, offsets.parts, strict=True):
        steps += steps_of(one.bracket, one.names, one.ln_times, offsets, part)
        stated = [None if guess else float(np.exp(t)) for t, guess in zip(one.ln_times, one.unknown, strict=True)]
        estimates += estimates_of(one.names, stated, one.ln_times, offsets, part)
    return tuple(steps), tuple(estimates)


def _with_estimates(samples: Sequence[Samples], patches: PatchSolution | None) -> list[Samples]:
    """The samples with measured exposures. Raises CalibrationError if one is neither stated nor measurable."""
    offsets = patches.offsets if patches is not None else nothing_known(samples)
    for one, part in zip(samples, offsets.parts, strict=True):
        if (lost := np.flatnonzero(one.unknown & ~offsets.known[part])).size:
            raise CalibrationError(
                f"{one.names[lost[0]]}: its exposure cannot be estimated from its pixels; give it with --exposures FILE.csv"
            )
    return at_measured_exposures(samples, offsets)


def _used(method: CalibrationMethod | None, options: CalibrationOptions) -> dict[str, object]:
    """The options that influence the result of a method."""
    unused = {
        None: ("weight", "sampling", "smoothness", "order"),
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


def _metadata(solution: Solution, options: CalibrationOptions) -> dict[str, object]:
    """The keys of the response files of the series pipeline, as far as they are known here."""
    times = np.concatenate([one.ln_times for one in solution.samples])
    used = _used(solution.method, options)
    names = {"sampling": "sample_technique", "smoothness": "smoothness", "weight": "weight_type"}
    return {
        "algorithm": _ALGORITHMS.get(solution.name, solution.name),
        "samples_per_image": options.samples,
        **{key: used[name] for name, key in names.items() if name in used},
        "low_clip": options.clip[0],
        "high_clip": options.clip[1],
        "seed": options.seed,
        "num_groups_used": len(solution.samples),
        "channels": solution.g.shape[1],
        "lnE_range": [float(solution.g.min() - times.max()), float(solution.g.max() - times.min())],
    }


def _thinned(
    observations: Sequence[Observations], rests: Sequence[NDArray[np.float64]], per_knot: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Residuals for the plot, thinned evenly, so that the time to draw them does not depend on the number of samples."""
    codes = np.concatenate([np.rint(o.code * per_knot).astype(np.int64) for o in observations])
    channel = np.concatenate([np.full(o.code.size, c) for c, o in enumerate(observations)])
    every = max(1, codes.size // _RESIDUALS_KEPT)
    return codes[::every], np.concatenate(rests)[::every], channel[::every]
