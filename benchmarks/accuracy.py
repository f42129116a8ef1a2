"""How near merged radiance comes to the truth, and whether its variance is honest; hdrkit beside its peers.

Views are rendered brackets of five 8-bit frames, 2 EV apart. The error is the relative RMSE over the pixels that are open in at
least one frame: in every channel below saturation in the shortest, and above a thousandth of it in the longest.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.truth import View, jpeg, metric_views
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.pipeline.calibrate import calibrate
from hdrkit.pipeline.merge import merge
from hdrkit.simulate import SimulatedCamera, simulate_bracket
from hdrkit.types import Bracket, Encoding, Exposure, Frame, MergeResult, Photo, ResponseCurve, Stack

STILL = AlignmentOptions(method="none")
DARKEST, FAINTEST = 1e-3, 1e-4
RATIO, OWN_RATIO, OF_BOUND, HONEST = 0.9, 1.05, 1.1, (0.8, 1.25)
FULL_WELL, READ_NOISE = 20_000.0, 5.0
TIMES = tuple(4.0**k / 16 for k in range(5))  # the shortest frame saturates at 16


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 11], help="of the rendered views")
    parser.add_argument("--jpeg", type=int, nargs="*", default=[92], help="qualities at which the views are measured again")


def measure(options: argparse.Namespace) -> Result:
    views = {seed: metric_views(seed) for seed in options.seeds}
    rows, scores = [], defaultdict(list)
    for seed, brackets in views.items():
        rows.append(_row(f"seed {seed}, lossless", [_errors(view) for view in brackets]))
        for quality in options.jpeg:
            pressed = [replace(view, frames=[jpeg(frame, quality) for frame in view.frames]) for view in brackets]
            rows.append(_row(f"seed {seed}, JPEG {quality}", [_errors(view) for view in pressed]))
        for view in brackets:
            for decade, score in _view_scores(view).items():
                scores[decade].append(score)
    bound = [_against_bound("linear", 14), _against_bound("srgb", 8), _against_bound("scurve", 8)]
    about = (
        "Relative RMSE, geometric mean over views. Asked for: hdrkit with the true response at most "
        f"{RATIO} of OpenCV's MergeRobertson with it; calibrated by itself at most {OWN_RATIO} of its own error with the true "
        f"response; at most {OF_BOUND} of the Cramér-Rao bound in every decade; z-scores with a standard deviation within "
        f"{HONEST[0]} and {HONEST[1]}. hdrkit measures the noise itself. Results of a method's own calibration are off by one "
        "factor a channel, which the median ratio to the truth takes out."
    )
    return Result("Accuracy of merging", about, [_merit(rows), _bounds(bound), _honesty(scores)], _plot(rows, bound, scores))


# --- rendered views ---


def _stack(frames: Sequence[np.ndarray], times: Sequence[float], levels: int = 256) -> Stack:
    encoding = Encoding.ENCODED8 if levels == 256 else Encoding.ENCODED16
    photos = tuple(
        Photo(Path(f"{k}.png"), frames[0].shape[1], frames[0].shape[0], encoding, exposure=Exposure(time))
        for k, time in enumerate(times)
    )
    bracket = Bracket("view", photos, len(photos) // 2)
    return Stack(bracket, tuple(Frame(f, p, white=levels - 1.0) for f, p in zip(frames, photos, strict=True)))


def _true_curve(view: View) -> ResponseCurve:
    """The curve of the camera on the scale of the truth: exposure 1 at the highest code."""
    return ResponseCurve(np.repeat(np.maximum.accumulate(view.ln_exposure - view.ln_exposure[-1])[:, None], 3, axis=1))


def _open(view: View) -> np.ndarray:
    light = view.radiance.astype(float)
    return (light.max(axis=2, keepdims=True) * min(view.times) < 1) & (light * max(view.times) > DARKEST)


def _errors(view: View) -> dict[str, float]:
    """Relative RMSE of every method; `own` ones calibrate themselves on this bracket, and their scale is taken out."""
    stack, curve, use = _stack(view.frames, view.times), _true_curve(view), _open(view)
    times, response = np.array(view.times, np.float32), curve.linear.astype(np.float32).reshape(256, 1, 3)

    def hdrkit(response: ResponseCurve, estimator: Estimator = Estimator.INVERSE_VARIANCE) -> np.ndarray:
        return _merged(stack, response, estimator).radiance.pixels

    found = {
        "hdrkit": hdrkit(curve),
        "hdrkit poisson": hdrkit(curve, Estimator.POISSON),
        "MergeRobertson": cv2.createMergeRobertson().process(view.frames, times, response),
        "MergeDebevec": cv2.createMergeDebevec().process(view.frames, times, response),
        "sky imaging": _sky_imaging(view, curve),
    }
    if importlib.util.find_spec("colour_hdri"):
        found["colour-hdri"] = _colour_hdri(view, curve)
    own = {
        "hdrkit own": lambda: hdrkit(calibrate(stack, alignment=STILL).response),
        "MergeRobertson own": lambda: _opencv_own(view, cv2.createCalibrateRobertson(), cv2.createMergeRobertson()),
        "MergeDebevec own": lambda: _opencv_own(view, cv2.createCalibrateDebevec(), cv2.createMergeDebevec()),
    }
    found |= {name: _rescaled(run(), view.radiance, use) for name, run in own.items()}
    return {name: _relative_rmse(pixels, view.radiance, use) for name, pixels in found.items()}


def _merged(stack: Stack, response: ResponseCurve, estimator: Estimator = Estimator.INVERSE_VARIANCE) -> MergeResult:
    return merge(stack, response, MergeOptions(estimator=estimator, variance=True), STILL)


def _opencv_own(view: View, calibrator: cv2.CalibrateCRF, merger: cv2.MergeExposures) -> np.ndarray:
    times = np.array(view.times, np.float32)
    return merger.process(view.frames, times, calibrator.process(view.frames, times))


def _sky_imaging(view: View, curve: ResponseCurve) -> np.ndarray:
    """The formula of the sky-imaging pipeline: a mean of ln exposure with triangle weights, bounds where no weight is left."""
    g, ln_times = curve.ln_exposure[:, 0], np.log(view.times)
    weight = np.minimum(np.arange(256), 255 - np.arange(256)).astype(float)
    above = sum(weight[frame] * (g[frame] - t) for frame, t in zip(view.frames, ln_times, strict=True))
    below = sum(weight[frame] for frame in view.frames)
    bound = np.where(view.frames[0] == 0, g.min() - ln_times.max(), g.max() - ln_times.min())
    return np.exp(np.where(below > 0, above / np.maximum(below, 1e-12), bound))


def _colour_hdri(view: View, curve: ResponseCurve) -> np.ndarray:
    from colour_hdri import Image, ImageStack, image_stack_to_HDRI, weighting_function_Debevec1997

    images = ImageStack()
    for frame, time in zip(view.frames, view.times, strict=True):
        image = Image(data=frame / 255.0)
        image.metadata.f_number, image.metadata.exposure_time, image.metadata.iso = 1.0, time, 100.0
        images.append(image)
    light = image_stack_to_HDRI(images, weighting_function=weighting_function_Debevec1997, camera_response_functions=curve.linear)
    return _rescaled(light, view.radiance, _open(view))  # its exposure has another unit


def _rescaled(pixels: np.ndarray, truth: np.ndarray, use: np.ndarray) -> np.ndarray:
    factors = [np.nanmedian(pixels[..., c][use[..., c]] / truth[..., c][use[..., c]]) for c in range(3)]
    return pixels / np.array(factors)


def _relative_rmse(pixels: np.ndarray, truth: np.ndarray, use: np.ndarray) -> float:
    return float(np.sqrt(np.mean((pixels[use] / truth[use] - 1) ** 2)))


def _geometric_mean(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


def _row(name: str, errors: Sequence[dict[str, float]]) -> tuple[str, dict[str, float]]:
    return name, {method: _geometric_mean([one[method] for one in errors]) for method in errors[0]}


def _merit(rows: Sequence[tuple[str, dict[str, float]]]) -> Table:
    methods = list(rows[0][1])
    header = ["views", *methods, "hdrkit / MergeRobertson", "hdrkit own / hdrkit"]
    return Table(
        header,
        [
            [
                name,
                *(f"{errors[method]:.4f}" for method in methods),
                f"{errors['hdrkit'] / errors['MergeRobertson']:.3f}",
                f"{errors['hdrkit own'] / errors['hdrkit']:.3f}",
            ]
            for name, errors in rows
        ],
    )


def _decades(light: np.ndarray, fewest: int = 500) -> list[tuple[int, np.ndarray]]:
    exponent = np.floor(np.log10(np.maximum(light, 1e-12))).astype(int)
    return [(int(e), exponent == e) for e in np.unique(exponent) if np.count_nonzero(exponent == e) >= fewest]


def _view_scores(view: View) -> dict[int, float]:
    """Standard deviation of the z-scores of a view in each decade of the longest frame's exposure."""
    result = _merged(_stack(view.frames, view.times), _true_curve(view))
    measured = np.repeat((result.radiance.validity == 0)[..., None], 3, axis=2)
    measured &= view.radiance * max(view.times) > FAINTEST
    exposure = view.radiance[measured] * max(view.times)
    z = (result.radiance.pixels - view.radiance)[measured] / np.sqrt(result.radiance.variance[measured])
    return {decade: float(z[inside].std()) for decade, inside in _decades(exposure)}


