"""Truth on real photographs: a frame of each bracket is left out, predicted from the others, and compared with what was stored.

Curve and radiance come from the other frames alone. The radiance, times the stated exposure of the frame that was left out,
gives its codes through the curve. They are compared where the photograph holds codes from 12 to 243 and another frame is well
exposed. Brackets from a tripod are not aligned, others are aligned by hdrkit for all programs. OpenCV's CalibrateDebevec with
MergeDebevec and CalibrateRobertson with MergeRobertson do the same beside hdrkit.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.groups import WRONG_LISTS
from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.alignment.chain import align
from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.errors import HdrkitError
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.pixels import read_frames
from hdrkit.imaging.warping import placed
from hdrkit.pipeline.calibrate import calibrate
from hdrkit.pipeline.merge import merge
from hdrkit.pipeline.merging.exposures import with_exposures
from hdrkit.types import Bracket, Exposure, ExposureSource, Frame, Stack

JUDGED, TRUSTED = (12, 243), (5, 250)
LOST = 15.0  # median error in codes above which a report must say that it is not trusted
STILL = AlignmentOptions(method=AlignmentMethod.NONE)
PEERS = ("OpenCV Debevec", "OpenCV Robertson")
MOST_SHOWN = 16


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", action="store_true", help="leave out every frame in turn, not only the middle one")
    parser.add_argument("--views", nargs="*", help="names of brackets (default: all with known exposures)")
    parser.add_argument("--jobs", type=int, default=2, help="processes")


@dataclass(frozen=True)
class Real:
    """A bracket of photographs, shortest exposure first: frames on the grid of the reference, and the times as stated."""

    name: str
    camera: str
    still: bool
    frames: tuple[Frame, ...]
    stated: tuple[float, ...]


@dataclass(frozen=True)
class Score:
    """The errors in codes of one frame that was left out: median and 90th percentile by program, and hdrkit's own verdict."""

    name: str
    camera: str
    still: bool
    errors: Mapping[str, tuple[float, float]]
    trusted: bool
    pieces: Mapping[str, float]


def measure(options: argparse.Namespace) -> Result:
    rows = brackets_of(data_folder() / "brackets")
    names = options.views or list(rows)
    tasks = [(name, rows[name], options.every) for name in names]
    with ProcessPoolExecutor(options.jobs) as pool:
        scores = [score for found in pool.map(_score_task, tasks) for score in found]
    views = _by_view(scores)
    which = "Every frame was left out in turn" if options.every else "The middle frame was left out"
    about = (
        f"{which} of {len(views)} brackets of some 40 cameras, {len(scores)} predictions. The error of a view is the median over "
        "its pixels, in codes of 8 bits. Asked for: a median over the views of at most 0.8 of OpenCV's, no view worse than "
        f'OpenCV\'s Debevec by more than 10 % and one code, and no view above {LOST:.0f} codes without the words "not trusted".'
    )
    tables = [_summary(views), _explained(views), _worst(views), _cameras(views)]
    return Result("The frame that was left out", about, tables, _figure(views))


