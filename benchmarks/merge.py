"""How fast frames in memory are merged, OpenCV's MergeDebevec beside it in the same process.

    python -m benchmarks.merge [--megapixels 24] [--frames 3 5 9] [--rounds 5]

Medians over the rounds; only the ratio means anything on a shared machine. The first call, which compiles or loads the
compiled kernel, is left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.types import Frame, ResponseCurve


def bracket(count: int, megapixels: float) -> list[np.ndarray]:
    """Smooth, noisy frames 2 EV apart, as varied as photographs are."""
    height, width = round((megapixels * 1e6 / 1.5) ** 0.5), round((megapixels * 1e6 * 1.5) ** 0.5)
    rng = np.random.default_rng(0)
    scene = cv2.resize(rng.random((40, 60, 3), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    scene += rng.normal(0, 0.01, scene.shape).astype(np.float32)
    middle = (count - 1) / 2
    return [np.clip(scene * 140 * 4 ** ((k - middle) / 2), 0, 255).astype(np.uint8) for k in range(count)]


def median_seconds(run: Callable[[], object], rounds: int) -> float:
    run()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--frames", type=int, nargs="+", default=[3, 5, 9])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    curve = ResponseCurve.identity(256)
    print("| frames | estimator | hdrkit (s) | MergeDebevec (s) | ratio |\n|---|---|---|---|---|")
    for count in arguments.frames:
        pictures = bracket(count, arguments.megapixels)
        times = [4.0 ** (k / 2) for k in range(count)]
        frames = [Frame(picture) for picture in pictures]
        opencv = cv2.createMergeDebevec()
        theirs = median_seconds(partial(opencv.process, pictures, np.array(times, np.float32)), arguments.rounds)
        for estimator in (Estimator.INVERSE_VARIANCE, Estimator.DEBEVEC):
            options = MergeOptions(estimator=estimator)
            mine = median_seconds(partial(merge_frames, frames, times, curve, options), arguments.rounds)
            print(f"| {count} | {estimator.value} | {mine:.2f} | {theirs:.2f} | {theirs / mine:.1f} |")


if __name__ == "__main__":
    main()
