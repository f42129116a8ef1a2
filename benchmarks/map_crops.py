"""Whether crops of objects help a map: how well their boxes fit, and how well pictures are grouped in each mode.

Boxes are compared with those of `object_boxes.csv`, drawn by hand around what 54 photographs show. It needs HDRKIT_DATA and the
model efficientnet-lite0; the detector is the YOLOX-nano beside the data.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from benchmarks.harness import HERE, Result, Table
from benchmarks.map_sets import Shown, clothing, labelled_sets, read_picture
from benchmarks.truth import data_folder
from hdrkit.imaging.threads import one_thread
from hdrkit.models.roles import Role
from hdrkit.models.store import find_model
from hdrkit.pipeline.map_networks import find_map_models, open_object_detector, open_picture_embedder
from hdrkit.pipeline.picture_reader import PictureReader
from hdrkit.semantics.crops import Box, chosen_boxes, combined, cropped, regions_of
from hdrkit.semantics.embedding import PictureEmbedder
from hdrkit.semantics.layout import lay_out
from hdrkit.semantics.mapping import grouping
from hdrkit.semantics.options import Crop, MapOptions
from hdrkit.semantics.reduction import principal_components
from hdrkit.semantics.saliency import Region, salient_regions

Regions = Callable[[Shown], list[Region]]
WHOLE = (0.0, 0.0, 1.0, 1.0)
_SIDE = 112  # of a map from which a box is taken
_TIMED, _ROUNDS = 40, 5  # photographs of clothes
_NEIGHBOURS = 3  # as many as the other frames of a view


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sets", nargs="+", help="names of the sets that are grouped; all without it")


def measure(options: argparse.Namespace) -> Result:
    with one_thread():
        embed = open_picture_embedder(find_map_models(MapOptions()).embedding)
        given = {Role.OBJECT_DETECTOR: data_folder() / "models" / "yolox_nano.onnx"}
        detect = open_object_detector(find_model(Role.OBJECT_DETECTOR, given))

        def detected(one: Shown) -> list[Region]:
            return regions_of(detect(one.rgb), (one.rgb.shape[1], one.rgb.shape[0]))

        boxes = Table(["box", "IoU with boxes by hand: mean", "median", "lowest tenth"], list(_fit(embed, detected)))
        sets = {name: shown for name, shown in labelled_sets().items() if name in (options.sets or [name])}
        cost = _cost(given)
        scores = dict(_scores(sets, _vectors(sets, embed, detected)))
    tables = [
        boxes,
        cost,
        *(_table(what, k, scores, list(sets)) for k, what in enumerate(("ARI", "ARI at the true number", "neighbours alike"))),
    ]
    about = (
        "Boxes of the main object beside 54 that were drawn by hand, most around one piece of clothing or around the people of a "
        "photograph. The class-activation map is the feature map of the embedding network times its pooled vector; boxes of maps "
        "hold what is above 0.25 of the largest value, those of OpenCV's saliency 90 or 95 % of its squares along each axis, "
        "which fits best. Then how well pictures are grouped: ARI of hdrkit's default groups (those in none count as one group "
        "more), ARI of Ward's groups where their number is known, and the share of the three nearest that show the same. "
        "In `small objects`, clothes are planted in scenes; there the boxes are known. A vector is the mean of that of the whole "
        "picture and that of its crops. Asked for: a default that does not hurt scenes."
    )
    return Result("Crops of objects in maps", about, tables, _figure(scores, list(sets)))


def _fit(embed: PictureEmbedder, detected: Regions) -> Iterator[tuple[str, ...]]:
    with (HERE / "object_boxes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    truth = [tuple(float(row[side]) for side in ("left", "top", "right", "bottom")) for row in rows]
    shown = [Shown(read_picture(data_folder() / Path(row["filename"])), "") for row in rows]
    finders: dict[str, Callable[[Shown], Box]] = {
        "whole picture": lambda _: WHOLE,
        "80 % in the middle": lambda _: (0.1, 0.1, 0.8, 0.8),
        "contrast with the border (hdrkit)": lambda one: _main(salient_regions(one.rgb)),
        "YOLOX-nano": lambda one: _main(detected(one)),
        "class-activation map": partial(_activated, embed),
        "cv2.saliency, spectral residual": lambda one: _spread(_spectral(one.rgb), 0.95),
        "cv2.saliency, fine grained": lambda one: _spread(_fine(one.rgb), 0.9),
    }
    for name, find in finders.items():
        fits = [_iou(find(one), box) for one, box in zip(shown, truth, strict=True)]
        yield name, f"{np.mean(fits):.3f}", f"{np.median(fits):.3f}", f"{np.quantile(fits, 0.1):.3f}"


def _cost(given: dict[Role, Path]) -> Table:
    """CPU milliseconds to read a picture of decoded pixels in each mode, the least of rounds in which the modes alternate."""
    pictures = [one.rgb for one in clothing()[:: len(clothing()) // _TIMED]]
    readers = {}
    for crop in Crop:
        for name, models in (("", {}), (", YOLOX-nano", given)):
            if crop is not Crop.OFF or not models:
                readers[f"{crop}{name}"] = PictureReader(find_map_models(MapOptions(crop=crop), models))
    taken: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(_ROUNDS):
        for name, reader in readers.items():
            start = time.process_time()
            reader.read(pictures)
            taken[name].append(1e3 * (time.process_time() - start) / len(pictures))
    return Table(["--crop", "CPU milliseconds a picture"], [[name, f"{min(times):.0f}"] for name, times in taken.items()])


def _main(regions: Sequence[Region]) -> Box:
    return max(regions, key=lambda one: one.weight).box if regions else WHOLE


def _activated(embed: PictureEmbedder, one: Shown) -> Box:
    maps, _ = embed.network(embed.takes.of(one.rgb)[None])
    return _above(np.tensordot(maps[0].mean(axis=(1, 2)), maps[0], 1))


def _above(values: np.ndarray) -> Box:
    fine = cv2.resize(values.astype(np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    fine = (fine - fine.min()) / max(float(np.ptp(fine)), 1e-9)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((fine > 0.25).astype(np.uint8))
    if count < 2:
        return WHOLE
    best = 1 + int(np.argmax(np.bincount(labels.ravel(), fine.ravel(), count)[1:]))
    x, y, width, height = (float(value) / _SIDE for value in stats[best, :4])
    return x, y, width, height


def _spectral(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(
        cv2.saliency.StaticSaliencySpectralResidual.create().computeSaliency(np.ascontiguousarray(rgb[..., ::-1]))[1]
    )


def _fine(rgb: np.ndarray) -> np.ndarray:
    found = cv2.saliency.StaticSaliencyFineGrained.create().computeSaliency(np.ascontiguousarray(rgb[..., ::-1]))[1]
    return np.asarray(cv2.GaussianBlur(found.astype(np.float32), (0, 0), max(rgb.shape) / 40))


def _spread(values: np.ndarray, share: float) -> Box:
    squares = values.astype(np.float64) ** 2
    (left, right), (top, bottom) = (np.interp([(1 - share) / 2, (1 + share) / 2], *_summed(squares.sum(axis=k))) for k in (0, 1))
    return float(left), float(top), float(right - left), float(bottom - top)


def _summed(along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sums = np.concatenate([[0.0], np.cumsum(along)])
    return sums / max(sums[-1], 1e-12), np.linspace(0, 1, len(sums))


def _iou(box: Box, corners: tuple[float, ...]) -> float:
    x, y, width, height = box
    left, top, right, bottom = corners
    common = max(0.0, min(x + width, right) - max(x, left)) * max(0.0, min(y + height, bottom) - max(y, top))
    return common / (width * height + (right - left) * (bottom - top) - common)


def _vectors(
    sets: dict[str, Sequence[Shown]], embed: PictureEmbedder, detected: Regions
) -> dict[str, Callable[[Shown], np.ndarray]]:
    """For each mode, what gives the vector of a picture. Every picture and every crop is embedded once."""
    pictures = {id(one): one for shown in sets.values() for one in shown}
    whole = dict(zip(pictures, embed([one.rgb for one in pictures.values()]), strict=True))
    salient = {key: salient_regions(one.rgb) for key, one in pictures.items()}
    found = {key: detected(one) for key, one in pictures.items()}
    planted = {key: [Region(one.planted, 1.0)] if one.planted else [] for key, one in pictures.items()}
    modes: dict[str, dict[int, tuple[Box, ...]]] = {"off": dict.fromkeys(pictures, ())}
    for name, regions, crop in (
        *((str(crop), salient, crop) for crop in (Crop.MAIN, Crop.LARGEST, Crop.ALL)),
        *((f"{crop}, YOLOX-nano", found, crop) for crop in (Crop.MAIN, Crop.LARGEST, Crop.ALL)),
        ("main, boxes known", planted, Crop.MAIN),
    ):
        sizes = {key: (one.rgb.shape[1], one.rgb.shape[0]) for key, one in pictures.items()}
        modes[name] = {key: chosen_boxes(regions[key], crop, sizes[key]) for key in pictures}
    parts = list(dict.fromkeys((key, box) for boxes in modes.values() for key, of_one in boxes.items() for box in of_one))
    vectors = dict(zip(parts, embed([cropped(pictures[key].rgb, box) for key, box in parts]), strict=True))

    def vector(boxes: dict[int, tuple[Box, ...]], one: Shown) -> np.ndarray:
        crops = [vectors[id(one), box] for box in boxes[id(one)]]
        return combined(whole[id(one)], np.reshape(crops, (-1, embed.dims)))

    return {name: partial(vector, boxes) for name, boxes in modes.items()}


def _scores(
    sets: dict[str, Sequence[Shown]], modes: dict[str, Callable[[Shown], np.ndarray]]
) -> Iterator[tuple[tuple[str, str], tuple[float, float, float]]]:
    for mode, vector in modes.items():
        for name, shown in sets.items():
            if mode == "main, boxes known" and shown[0].planted is None:
                continue
            vectors = np.stack([vector(one) for one in shown]).astype(np.float32)
            yield (mode, name), _judged(vectors, np.array([one.label for one in shown]))


def _judged(vectors: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """ARI of the default groups, ARI of Ward's groups at the true number, and the share of near pictures with the same label."""
    rows = principal_components(vectors)
    found = grouping(rows, lay_out(rows, MapOptions().seed), MapOptions()).groups
    known = AgglomerativeClustering(len(set(labels)), linkage="ward").fit_predict(rows)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    near = np.argsort(-likeness, axis=1, kind="stable")[:, :_NEIGHBOURS]
    same = float((labels[near] == labels[:, None]).mean())
    return adjusted_rand_score(labels, found), adjusted_rand_score(labels, known), same


def _table(what: str, k: int, scores: dict[tuple[str, str], tuple[float, float, float]], sets: list[str]) -> Table:
    rows = []
    for mode in dict.fromkeys(mode for mode, _ in scores):
        rows.append([mode, *(f"{scores[mode, name][k]:.3f}" if (mode, name) in scores else "" for name in sets)])
    return Table([f"{what}, --crop", *sets], rows)


def _figure(scores: dict[tuple[str, str], tuple[float, float, float]], sets: list[str]) -> Figure:
    figure = Figure(figsize=(9, 4))
    axes = figure.subplots()
    modes = list(dict.fromkeys(mode for mode, _ in scores))
    for i, mode in enumerate(modes):
        shown = [(k, scores[mode, name][2]) for k, name in enumerate(sets) if (mode, name) in scores]
        axes.bar(
            [k + 0.8 * (i / len(modes) - 0.5) for k, _ in shown], [share for _, share in shown], 0.8 / len(modes), label=mode
        )
    axes.set_xticks(range(len(sets)), sets)
    axes.set_ylabel("near pictures that show the same")
    axes.set_ylim(0, 1)
    axes.legend(fontsize=7, ncols=4, loc="upper left")
    return figure