def brackets_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of truth.csv of each bracket of three frames or more with known exposures, shortest first."""
    found = defaultdict(list)
    with (folder / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "bracket" and row["content"] == "1" and row["exposure_time_s"]:
                found[row["bracket"]].append(row | {"path": str(folder / "images" / row["filename"])})
    return {name: sorted(rows, key=_stated) for name, rows in found.items() if len(rows) >= 3}


def _stated(row: Mapping[str, str]) -> float:
    return float(row["exposure_time_s"]) * float(row["iso"] or 100) / 100 / float(row["fnumber"] or 1) ** 2


def _score_task(task: tuple[str, list[dict[str, str]], bool]) -> list[Score]:
    cv2.setNumThreads(1)
    name, rows, every = task
    real = _read(name, rows)
    left = range(len(real.frames)) if every else [len(real.frames) // 2]
    return [score for k in left if (score := _score(real, k)) is not None]


def _read(name: str, rows: Sequence[Mapping[str, str]]) -> Real:
    photos = [read_photo(row["path"]) for row in rows]
    if rows[0]["exposure_source"] != "exif" or any(photo.exposure is None for photo in photos):
        photos = [
            replace(p, exposure=Exposure(_stated(r), source=ExposureSource.LIST)) for p, r in zip(photos, rows, strict=True)
        ]
    frames = list(read_frames(photos))
    still = rows[0]["motion"].startswith(("tripod", "pre-aligned"))
    if not still:
        moved, _ = align(frames, len(frames) // 2, AlignmentOptions())
        frames = [placed(frame) for frame in moved]
    return Real(name, rows[0]["camera"], still, tuple(frames), tuple(_stated(row) for row in rows))


def _score(real: Real, k: int) -> Score | None:
    """The errors of frame k, None if too few of its pixels can be predicted."""
    rest = [frame for i, frame in enumerate(real.frames) if i != k]
    stored = real.frames[k].pixels
    compared = (stored >= JUDGED[0]) & (stored <= JUDGED[1])
    compared &= np.any([(f.pixels >= TRUSTED[0]) & (f.pixels <= TRUSTED[1]) for f in rest], axis=0)
    for frame in real.frames:
        if frame.valid is not None:
            compared &= frame.valid[..., None]
    if np.count_nonzero(compared) < 1000:
        return None
    times = [t for i, t in enumerate(real.stated) if i != k]
    codes, trusted = _hdrkit(real, k, rest)
    predicted = {"hdrkit": codes, **{peer: _opencv(peer, rest, times, real.stated[k]) for peer in PEERS}}
    errors = {}
    for program, found in predicted.items():
        error = np.abs(found[..., : stored.shape[2]] - stored)[compared]
        errors[program] = float(np.median(error)), float(np.percentile(error, 90))
    return Score(real.name, real.camera, real.still, errors, trusted, _pieces(stored, predicted["hdrkit"], compared))


def _hdrkit(real: Real, k: int, rest: Sequence[Frame]) -> tuple[np.ndarray, bool]:
    """The codes (H, W, C) that hdrkit predicts, and whether it trusts its result."""
    photos = tuple(frame.photo for frame in rest if frame.photo)
    stack = Stack(Bracket(real.name, photos), tuple(rest))
    left = real.frames[k].photo
    assert left is not None
    assert left.exposure is not None
    try:
        found = calibrate(stack, alignment=STILL)
        if found.report.estimated:
            stack = with_exposures(stack, found.report.estimated)
        radiance = merge(stack, found.response, alignment=STILL).radiance
    except HdrkitError:
        return np.full((*real.frames[k].pixels.shape[:2], 3), 128.0), False
    assert radiance is not None
    return _codes(radiance.pixels * left.exposure.relative, found.response.ln_exposure), found.report.trusted


def _pieces(stored: np.ndarray, predicted: np.ndarray, compared: np.ndarray) -> dict[str, float]:
    """The median error that is left if the frame that was left out is fitted: by one exposure, one for each channel, a tone curve
    for each channel, and a mix of the other channels on top. What the last leaves is noise, compression and motion."""
    pixels = np.flatnonzero(compared.all(axis=2) if compared.all(axis=2).sum() > 2000 else compared.any(axis=2))
    pixels = np.random.default_rng(0).choice(pixels, min(40_000, pixels.size), replace=False)
    z, p, use = (
        one.reshape(-1, one.shape[2])[pixels][:, : stored.shape[2]].astype(float) for one in (stored, predicted, compared)
    )
    use = use > 0

    def left(codes: np.ndarray) -> float:
        return float(np.median(np.abs(codes - z)[use]))

    # Near the left-out codes a factor of exposure is a shift along the curve: codes of one frame against those of the other.
    steps = np.linspace(-25, 25, 101)
    shape = np.minimum(p, 255 - p) / 64  # a factor moves middle codes most
    shifted = [p + step * np.clip(shape, 0, 1) for step in steps]
    by_channel = np.stack(
        [min(shifted, key=lambda one, c=c: np.median(np.abs(one - z)[use[:, c], c]))[:, c] for c in range(z.shape[1])], 1
    )
    tone = np.stack([_followed(p[:, c], z[:, c]) for c in range(z.shape[1])], axis=1)
    pieces = {"nothing": left(p), "one exposure": min(map(left, shifted)), "an exposure for each channel": left(by_channel)}
    pieces["a tone curve for each channel"] = left(tone)
    if z.shape[1] == 3:
        colour = np.column_stack([np.ones(len(p)), p[:, 0] - p[:, 1], p[:, 2] - p[:, 1]])
        mixed = [tone[:, c] + colour @ np.linalg.lstsq(colour, z[:, c] - tone[:, c], rcond=None)[0] for c in range(3)]
        pieces["and a mix of the channels"] = min(left(np.stack(mixed, axis=1)), pieces["a tone curve for each channel"])
    return pieces


def _followed(p: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The median of z near each value of p."""
    ranges = np.digitize(p, np.unique(np.quantile(p, np.linspace(0, 1, 150))[1:-1]))
    medians = np.array([np.median(z[ranges == r]) if (ranges == r).any() else 0 for r in range(ranges.max() + 1)])
    return np.asarray(medians[ranges])


def _opencv(peer: str, rest: Sequence[Frame], times: Sequence[float], time: float) -> np.ndarray:
    images = [np.ascontiguousarray(np.repeat(f.pixels, 3, 2) if f.pixels.shape[2] == 1 else f.pixels[..., ::-1]) for f in rest]
    debevec = peer == PEERS[0]
    calibration, merger = (
        (cv2.createCalibrateDebevec(), cv2.createMergeDebevec())
        if debevec
        else (cv2.createCalibrateRobertson(), cv2.createMergeRobertson())
    )
    t = np.array(times, np.float32)
    response = calibration.process(images, t)
    radiance = merger.process(images, t, response)[..., ::-1]
    g = np.log(np.maximum(np.nan_to_num(response[:, 0, ::-1].astype(np.float64)), 1e-30))
    return _codes(np.nan_to_num(radiance) * time, np.maximum.accumulate(g, axis=0))