# --- simulation, against the Cramér-Rao bound ---


def _against_bound(response: str, bits: int) -> tuple[str, dict[int, tuple[float, float, float, float]]]:
    """For each decade of radiance: relative RMSE, the bound, bias, and the standard deviation of the z-scores."""
    camera = SimulatedCamera(response, bits=bits, full_well_e=FULL_WELL, read_noise_e=READ_NOISE)
    rng = np.random.default_rng(0)
    truth = np.sort(np.exp(rng.uniform(np.log(1e-4), np.log(14), (480_000, 3))), axis=0).reshape(600, 800, 3)
    curve = camera.response_curve()
    frames = [frame.pixels for frame in simulate_bracket(truth, camera, TIMES, seed=1)]
    radiance = _merged(_stack(frames, TIMES, camera.levels), curve).radiance
    found, spread = radiance.pixels / curve.linear[-1], np.sqrt(radiance.variance) / curve.linear[-1]
    light = curve.linear[:, 0] / curve.linear[-1, 0]
    step, information = np.gradient(light), np.zeros_like(truth)
    for t in TIMES:
        exposure = truth * t
        variance = exposure / FULL_WELL + (READ_NOISE / FULL_WELL) ** 2 + np.interp(exposure, light, step) ** 2 / 12
        information += np.where(exposure < 1, t**2 / variance, 0)
    rows = {}
    for decade, inside in _decades(truth):
        relative = found[inside] / truth[inside] - 1
        z = (found[inside] - truth[inside]) / spread[inside]
        least = np.sqrt(np.mean(1 / (information[inside] * truth[inside] ** 2)))
        rows[decade] = (float(np.sqrt(np.mean(relative**2))), float(least), float(relative.mean()), float(z.std()))
    return f"{response}, {bits} bit", rows


