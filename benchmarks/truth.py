"""Pictures with known truth: exposure brackets rendered from HDR panoramas by a tool beside the data."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np


def data_folder() -> Path:
    """$HDRKIT_DATA, or ../shared/data beside this checkout. Ends the run where there is neither."""
    folder = Path(os.environ.get("HDRKIT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "panoramas").is_dir():
        raise SystemExit(f"{folder}: no panoramas here; point HDRKIT_DATA to a folder that has them")
    return folder


@dataclass(frozen=True)
class View:
    """One bracket of codes RGB, shortest exposure first, with its times, the camera's true ln exposure (256,) and radiance.

    `radiance` (H, W, 3) times a time is exposure, 1 at the highest code.
    """

    name: str
    frames: list[np.ndarray]
    times: list[float]
    ln_exposure: np.ndarray
    radiance: np.ndarray


@lru_cache(maxsize=4)
def metric_views(seed: int, views: int = 1) -> tuple[View, ...]:
    """`views` brackets by each of the simulated cameras of a seed: five frames 2 EV apart, tripod, lossless."""
    folder = Path(tempfile.gettempdir()) / f"hdrkit-metric-{seed}-{views}"
    if not (folder / "truth.csv").is_file():
        tool = data_folder().parent / "tools" / "render_brackets.py"
        options = ["--preset", "metric", "--seed", str(seed), "--views", str(views)]
        subprocess.run([sys.executable, str(tool), str(data_folder() / "panoramas"), str(folder), *options], check=True)
    cameras = np.load(folder / "cameras.npz")
    rows = defaultdict(list)
    with (folder / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows[row["view"]].append(row)
    found = []
    for name, group in rows.items():
        group.sort(key=lambda row: float(row["exposure_time_s"]))
        frames = [np.ascontiguousarray(cv2.imread(str(folder / "images" / row["filename"]))[..., ::-1]) for row in group]
        times = [float(row["exposure_time_s"]) for row in group]
        truth = np.load(folder / "radiance" / f"{name}.npy")
        found.append(View(name, frames, times, cameras[group[0]["camera"]], truth))
    return tuple(found)


def jpeg(frame: np.ndarray, quality: int) -> np.ndarray:
    """The frame after compression with halved chroma, as cameras store it."""
    encoded = cv2.imencode(".jpg", np.ascontiguousarray(frame[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1])
