"""How long `hdrkit map` takes for pictures of 12 megapixels, the whole command but for its start-up, and where the time goes.

Start-up is the time that the command takes for a few small pictures, which reads hardly anything but loads everything.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.photographs import bracket_files
from benchmarks.processes import cpu_seconds, processor
from hdrkit.formats.metadata import read_content, read_photo
from hdrkit.formats.previews import content_digest, read_preview
from hdrkit.pipeline.map_networks import find_map_models, open_picture_embedder
from hdrkit.pipeline.picture_reader import thumbnail_of
from hdrkit.semantics.options import MapOptions

QUALITY = 97  # of the JPEG files, which makes them as large as those of cameras
DISTINCT, FEW, CORES = 60, 8, 2
ASKED_S, ASKED_PICTURES = 60, 1000
CROPS = ("off", "main")
DECODED = (597, 448)  # pixels; what a picture of 12 megapixels is decoded within


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pictures", type=int, default=ASKED_PICTURES)


def measure(options: argparse.Namespace) -> Result:
    rows, cpu = [], {}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        few, many = drawn(scratch / "few", FEW, small=True), drawn(scratch / "many", options.pictures)
        megabytes = np.mean([path.stat().st_size / 1e6 for path in many.iterdir()])
        whole_command(few, scratch, CROPS[0], fresh=True)
        for crop in CROPS:
            start, first = (whole_command(folder, scratch, crop, fresh=True) for folder in (few, many))
            again = whole_command(many, scratch, crop, fresh=False)
            scale = ASKED_PICTURES / options.pictures
            cpu[crop], wall = ((of_many - of_few) * scale for of_many, of_few in zip(first, start, strict=True))
            later = again[0] - start[0]
            rows.append([crop, f"{cpu[crop]:.0f}", f"{cpu[crop] / CORES:.0f}", f"{wall:.0f}", f"{start[1]:.0f}", f"{later:.0f}"])
        steps = [[name, f"{ms:.1f}"] for name, ms in of_steps(sorted(many.iterdir())[:DISTINCT]).items()]
    header = ("crop", "CPU s", f"CPU s a core of {CORES}", "wall s", "start-up, wall s", "CPU s, known pictures")
    about = (
        f"{ASKED_PICTURES} pictures of 12 megapixels ({megabytes:.1f} MB each), all but the start-up, from {options.pictures} on "
        f"{processor()}; asked: {ASKED_S} s on {CORES} cores. Wall seconds depend on what else the machine does; here other work "
        "took more than half of it. Below, the steps of reading a picture, one thread."
    )
    tables = [Table(header, rows), Table(("step of a picture", "CPU ms"), steps)]
    return Result("Speed of the map", about, tables, draw(cpu))


def drawn(folder: Path, count: int, small: bool = False) -> Path:
    """Photographs that differ, each a file of its own: shifts of a few brackets, repeated beyond `DISTINCT`."""
    folder.mkdir()
    frames = [cv2.imread(str(path)) for path in bracket_files(5, 12, hand_held=True)]
    for k in range(min(count, DISTINCT)):
        pixels = np.roll(frames[k % len(frames)], 331 * k, axis=1)
        cv2.imwrite(str(folder / f"{k:04d}.jpg"), pixels[::16, ::16] if small else pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    for k in range(DISTINCT, count):
        content = (folder / f"{k % DISTINCT:04d}.jpg").read_bytes()
        (folder / f"{k:04d}.jpg").write_bytes(content + k.to_bytes(4))  # bytes behind the picture
    return folder


def whole_command(folder: Path, scratch: Path, crop: str, fresh: bool) -> tuple[float, float]:
    """CPU and wall seconds of the command; `fresh` is without what it knows of pictures."""
    cache = scratch / f"cache-{folder.name}"
    if fresh:
        shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "hdrkit", "map", folder, "-o", scratch / "map", "--crop", crop, "--jobs", str(CORES)]
    return cpu_seconds(command, HDRKIT_CACHE=str(cache))


def of_steps(paths: Sequence[Path]) -> dict[str, float]:
    """CPU milliseconds a picture, step by step."""
    cv2.setNumThreads(1)
    embed = open_picture_embedder(find_map_models(MapOptions(crop="off")).embedding)
    contents = [read_content(path) for path in paths]
    photos = [read_photo(path, data=data) for path, data in zip(paths, contents, strict=True)]
    pictures = [read_preview(photo, DECODED, data) for photo, data in zip(photos, contents, strict=True)]
    inputs = np.stack([embed.takes.of(picture) for picture in pictures[:8]])
    embed.network(inputs)
    return {
        "read the file": _ms(lambda: [path.read_bytes() for path in paths], len(paths)),
        "digest": _ms(lambda: [content_digest(data) for data in contents], len(paths)),
        "metadata": _ms(lambda: [read_photo(path, data=data) for path, data in zip(paths, contents, strict=True)], len(paths)),
        "decode": _ms(
            lambda: [read_preview(photo, DECODED, data) for photo, data in zip(photos, contents, strict=True)], len(paths)
        ),
        "input of the network": _ms(lambda: [embed.takes.of(picture) for picture in pictures], len(paths)),
        "network": _ms(lambda: embed.network(inputs), len(inputs)),
        "thumbnail": _ms(lambda: [thumbnail_of(picture) for picture in pictures], len(paths)),
    }


def _ms(run: Callable[[], object], count: int) -> float:
    start = time.process_time()
    run()
    return 1000 * (time.process_time() - start) / count


def draw(cpu: dict[str, float]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axis = figure.subplots()
    axis.bar([f"crop {name}" for name in cpu], [seconds / CORES for seconds in cpu.values()], label="hdrkit map")
    axis.axhline(ASKED_S, color="black", label="asked")
    axis.set_ylim(0, 1.4 * ASKED_S)
    axis.set_ylabel(f"CPU seconds a core of {CORES}, {ASKED_PICTURES} pictures")
    axis.legend()
    return figure
