"""How large the page of a map is, and how fast it opens, turns and searches: headless Chromium that draws in software."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from hdrkit.results.map_page import map_page
from hdrkit.types import Cohesion, MappedPicture, MapReport, MapResult, PictureGroup
from tests.fixtures.browser import SOFTWARE, chromium_words, watch

LOOK = """
(async () => {
  while (![...view.sprites].every(([number, sheet]) => number < 0 || sheet.ready.value)) {
    await new Promise(again => setTimeout(again, 5));
  }
  const gl = by("canvas").getContext("webgl2"), pixel = new Uint8Array(4), now = () => performance.now();
  const timed = (work, rounds) => {
    const taken = Array.from({length: rounds}, () => { const begun = now(); work(); return now() - begun; });
    return taken.sort((a, b) => a - b)[rounds >> 1];
  };
  const drawn = () => { view.render(); gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel); };
  drawn();
  const open = now();
  return {
    open,
    frame: timed(() => { view.turn(0.1, 0); drawn(); }, 15),
    hover: timed(() => view.at(400, 300), 15),
    search: timed(() => { by("words").value = by("words").value === "1" ? "2" : "1"; filter(); }, 5),
  };
})()
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pictures", type=int, nargs="+", default=[500, 5_000, 25_000])


def measure(options: argparse.Namespace) -> Result:
    rows, frames = [], []
    for number in options.pictures:
        result, thumbnails = _drawn(number)
        with tempfile.TemporaryDirectory() as folder:
            words = chromium_words(Path(folder, "profile"))
            if words is None:
                raise SystemExit("this needs chromium, which is not installed")
            start = time.process_time()
            text = map_page(result, thumbnails, Path(folder))
            cpu_s = time.process_time() - start
            page = Path(folder, "map.html")
            page.write_text(text)
            seen, errors = watch([*words, *SOFTWARE, "--window-size=1600,1000"], page, LOOK)
        assert not errors, errors
        frames.append(seen["frame"])
        times = (f"{seen['open'] / 1000:.1f}", *(f"{seen[what]:.1f}" for what in ("frame", "hover", "search")))
        rows.append([number, f"{len(text) / 1e6:.1f}", f"{cpu_s:.1f}", *times])
    header = ["pictures", "page, MB", "CPU seconds to write", "seconds to open", "a frame, ms", "a hover, ms", "a search, ms"]
    figure = Figure(figsize=(6, 3))
    axes = figure.subplots()
    axes.loglog(options.pictures, frames, "o-")
    axes.set_xlabel("pictures")
    axes.set_ylabel("milliseconds of a frame, without a graphics card")
    about = (
        "Drawn pictures of 96 pixels in groups of 50, a window of 1600 x 1000, median times on two busy cores of an Intel Xeon "
        "that also draw, as in a browser without a graphics card. To open is up to the first frame with all pictures. "
        "Asked for: usable with 5,000 pictures."
    )
    return Result("The page of a map", about, [Table(header, rows)], figure)


def _drawn(number: int) -> tuple[MapResult, list[bytes]]:
    """Textured pictures in groups of 50 around planted centres, and their thumbnails."""
    rng = np.random.default_rng(0)
    thumbnails, pictures, groups = [], [], []
    for first in range(0, number, 50):
        members = tuple(range(first, min(first + 50, number)))
        hue, centre = rng.random(3), rng.normal(0, 6, 3)
        for k in members:
            layers = sum(cv2.resize(rng.random((side, side, 3)), (96, 72), interpolation=cv2.INTER_CUBIC) for side in (3, 9, 40))
            codes = np.clip(70 * layers * (0.5 + hue), 0, 255).astype(np.uint8)
            thumbnails.append(cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
            x, y, z = (float(value) for value in centre + rng.normal(0, 0.6, 3))
            path = Path("pictures", f"kind{first // 50}_{k}.jpg")
            pictures.append(MappedPicture(path, f"kind{first // 50}", (x, y, z), first // 50, Cohesion.HIGH, 0.5))
        groups.append(PictureGroup(first // 50, members, 1.0, Cohesion.HIGH, 0.5))
    return MapResult(tuple(pictures), tuple(groups), (), MapReport({}, {}, {}, {}, number)), thumbnails