def _codes(exposure: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Codes (H, W, C) of exposures through the curves g (256, C or 1), between whole codes."""
    ln_exposure, codes = np.log(np.maximum(exposure, 1e-30)), np.arange(256)
    rising = g + 1e-9 * codes[:, None]
    return np.stack([np.interp(ln_exposure[..., c], rising[:, min(c, g.shape[1] - 1)], codes) for c in range(3)], axis=-1)


def _by_view(scores: Sequence[Score]) -> list[Score]:
    """One score a view: the mean over the frames that were left out."""
    of_view = defaultdict(list)
    for score in scores:
        of_view[score.name].append(score)
    return [
        replace(
            group[0],
            errors={p: tuple(float(np.mean([one.errors[p][part] for one in group])) for part in (0, 1)) for p in group[0].errors},
            trusted=all(one.trusted for one in group),
            pieces={piece: float(np.mean([one.pieces[piece] for one in group])) for piece in group[0].pieces},
        )
        for group in of_view.values()
    ]


def _worse(view: Score) -> bool:
    return view.errors["hdrkit"][0] > 1.1 * view.errors[PEERS[0]][0] + 1


def _summary(views: Sequence[Score]) -> Table:
    rows = []
    right = [view for view in views if not view.name.startswith(WRONG_LISTS)]
    kinds = (
        ("all with true lists", right),
        ("from a tripod", [view for view in right if view.still]),
        ("hand-held or shaken", [view for view in right if not view.still]),
        ("trusted by hdrkit", [view for view in views if view.trusted]),
        ("exposures listed wrongly by their authors", [view for view in views if view not in right]),
    )
    for kind, group in ((kind, group) for kind, group in kinds if group):
        for program in ("hdrkit", *PEERS):
            error, high = (np.array([view.errors[program][part] for view in group]) for part in (0, 1))
            peer = np.array([view.errors[PEERS[0]][0] for view in group])
            rows.append(
                [
                    *(kind, len(group), program, f"{np.median(error):.2f}", f"{np.median(high):.1f}"),
                    *(
                        f"{np.median(error) / np.median(peer):.2f}",
                        f"{np.exp(np.mean(np.log((error + 0.3) / (peer + 0.3)))):.2f}",
                    ),
                    f"{sum(map(_worse, group))}" if program == "hdrkit" else "",
                ]
            )
    header = ["views", "number", "program", "median (codes)", "90 % (codes)", "of Debevec's", "geometric mean", "clearly worse"]
    return Table(header, rows)


def _explained(views: Sequence[Score]) -> Table:
    """What is left of hdrkit's error if the frame is fitted piece by piece: what each piece explains."""
    right = [view for view in views if not view.name.startswith(WRONG_LISTS)]
    pieces = max((view.pieces for view in right or views), key=len)
    rows = []
    for piece in pieces:
        found = [view.pieces[piece] for view in right or views if piece in view.pieces]
        rows.append([piece, f"{np.median(found):.2f}", f"{np.mean(found):.2f}"])
    return Table(["hdrkit's frame that was left out is fitted by", "median (codes)", "mean (codes)"], rows)


def _worst(views: Sequence[Score]) -> Table:
    ordered = sorted(views, key=lambda view: view.errors[PEERS[0]][0] - view.errors["hdrkit"][0])
    shown = [view for view in ordered if _worse(view) or view.errors["hdrkit"][0] > LOST or not view.trusted]
    rows = [
        [
            view.name,
            *(f"{view.errors[p][0]:.1f} / {view.errors[p][1]:.0f}" for p in ("hdrkit", *PEERS)),
            "yes" if view.trusted else "no",
        ]
        for view in (*shown, *[view for view in ordered if view not in shown])[:MOST_SHOWN]
    ]
    return Table(["the worst beside OpenCV", "hdrkit", *PEERS, "trusted"], rows)


def _cameras(views: Sequence[Score]) -> Table:
    of_camera = defaultdict(list)
    for view in views:
        of_camera[view.camera or "unknown"].append(view)
    rows = [
        [camera, len(group), *(f"{np.median([view.errors[p][0] for view in group]):.1f}" for p in ("hdrkit", *PEERS))]
        for camera, group in sorted(of_camera.items())
    ]
    return Table(["camera", "views", "hdrkit", *PEERS], rows)


def _figure(views: Sequence[Score]) -> Figure:
    figure = Figure(figsize=(6, 6))
    axes = figure.subplots()
    for trusted, label in ((True, "trusted"), (False, "not trusted")):
        group = [view for view in views if view.trusted is trusted]
        points = ([view.errors[p][0] + 0.1 for view in group] for p in (PEERS[0], "hdrkit"))
        axes.scatter(*points, label=label)
    axes.plot([0.5, 80], [0.5, 80], color="gray", linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlabel="OpenCV Debevec: error (codes)", ylabel="hdrkit: error (codes)")
    axes.legend()
    return figure
