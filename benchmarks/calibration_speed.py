"""How long calibration takes once the pictures are read: from pixels in memory, and from samples.

The sets asked for: 10 brackets of 4 frames with 1000 samples each, and a hundred times as many; and one bracket of five frames of
24 megapixels from pixels to curve, with the family of curves made anew, as a fresh process makes it.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table, median_seconds
from hdrkit.calibration.calibrate import calibrate_samples
from hdrkit.calibration.family import response_family
from hdrkit.calibration.options import CalibrationMethod, CalibrationOptions, Sampling
from hdrkit.calibration.sampling import Samples, take_samples
from hdrkit.simulate import SimulatedCamera, chart, metered_times, simulate_bracket
from hdrkit.types import Frame

FEW, MANY = 1000, 100_000
ASKED = {FEW: 1.0, MANY: 5.0}
STEPS = (-3, -1, 1, 3)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5)


def measure(options: argparse.Namespace) -> Result:
    rows, seconds = [], {}
    for count in (FEW, MANY):
        samples = [bracket(count, seed) for seed in range(10)]
        for method in (CalibrationMethod.PATCHES, CalibrationMethod.DEBEVEC):
            chosen = CalibrationOptions(method=method, samples=count)
            seconds[method, count] = median_seconds(lambda s=samples, o=chosen: calibrate_samples(s, o), options.rounds)
            rows.append(
                [f"10 brackets x 4 frames x {count:,} samples", method, f"{seconds[method, count]:.2f}", f"<= {ASKED[count]}"]
            )
    frames, times = large()

    def anew() -> None:
        response_family.cache_clear()
        sampled = take_samples("large", frames, times, Sampling.HISTOGRAM, 10_000, 0)
        calibrate_samples([sampled])

    peer = median_seconds(lambda: opencv(frames, times), options.rounds)
    rows.append(["five frames of 24 MP, from pixels", "patches", f"{median_seconds(anew, options.rounds):.2f}", "<= 0.5"])
    rows.append(["five frames of 24 MP, from pixels", "OpenCV CalibrateDebevec", f"{peer:.2f}", ""])
    return Result(
        "Time of a calibration",
        "Seconds after reading, median. OpenCV takes 70 pixels by default, whatever the number of frames.",
        [Table(("set", "method", "seconds", "asked"), rows)],
        draw(seconds),
    )


def bracket(count: int, seed: int) -> Samples:
    radiance = chart(480, 360, stops=14, seed=seed)
    times = metered_times(radiance, STEPS)
    frames = simulate_bracket(radiance, SimulatedCamera("srgb"), times, seed=seed)
    return take_samples(f"bracket {seed}", frames, times, Sampling.HISTOGRAM, count, seed)


def large() -> tuple[list[Frame], list[float]]:
    """Five frames of 6000 x 4000: a smaller bracket enlarged, with grain, so that no two pixels need be alike."""
    radiance = chart(750, 500, stops=14)
    times = metered_times(radiance, (-4, -2, 0, 2, 4))
    rng = np.random.default_rng(0)
    grain = rng.integers(-2, 3, (4000, 6000, 1), np.int8)
    frames = []
    for frame in simulate_bracket(radiance, SimulatedCamera("srgb"), times, seed=0):
        enlarged = cv2.resize(frame.pixels, (6000, 4000), interpolation=cv2.INTER_LINEAR)
        inside = (enlarged > 4) & (enlarged < 250)
        frames.append(Frame(np.where(inside, enlarged + grain, enlarged).astype(np.uint8)))
    return frames, list(times)


def opencv(frames: list[Frame], times: list[float]) -> np.ndarray:
    return cv2.createCalibrateDebevec().process([frame.pixels for frame in frames], np.array(times, np.float32))


def draw(seconds: dict[tuple[CalibrationMethod, int], float]) -> Figure:
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    for method in (CalibrationMethod.PATCHES, CalibrationMethod.DEBEVEC):
        axes.plot((FEW, MANY), [seconds[method, FEW], seconds[method, MANY]], "o-", label=str(method))
    axes.plot(list(ASKED), list(ASKED.values()), "kv", label="asked: below")
    axes.set(xscale="log", yscale="log", xlabel="samples a bracket, 10 brackets", ylabel="seconds")
    axes.legend()
    axes.grid(alpha=0.25)
    return figure
