"""Small pictures enlarged three times: how close to the truth, beside interpolation, and does an embedding see more in them?"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice

import cv2
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.errors import ModelMissing
from hdrkit.imaging.threads import one_thread
from hdrkit.models.roles import Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import find_model
from hdrkit.pipeline.map_networks import open_enlarger, open_picture_embedder
from hdrkit.semantics.super_resolution import SCALE, SMALL, Enlarger

HELD_BACK, UNSEEN = "clothing, held back", ("brackets", "people", "originals")
LONGEST = 510  # pixels of a truth: reduced from a larger photograph, so that the noise of its JPEG file is gone
SIDES = (32, 48, 64, 96, 126)  # the longer side of small pictures that are embedded
ASKED_DB = 0.5
Reduce = Callable[[np.ndarray], np.ndarray]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pictures", type=int, default=40, help="at most, of each set")


def measure(options: argparse.Namespace) -> Result:
    with one_thread():
        return _measured(options.pictures)


def _measured(count: int) -> Result:
    ours = open_enlarger(find_model(Role.SUPER_RESOLUTION))
    ways = {
        "bicubic, OpenCV": lambda rgb: cv2.resize(rgb, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC),
        "bicubic, Pillow": lambda rgb: _pillow(rgb, SCALE, Image.Resampling.BICUBIC),
        "Lanczos, Pillow": lambda rgb: _pillow(rgb, SCALE, Image.Resampling.LANCZOS),
        "edsr-x3": ours,
    }
    sets = {HELD_BACK: _clothing(count), "panoramas, held back": _panoramas()[:count]}
    sets |= {name: [_truth(rgb) for rgb in _photographs(name, count)] for name in UNSEEN}
    rows, gains = [], defaultdict(list)
    for name, truths in sets.items():
        for reduction, reduce in _reductions().items():
            scores = {
                way: np.mean([_scores(enlarge(reduce(rgb)), rgb) for rgb in truths], axis=0) for way, enlarge in ways.items()
            }
            best = max(scores[way][0] for way in list(ways)[:-1])
            gains[reduction].append(scores["edsr-x3"][0] - best)
            psnr = [f"{scores[way][0]:.2f}" for way in ways]
            ssim = [f"{scores[way][1]:.3f}" for way in ("bicubic, Pillow", "edsr-x3")]
            rows.append((name, len(truths), reduction, *psnr, f"{gains[reduction][-1]:+.2f}", *ssim))
    header = ("photographs", "count", "reduced by", *(f"{way}, dB" for way in ways), "gain, dB", "SSIM, bicubic", "SSIM, edsr-x3")
    seen, kept = _embedded(count, ways)
    about = (
        f"PSNR of luma, 3 pixels of the border left out, and SSIM, as means over photographs of at most {LONGEST} pixels that "
        f"are reduced by three and enlarged again. The gain is over the best interpolation of the same input; {ASKED_DB} dB over "
        "bicubic on held-back photographs is asked for. "
        f"Training saw neither the held-back files nor anything of {', '.join(UNSEEN)}. "
        "Embedding: cosine similarity of the vector of a reduced photograph with that of the photograph itself, by the default "
        f"network of hdrkit map, which sees 224 x 224 pixels; pictures with a side under {SMALL} are enlarged. "
        "Speed: CPU time of one picture on one core."
    )
    tables = [Table(header, rows), *([seen] if seen else []), _speed(ours)]
    return Result("Super-resolution", about, tables, _figure(list(sets), gains, kept))


def _reductions() -> dict[str, Reduce]:
    def averaged(rgb: np.ndarray) -> np.ndarray:
        return cv2.resize(rgb, (rgb.shape[1] // SCALE, rgb.shape[0] // SCALE), interpolation=cv2.INTER_AREA)

    def as_jpeg(rgb: np.ndarray) -> np.ndarray:
        stream = BytesIO()
        Image.fromarray(averaged(rgb)).save(stream, "JPEG", quality=85)
        return np.asarray(Image.open(stream))

    return {
        "area": averaged,
        "antialiased bicubic": lambda rgb: _pillow(rgb, 1 / SCALE, Image.Resampling.BICUBIC),
        "area, JPEG 85": as_jpeg,
    }


def _pillow(rgb: np.ndarray, scale: float, curve: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).resize((round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)), curve))


def _clothing(count: int) -> list[np.ndarray]:
    from tools.train_edsr import held_back

    paths = [path for path in sorted((data_folder() / "objects" / "clothing").rglob("*.jpg")) if held_back(path)]
    return [_truth(_rgb(path)) for path in paths[:: max(1, len(paths) // count)]]


def _panoramas() -> list[np.ndarray]:
    from tools.train_edsr import held_back, rendered_panoramas

    paths = [path for path in sorted((data_folder() / "panoramas").glob("*.hdr")) if held_back(path)]
    return [_truth(rgb) for rgb in rendered_panoramas(paths)]


def _photographs(name: str, count: int) -> Iterator[np.ndarray]:
    """Photographs of a set, spread over its files; almost black and white frames tell nothing and are left out."""
    paths = sorted(path for path in (data_folder() / name).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    order = np.random.default_rng(0).permutation(len(paths))
    found = (_rgb(paths[i]) for i in order)
    return islice((rgb for rgb in found if rgb is not None and rgb.std() > 30), count)


def _rgb(path: object) -> np.ndarray | None:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if bgr is None else np.ascontiguousarray(bgr[..., ::-1])


def _truth(rgb: np.ndarray) -> np.ndarray:
    """A photograph reduced to the longest side of a truth, or by 1.3 if it is small, with sides that three divides."""
    scale = min(LONGEST / max(rgb.shape[:2]), 1 / 1.3)
    sides = (max(SCALE * 4, round(side * scale) // SCALE * SCALE) for side in rgb.shape[1::-1])
    return cv2.resize(rgb, tuple(sides), interpolation=cv2.INTER_AREA)


def _scores(picture: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """PSNR in dB and SSIM (Wang et al. 2004) of luma (BT.601, 16..235), without the border."""
    one, other = ((rgb[SCALE:-SCALE, SCALE:-SCALE] @ np.array([65.481, 128.553, 24.966]) / 255 + 16) for rgb in (picture, truth))
    psnr = 10 * np.log10(255**2 / max(np.mean((one - other) ** 2), 1e-6))

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5]

    first, second = mean(one), mean(other)
    spread = mean(one * one) - first**2 + mean(other * other) - second**2
    shared = mean(one * other) - first * second
    near = (2 * first * second + 2.55**2) * (2 * shared + 7.65**2)
    return float(psnr), float((near / ((first**2 + second**2 + 2.55**2) * (spread + 7.65**2))).mean())


def _embedded(count: int, ways: dict[str, Reduce]) -> tuple[Table | None, dict[str, list[float]]]:
    """How alike the vectors of small and of whole pictures are, by side and way."""
    try:
        embed = open_picture_embedder(find_model(Role.IMAGE_EMBEDDING))
    except ModelMissing:
        return None, {}
    pictures = [*_clothing(count), *(rgb for name in UNSEEN for rgb in _photographs(name, count))]
    pictures = [rgb if max(rgb.shape[:2]) <= 2 * LONGEST else _truth(rgb) for rgb in pictures]
    whole = np.vstack([embed([rgb]) for rgb in pictures])
    chosen = {"as they are": lambda rgb: rgb, "bicubic": ways["bicubic, Pillow"], "edsr-x3": ways["edsr-x3"]}
    kept: dict[str, list[float]] = {way: [] for way in chosen}
    for side in SIDES:
        small = [_pillow(rgb, side / max(rgb.shape[:2]), Image.Resampling.BOX) for rgb in pictures]
        for way, enlarge in chosen.items():
            vectors = np.vstack([embed([enlarge(rgb)]) for rgb in small])
            kept[way].append(float((vectors * whole).sum(axis=1).mean()))
    rows = [(f"{side} pixels", *(f"{kept[way][k]:.3f}" for way in chosen)) for k, side in enumerate(SIDES)]
    return Table((f"embedding, {len(pictures)} photographs, longer side", *chosen), rows), kept


def _speed(ours: Enlarger) -> Table:
    path, rows = find_model(Role.SUPER_RESOLUTION).path, []
    rgb = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    for runtime in ("onnxruntime", "opencv"):
        enlarge = Enlarger(open_network(path, runtime=runtime), ours.channels, ours.white)
        enlarge(rgb)
        spent = []
        for _ in range(7):
            start = time.process_time()
            enlarge(rgb)
            spent.append(time.process_time() - start)
        rows.append((runtime, f"{1e3 * float(np.median(spent)):.0f}"))
    return Table(("128 x 128 pixels, one core", "CPU ms"), rows)


def _figure(sets: list[str], gains: dict[str, list[float]], kept: dict[str, list[float]]) -> Figure:
    figure = Figure(figsize=(11, 4))
    left, right = figure.subplots(1, 2)
    places = np.arange(len(sets))
    for k, (reduction, values) in enumerate(gains.items()):
        left.bar(places + 0.27 * (k - 1), values, 0.25, label=reduction)
    left.axhline(ASKED_DB, color="black", linewidth=0.8, linestyle="dashed")
    left.set_xticks(places, [name.replace(", ", ",\n") for name in sets])
    left.set_ylabel("gain over the best interpolation, dB")
    left.legend()
    for way, values in kept.items():
        right.plot(SIDES, values, "o-", label=way)
    right.set_xlabel("longer side, pixels")
    right.set_ylabel("cosine similarity with the whole picture")
    if kept:
        right.legend()
    return figure
