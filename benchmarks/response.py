"""How well a response curve is recovered from one bracket: hdrkit's methods beside others', against cameras of known response.

The error of a view is the RMS of ln g over codes 8..247 with the offset of each channel removed. Cases: the rendered frames as
they are, and for the default method also after JPEG of quality 92 with halved chroma, with stated times that are 1 % off at
random, and brackets of curves that the family was not made from. z is the error over the standard error that the report
states, 1 where that is honest.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.truth import View, jpeg, metric_views
from hdrkit.calibration.calibrate import calibrate_samples
from hdrkit.calibration.options import CalibrationMethod, CalibrationOptions
from hdrkit.calibration.sampling import take_samples
from hdrkit.types import Frame, ResponseCurve

CODES = slice(8, 248)
WRONG = 0.01
ASKED = {"lossless": (0.0015, 0.006), "JPEG 92": (0.008, 0.03), "times 1 % off": (0.004, None)}
ASKED_UNSEEN = (0.003, 0.02)

Frames = list[np.ndarray]
Estimate = Callable[[Frames, list[float]], tuple[np.ndarray, np.ndarray | None]]  # ln g (256, 3) and its standard error


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, nargs="+", default=[3], help="of the simulated cameras, 16 a seed")


def measure(options: argparse.Namespace) -> Result:
    peers = METHODS | colour_hdri()
    rows, errors_of = [], {}
    for name, estimate in peers.items():
        for case in CASES if name == OURS else ["lossless"]:
            errors, z = scores(estimate, [view for seed in options.seeds for view in CASES[case](seed)])
            errors_of[name, case] = errors
            rows.append([name, case, *summary(errors), f"{z:.2f}" if z else "", *asked(name, ASKED[case])])
    unseen = []
    for shape in SHAPES:
        errors, z = scores(METHODS[OURS], [view for seed in options.seeds for view in of_shape(shape, seed)])
        errors_of[OURS, shape] = errors
        unseen.append([shape, *summary(errors), f"{z:.2f}", *asked(OURS, ASKED_UNSEEN)])
    missing = "" if len(peers) > len(METHODS) else " colour-hdri is not installed here and was left out."
    return Result(
        "Response curve from one bracket",
        "RMS error of ln g over codes 8..247, offset of each channel removed; five frames 2 EV apart, "
        f"{16 * len(options.seeds)} cameras. z is the error over the standard error stated by hdrkit." + missing,
        [
            Table(("method", "case", "geomean", "median", "worst", "z", "asked: geomean", "worst"), rows),
            Table(("curve not in the family", "geomean", "median", "worst", "z", "asked: geomean", "worst"), unseen),
        ],
        draw(errors_of, list(peers)),
    )


def scores(estimate: Estimate, views: list[View]) -> tuple[np.ndarray, float | None]:
    """The error of each view, and the RMS of errors over standard errors where those are stated."""
    errors, ratios = [], []
    for view in views:
        g, sigma = estimate(view.frames, view.times)
        difference = (g - view.ln_exposure[:, None])[CODES]
        difference = difference - difference.mean(axis=0)
        errors.append(float(np.sqrt((difference**2).mean())))
        if sigma is not None:
            ratios.append(float(((difference / sigma[CODES]) ** 2).mean()))
    return np.array(errors), float(np.sqrt(np.mean(ratios))) if len(ratios) == len(views) else None


def summary(errors: np.ndarray) -> list[str]:
    lost = int(np.isnan(errors).sum())
    if lost:
        return [f"NaN in {lost} views", f"{np.nanmedian(errors):.5f}", f"{np.nanmax(errors):.5f}"]
    return [f"{np.exp(np.mean(np.log(errors))):.5f}", f"{np.median(errors):.5f}", f"{errors.max():.5f}"]


def asked(name: str, limits: tuple[float, float | None]) -> list[str]:
    return ["" if name != OURS or limit is None else f"<= {limit}" for limit in limits]


# Cases


def with_jpeg(seed: int) -> Iterator[View]:
    for view in metric_views(seed):
        yield View(view.name, [jpeg(frame, 92) for frame in view.frames], view.times, view.ln_exposure, view.radiance)


def with_wrong_times(seed: int) -> Iterator[View]:
    rng = np.random.default_rng(seed)
    for view in metric_views(seed):
        times = [float(t * (1 + WRONG * rng.normal())) for t in view.times]
        yield View(view.name, view.frames, times, view.ln_exposure, view.radiance)


def of_shape(shape: str, seed: int) -> Iterator[View]:
    """The views of a seed as a camera with another curve, and its own noise, would have taken them."""
    rng = np.random.default_rng(seed)
    curve = SHAPES[shape]
    grid = np.linspace(1e-7, 1, 400_000)
    truth = np.log(np.interp(np.arange(256), curve(grid) * 255, grid) + 1e-9)
    for view in metric_views(seed):
        full_well, read_noise = rng.uniform(8000, 40000), rng.uniform(3, 12)
        frames = []
        for t in view.times:
            light = np.minimum(view.radiance * t, 4) * full_well
            seen = (rng.poisson(light) + rng.normal(0, read_noise, light.shape)) / full_well
            frames.append(np.rint(curve(np.clip(seen, 0, 1)) * 255).astype(np.uint8))
        yield View(view.name, frames, view.times, truth, view.radiance)


def aces(x: np.ndarray) -> np.ndarray:
    """Narkowicz's fit, with one stop of headroom, for a display of gamma 2.2."""

    def fit(x: np.ndarray) -> np.ndarray:
        return x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)

    return (fit(2 * x) / fit(np.array(2.0))) ** (1 / 2.2)


