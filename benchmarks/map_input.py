"""How a picture goes into the embedding network, and how what comes out becomes a vector, by how well pictures are told apart.

It needs HDRKIT_DATA and the models efficientnet-lite0 and mobilenet-v2.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from matplotlib.figure import Figure
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from benchmarks.harness import Result, Table
from benchmarks.map_sets import labelled_sets
from hdrkit.imaging.threads import one_thread
from hdrkit.models.network import Network
from hdrkit.models.roles import Role
from hdrkit.pipeline.map_networks import find_map_models, open_picture_embedder
from hdrkit.semantics.embedding import PictureEmbedder
from hdrkit.semantics.options import MapOptions
from hdrkit.semantics.reduction import principal_components

_NEIGHBOURS, _GREY = 5, 124
DEFAULT = "black and white at the ends (hdrkit)"
MEASURES = ("neighbours alike", "ARI at the true number")


@dataclass(frozen=True)
class Variant:
    """An embedder, and what is done to the pixels of a picture before."""

    embed: PictureEmbedder
    prepare: Callable[[np.ndarray], np.ndarray] = np.asarray


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sets", nargs="+", help="names of the sets that are embedded; all of real pictures without it")


def measure(options: argparse.Namespace) -> Result:
    sets = {name: shown for name, shown in labelled_sets().items() if name in (options.sets or [name])}
    pictures = list({id(one): one for shown in sets.values() for one in shown}.values())
    scores: dict[tuple[str, str], tuple[float, float]] = {}
    with one_thread():
        for variant, how in variants().items():
            vectors = dict(zip(map(id, pictures), how.embed([how.prepare(one.rgb) for one in pictures]), strict=True))
            for name, shown in sets.items():
                scores[variant, name] = judged(np.stack([vectors[id(one)] for one in shown]), [one.label for one in shown])
    names = list(dict.fromkeys(variant for variant, _ in scores))
    tables = [
        Table([what, *sets], [[variant, *(f"{scores[variant, name][k]:.3f}" for name in sets)] for variant in names])
        for k, what in enumerate(MEASURES)
    ]
    about = (
        "The share of the five nearest pictures that show the same, and the ARI of Ward's groups where their number is known. "
        "All are squashed to squares of 224 pixels, and pooled by the root of mean squares over the feature map, but for what "
        "the row says. Black and white are the 0.01 and 0.99 quantiles of the codes of a picture. The middle square tells things "
        "apart as well, but does not see what lies beside it."
    )
    return Result("How pictures go into the embedding", about, tables, draw(scores, names, list(sets)))


def variants() -> dict[str, Variant]:
    """What is compared, by name."""
    lite, mobile = (open_picture_embedder(find_map_models(MapOptions(), given).embedding) for given in ({}, _MOBILENET))
    as_it_is = replace(lite, takes=replace(lite.takes, stretched=False))
    return {
        "codes as they are, pooled by means": Variant(replace(as_it_is, network=_by_means(lite.network))),
        "codes as they are": Variant(as_it_is),
        DEFAULT: Variant(lite),
        "the same, pooled by means": Variant(replace(lite, network=_by_means(lite.network))),
        "the same, the middle square": Variant(lite, _middle),
        "the same, grey around it": Variant(lite, _padded),
        "the same, 192 pixels": Variant(replace(lite, takes=replace(lite.takes, side=192))),
        "the same, 288 pixels": Variant(replace(lite, takes=replace(lite.takes, side=288))),
        "MobileNetV2, codes as they are": Variant(replace(mobile, takes=replace(mobile.takes, stretched=False))),
        "MobileNetV2, black and white at the ends": Variant(mobile),
    }


_MOBILENET = {Role.IMAGE_EMBEDDING: "mobilenet-v2"}


def _by_means(network: Network) -> Network:
    def pooled(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (network(*inputs)[0].mean(axis=(2, 3)),)

    return pooled


def _middle(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    side = min(height, width)
    return rgb[(height - side) // 2 :, (width - side) // 2 :][:side, :side]


def _padded(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    more = max(height, width) - np.array([height, width])
    (top, left), (bottom, right) = more // 2, more - more // 2
    return cv2.copyMakeBorder(rgb, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(_GREY,) * 3)


def judged(vectors: np.ndarray, labels: Sequence[str]) -> tuple[float, float]:
    """The share of near pictures with the same label, and the ARI of Ward's groups at the true number."""
    of = np.array(labels)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    near = np.argsort(-likeness, axis=1, kind="stable")[:, :_NEIGHBOURS]
    groups = AgglomerativeClustering(len(set(labels)), linkage="ward").fit_predict(principal_components(vectors))
    return float((of[near] == of[:, None]).mean()), adjusted_rand_score(of, groups)


def draw(scores: dict[tuple[str, str], tuple[float, float]], names: list[str], sets: list[str]) -> Figure:
    figure = Figure(figsize=(9, 4), layout="constrained")
    axis = figure.subplots()
    for i, variant in enumerate(names):
        at = [k + 0.8 * (i / len(names) - 0.5) for k in range(len(sets))]
        axis.bar(at, [scores[variant, name][0] for name in sets], 0.8 / len(names), label=variant)
    axis.set_xticks(range(len(sets)), sets)
    axis.set_ylabel("near pictures that show the same")
    axis.legend(fontsize=6, ncols=2)
    return figure
