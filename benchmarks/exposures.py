"""How well exposures are told from pixels: with the curve given, and together with a curve that is not known.

Stated times are off by 1 % at random in every frame, and one frame by half a stop besides. The error is that of the estimated
exposures in EV, after the scale (and, where the curve is unknown, the power) that no pixel can tell is taken out; beside it
stands what was stated. z is the error over the standard error that the report states.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.truth import View, jpeg, metric_views
from hdrkit.calibration.calibrate import calibrate_samples
from hdrkit.calibration.exposures import estimates_of, measured_exposures
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.calibration.sampling import take_samples
from hdrkit.types import ExposureEstimate, Frame, ResponseCurve

WRONG, FAR_EV = 0.01, 0.5
ASKED_EV = 0.005


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, nargs="+", default=[3], help="of the simulated cameras, 16 a seed")


def measure(options: argparse.Namespace) -> Result:
    views = [view for seed in options.seeds for view in metric_views(seed)]
    rows, errors_of = [], {}
    for stored in ("lossless", "JPEG 92"):
        for far in (False, True):
            for known in (True, False):
                rng = np.random.default_rng(11)
                stated_errors, errors, ratios = [], [], []
                for view in views:
                    frames = [Frame(frame if stored == "lossless" else jpeg(frame, 92)) for frame in view.frames]
                    stated = [float(t * (1 + WRONG * rng.normal())) for t in view.times]
                    if far:
                        stated[int(rng.integers(len(stated)))] *= 2**FAR_EV
                    found = given(view, frames, stated) if known else learned(frames, stated)
                    told = np.array([one.uncertainty_ev is not None for one in found])
                    error = off_ev([one.estimated for one in found], view.times, told, known)
                    stated_errors.append(off_ev(stated, view.times, told, known))
                    errors.append(error)
                    ratios.append(error / np.array([one.uncertainty_ev for one in found if one.uncertainty_ev is not None]))
                label = f"{stored}, curve {'given' if known else 'unknown'}" + (", one frame far off" if far else "")
                errors_of[label] = np.concatenate(errors)
                rows.append([label, *(f"{rms(np.concatenate(one)):.4f}" for one in (stated_errors, errors)),
                             f"{rms(np.concatenate(ratios)):.2f}", f"<= {ASKED_EV}"])  # fmt: skip
    return Result(
        "Exposures from pixels",
        f"RMS error in EV of {5 * len(views)} frames; "
        "stated times 1 % off at random, and half a stop where one frame is far off.",
        [Table(("case", "stated", "estimated", "z", "asked"), rows)],
        draw(errors_of),
    )


def given(view: View, frames: Sequence[Frame], stated: Sequence[float]) -> list[ExposureEstimate]:
    """The curve of the camera is known."""
    curve = ResponseCurve(np.repeat(view.ln_exposure[:, None], 3, axis=1))
    ln_exposures, offsets = measured_exposures(frames, stated, curve)
    return estimates_of([str(k) for k in range(len(frames))], stated, ln_exposures, offsets, slice(0, len(frames)))


def learned(frames: Sequence[Frame], stated: Sequence[float]) -> list[ExposureEstimate]:
    """Curve and exposures come from the same pixels."""
    options = CalibrationOptions()
    samples = take_samples("view", frames, stated, options.sampling, options.samples, 0)
    return list(calibrate_samples([samples], options, estimate_exposures=True).report.estimated)


def off_ev(exposures: Sequence[float], times: Sequence[float], told: np.ndarray, absolute: bool) -> np.ndarray:
    """Error in EV of the frames that pixels tell of, less what they cannot tell: the best line, or the mean."""
    if not told.any():
        return np.empty(0)
    ev, found = np.log2(times)[told], np.log2(exposures)[told]
    if absolute:
        return found - ev - (found - ev).mean()
    return found - np.polyval(np.polyfit(ev, found, 1), ev)


def rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


def draw(errors_of: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(9, 4))
    axes = figure.subplots()
    for y, errors in enumerate(errors_of.values()):
        axes.plot(np.maximum(np.abs(errors), 1e-6), np.full(len(errors), y), ".", alpha=0.4)
    axes.axvline(ASKED_EV, color="k", linewidth=0.8)
    axes.set(xscale="log", xlabel="error of a frame in EV; the line is what was asked for")
    axes.set_yticks(range(len(errors_of)), list(errors_of))
    axes.grid(alpha=0.25)
    return figure