def hable(x: np.ndarray) -> np.ndarray:
    """Hable's filmic curve with its white point of 11.2, for a display of gamma 2.2."""

    def filmic(x: np.ndarray) -> np.ndarray:
        return (x * (0.15 * x + 0.05) + 0.004) / (x * (0.15 * x + 0.5) + 0.06) - 0.02 / 0.3

    return np.maximum(filmic(11.2 * x) / filmic(np.array(11.2)), 0) ** (1 / 2.2)


SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sRGB": lambda x: np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-12) ** (1 / 2.4) - 0.055),
    "Rec.709": lambda x: np.where(x < 0.018, 4.5 * x, 1.099 * np.maximum(x, 1e-12) ** 0.45 - 0.099),
    "ACES": aces,
    "Hable": hable,
    "log": lambda x: np.log1p(200 * x) / np.log1p(200),
}
CASES: dict[str, Callable[[int], Iterator[View]]] = {
    "lossless": lambda seed: iter(metric_views(seed)),
    "JPEG 92": with_jpeg,
    "times 1 % off": with_wrong_times,
}


# Methods


def ours(method: CalibrationMethod, frames: Frames, times: list[float]) -> tuple[np.ndarray, np.ndarray | None]:
    options = CalibrationOptions(method=method)
    samples = take_samples("view", [Frame(frame) for frame in frames], times, options.sampling, options.samples, 0)
    response: ResponseCurve = calibrate_samples([samples], options).response
    return response.ln_exposure, response.sigma


def opencv(make: Callable[[], object], frames: Frames, times: list[float]) -> tuple[np.ndarray, None]:
    response = make().process(frames, np.array(times, np.float32)).reshape(256, 3)  # type: ignore[attr-defined]
    return np.log(np.maximum(response, 1e-12)), None


def sky_imaging(frames: Frames, times: list[float]) -> tuple[np.ndarray, None]:
    """The least squares of the sky-imaging pipeline: Debevec's, smoothness 50 times the triangle weight, on 200 random pixels.

    Its pixels are remapped to 5..250 before; that is left out here, for the curve would be one of other codes. The
    irradiances are eliminated, which changes nothing but the time it takes.
    """
    rng = np.random.default_rng(0)
    height, width = frames[0].shape[:2]
    picked = rng.choice(height * width, 200, replace=False)
    stack = np.stack([frame.reshape(-1, 3)[picked] for frame in frames], axis=1)
    z = np.arange(256)
    weight = np.minimum(z, 255 - z).astype(float)
    curves = []
    for c in range(3):
        normal, right = np.zeros((256, 256)), np.zeros(256)
        for codes in stack[..., c]:
            own = weight[codes] ** 2
            if own.sum() == 0:
                continue
            design = np.eye(256)[codes]
            centring = np.diag(own) - np.outer(own, own) / own.sum()
            normal += design.T @ centring @ design
            right += design.T @ centring @ np.log(times)
        second = np.diff(np.eye(256), 2, axis=0) * (50 * weight[1:-1])[:, None]
        normal += second.T @ second
        normal[128, 128] += 1
        curves.append(np.linalg.lstsq(normal, right, rcond=None)[0])
    return np.stack(curves, axis=1), None


def colour_hdri() -> dict[str, Estimate]:
    """colour-hdri's Debevec with its own sampling, where it is installed."""
    if importlib.util.find_spec("colour_hdri") is None:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from colour_hdri import Image, ImageStack, Metadata, camera_response_functions_Debevec1997

    def estimate(frames: Frames, times: list[float]) -> tuple[np.ndarray, None]:
        stack = ImageStack()
        for frame, t in zip(frames, times, strict=True):
            metadata = Metadata(f_number=np.array(1.0), exposure_time=np.array(t), iso=np.array(100.0))
            stack.append(Image(data=frame / 255.0, metadata=metadata))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            curve = camera_response_functions_Debevec1997(stack)
        return np.log(np.maximum(np.asarray(curve, float), 1e-12)), None

    return {"colour-hdri Debevec1997": estimate}


OURS = f"hdrkit {CalibrationMethod.PATCHES.value}"
METHODS: dict[str, Estimate] = {f"hdrkit {method.value}": partial(ours, method) for method in CalibrationMethod} | {
    "OpenCV CalibrateDebevec": partial(opencv, cv2.createCalibrateDebevec),
    "OpenCV CalibrateRobertson": partial(opencv, cv2.createCalibrateRobertson),
    "sky-imaging least squares": sky_imaging,
}


def draw(errors_of: dict[tuple[str, str], np.ndarray], names: list[str]) -> Figure:
    figure = Figure(figsize=(10, 4.5))
    by_method, by_case = figure.subplots(1, 2, sharey=True)
    for axes, keys, labels in (
        (by_method, [(name, "lossless") for name in names], names),
        (by_case, [key for key in errors_of if key[0] == OURS], [case for name, case in errors_of if name == OURS]),
    ):
        for x, key in enumerate(keys):
            errors = errors_of[key]
            axes.plot(np.full(len(errors), x), errors, ".", alpha=0.5)
        axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right")
        axes.grid(alpha=0.25)
    by_method.set(yscale="log", ylabel="RMS error of ln g, one point a camera", title="lossless frames")
    by_case.set(title=OURS)
    return figure