def _bounds(found: Sequence[tuple[str, dict[int, tuple[float, float, float, float]]]]) -> Table:
    header = ["simulated camera", "radiance", "relative RMSE", "bound", "ratio", "bias", "z-scores"]
    return Table(
        header,
        [
            [name, f"1e{decade}..", f"{rmse:.4f}", f"{least:.4f}", f"{rmse / least:.3f}", f"{bias:+.4f}", f"{z:.3f}"]
            for name, rows in found
            for decade, (rmse, least, bias, z) in rows.items()
        ],
    )


def _honesty(scores: dict[int, list[float]]) -> Table:
    return Table(
        ["exposure in the longest frame", "views", "least z-score deviation", "median", "most"],
        [
            [f"1e{decade}..", len(found), f"{min(found):.3f}", f"{np.median(found):.3f}", f"{max(found):.3f}"]
            for decade, found in sorted(scores.items())
        ],
    )


def _plot(
    rows: Sequence[tuple[str, dict[str, float]]],
    bound: Sequence[tuple[str, dict[int, tuple[float, float, float, float]]]],
    scores: dict[int, list[float]],
) -> Figure:
    figure = Figure(figsize=(13, 4))
    errors, against, honest = figure.subplots(1, 3)
    methods = list(rows[0][1])
    for k, (name, found) in enumerate(rows):
        errors.barh(np.arange(len(methods)) + 0.8 * k / len(rows), [found[m] for m in methods], 0.8 / len(rows), label=name)
    errors.set_yticks(np.arange(len(methods)), methods)
    errors.invert_yaxis()
    errors.set_xscale("log")
    errors.set_xlabel("relative RMSE, geometric mean over views")
    errors.legend(fontsize=7)
    for name, found in bound:
        against.plot(list(found), [rmse / least for rmse, least, *_ in found.values()], "o-", label=name)
    against.axhline(OF_BOUND, color="gray", ls="--")
    against.set_xlabel("decade of radiance (log10)")
    against.set_ylabel("RMSE / Cramér-Rao bound")
    against.legend(fontsize=7)
    decades = sorted(scores)
    honest.boxplot([scores[decade] for decade in decades], positions=decades)
    for limit in HONEST:
        honest.axhline(limit, color="gray", ls="--")
    honest.set_xlabel("decade of exposure in the longest frame (log10)")
    honest.set_ylabel("standard deviation of z-scores")
    figure.tight_layout()
    return figure
