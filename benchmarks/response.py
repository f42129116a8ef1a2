"""How well a response curve is recovered from one bracket: hdrkit's methods and OpenCV's, against cameras of known response.

    python -m benchmarks.response FOLDER [--jpeg 92]

FOLDER holds rendered brackets with truth: `images/`, `truth.csv` (filename, view, exposure_time_s, camera) and `cameras.npz`
(camera -> ln exposure at codes 0..255), as `render_brackets.py --preset metric` writes them. The error is the RMS of ln g over
codes 8..247 with the offset of each channel removed; a table of the geometric mean, median and worst view is printed.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from hdrkit.calibration.calibrate import calibrate_samples
from hdrkit.calibration.options import CalibrationOptions, Method
from hdrkit.calibration.sampling import take_samples
from hdrkit.types import Frame

CODES = slice(8, 248)


def read_views(folder: Path, jpeg: int | None) -> list[tuple[list[np.ndarray], list[float], np.ndarray]]:
    """RGB frames, times and true ln exposure of each view, shortest first."""
    cameras = np.load(folder / "cameras.npz")
    rows = defaultdict(list)
    with (folder / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows[row["view"]].append(row)
    views = []
    for group in rows.values():
        group.sort(key=lambda row: float(row["exposure_time_s"]))
        frames = [cv2.imread(str(folder / "images" / row["filename"])) for row in group]
        if jpeg:
            frames = [cv2.imdecode(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1], 1) for frame in frames]
        rgb = [np.ascontiguousarray(frame[..., ::-1]) for frame in frames]
        views.append((rgb, [float(row["exposure_time_s"]) for row in group], cameras[group[0]["camera"]]))
    return views


def ours(method: Method) -> Callable[[list[np.ndarray], list[float]], np.ndarray]:
    options = CalibrationOptions(method=method)

    def calibrate(frames: list[np.ndarray], times: list[float]) -> np.ndarray:
        samples = take_samples("view", [Frame(frame) for frame in frames], times, options.sampling, options.samples, 0)
        return calibrate_samples([samples], options).response.ln_exposure

    return calibrate


def opencv(make: Callable[[], object]) -> Callable[[list[np.ndarray], list[float]], np.ndarray]:
    def calibrate(frames: list[np.ndarray], times: list[float]) -> np.ndarray:
        response = make().process(frames, np.array(times, np.float32)).reshape(256, 3)  # type: ignore[attr-defined]
        return np.log(np.maximum(response, 1e-12))

    return calibrate


METHODS = {f"hdrkit {method.value}": ours(method) for method in Method} | {
    "OpenCV CalibrateDebevec": opencv(cv2.createCalibrateDebevec),
    "OpenCV CalibrateRobertson": opencv(cv2.createCalibrateRobertson),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jpeg", type=int, help="compress the frames with this quality first")
    arguments = parser.parse_args()
    views = read_views(arguments.folder, arguments.jpeg)
    print("| method | geomean | median | worst | s a view |\n|---|---|---|---|---|")
    for name, calibrate in METHODS.items():
        errors, start = [], time.perf_counter()
        for frames, times, truth in views:
            difference = (calibrate(frames, times) - truth[:, None])[CODES]
            difference -= difference.mean(axis=0)
            errors.append(float(np.sqrt((difference**2).mean())))
        seconds = (time.perf_counter() - start) / len(views)
        print(f"| {name} | {np.exp(np.mean(np.log(errors))):.5f} | {np.median(errors):.5f} | {max(errors):.5f} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
