"""How well `hdrkit map` groups pictures by what they show, beside the recipe of layout and DBSCAN, on the same embedding.

The recipe is that of AI-Hybrid-Clustering-Engine: principal components, UMAP in three dimensions, DBSCAN there with the knee of
the distances. It needs HDRKIT_DATA and the model efficientnet-lite0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.map_sets import Judged, Shown, bracket_views, clothing, judged, people, rendered_views
from hdrkit.imaging.threads import one_thread
from hdrkit.models.roles import Role
from hdrkit.models.store import find_model
from hdrkit.pipeline.map_networks import find_map_models, open_enlarger, open_picture_embedder
from hdrkit.semantics.clustering import knee_tuned_dbscan
from hdrkit.semantics.layout import lay_out
from hdrkit.semantics.mapping import grouping
from hdrkit.semantics.options import GroupMethod, MapOptions
from hdrkit.semantics.reduction import principal_components
from hdrkit.semantics.super_resolution import needs_enlarging

SEEDS = (42, 1, 2, 3, 4, 5)
SMALL_SIDE = 96  # pixels of the shorter side of pictures that are reduced
VIEWS = 3  # of each panorama; their names are numbered
ASKED = 0.05
RECIPE, OURS = "recipe", "hdrkit"
INPUTS = ("as they are", "half reduced", "half reduced, enlarged")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--embedding", default="efficientnet-lite0", help="name or path of the embedding network")
    parser.add_argument("--inputs", nargs="+", choices=INPUTS, default=list(INPUTS))


def measure(options: argparse.Namespace) -> Result:
    sets = _sets()
    pictures = list({id(one): one for shown in sets.values() for one in shown}.values())
    found: dict[tuple[str, str], dict[str, list[Judged]]] = {}
    with one_thread():
        for kind in options.inputs:
            vectors = dict(zip(map(id, pictures), _vectors(pictures, kind, options.embedding), strict=True))
            for name, shown in sets.items():
                labels = np.array([one.label for one in shown])
                rows = principal_components(np.stack([vectors[id(one)] for one in shown]))
                layouts = {seed: lay_out(rows, seed) for seed in SEEDS}
                found[name, kind] = {
                    how: [judged(labels, way(rows, *layout)) for layout in layouts.items()] for how, way in WAYS.items()
                }
    sizes = {name: (len(shown), len({one.label for one in shown})) for name, shown in sets.items()}
    tables = [Table(_HEADER, list(_rows(found, sizes))), _other_ways(found)]
    return Result("Groups of a map", _about(options.embedding), tables, _figure(found))


def _sets() -> dict[str, Sequence[Shown]]:
    """Labelled pictures by name. Places: rendered views with their panorama as the label."""
    places = [replace(one, label=f"place {int(one.label.removeprefix('view')) // VIEWS}") for one in rendered_views()]
    return {
        "clothing": clothing(),
        "clothing, people": (*clothing(), *people()),
        "bracket views": bracket_views(),
        "clothing, bracket views": (*clothing(), *bracket_views()),
        "rendered views": rendered_views(),
        "rendered places": places,
        "clothing, rendered places": (*clothing(), *places),
        "all of these": (*clothing(), *people(), *bracket_views(), *rendered_views()),
    }


def _vectors(pictures: Sequence[Shown], kind: str, model: Path | str) -> np.ndarray:
    """The vectors (N, D) of pictures, half of which, by chance, are small."""
    models = find_map_models(MapOptions(), {Role.IMAGE_EMBEDDING: model})
    embed, enlarge = open_picture_embedder(models.embedding), open_enlarger(find_model(Role.SUPER_RESOLUTION))
    reduced = set(np.random.default_rng(0).permutation(len(pictures))[: len(pictures) // 2].tolist())

    def seen(k: int) -> np.ndarray:
        rgb = pictures[k].rgb
        if kind == INPUTS[0] or k not in reduced:
            return rgb
        scale = SMALL_SIDE / min(rgb.shape[:2])
        small = np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        return enlarge(small) if kind == INPUTS[2] and needs_enlarging(small) else small

    return np.concatenate([embed([seen(k) for k in part]) for part in np.array_split(np.arange(len(pictures)), 64)])


Way = Callable[[np.ndarray, int, np.ndarray], np.ndarray]  # of components, a seed, and the layout by that seed


def _by(method: GroupMethod) -> Way:
    return lambda rows, seed, layout: grouping(rows, layout, MapOptions(method=method, seed=seed)).groups


WAYS: dict[str, Way] = {
    RECIPE: lambda _rows, _seed, layout: knee_tuned_dbscan(layout).groups,
    OURS: _by(GroupMethod.AGREEMENT),
    "DBSCAN in the embedding": _by(GroupMethod.DBSCAN),
    "HDBSCAN in the embedding": _by(GroupMethod.HDBSCAN),
}


_HEADER = ["set", "pictures", "kinds", "recipe: ARI, mean of seeds", "least to most", "apart", "alone", "groups"]
_HEADER += ["hdrkit: ARI, mean of seeds", "least to most", "apart", "alone", "groups", "gain"]


def _rows(found: dict[tuple[str, str], dict[str, list[Judged]]], sizes: dict[str, tuple[int, int]]) -> Iterator[list[object]]:
    for (name, kind), ways in found.items():
        row: list[object] = [f"{name}, {kind}" if kind != INPUTS[0] else name, *sizes[name]]
        for found_by in (ways[RECIPE], ways[OURS]):
            values = [one.ari for one in found_by]
            row += [f"{np.mean(values):.3f}", f"{min(values):.3f} to {max(values):.3f}"]
            row += [f"{np.mean([one.ari_apart for one in found_by]):.3f}", f"{np.mean([one.alone for one in found_by]):.1%}"]
            row.append(f"{np.mean([one.groups for one in found_by]):.0f}")
        yield [*row, f"{_mean(ways[OURS]) - _mean(ways[RECIPE]):+.3f}"]


def _other_ways(found: dict[tuple[str, str], dict[str, list[Judged]]]) -> Table:
    rows = [
        [name, *(f"{_mean(seeds):.3f} ({seeds[0].alone:.0%}, {seeds[0].groups})" for seeds in ways.values())]
        for (name, kind), ways in found.items()
        if kind == INPUTS[0]
    ]
    return Table(["ARI (share alone, groups)", *WAYS], rows)


def _mean(seeds: Sequence[Judged]) -> float:
    return float(np.mean([one.ari for one in seeds]))


def _about(embedding: str) -> str:
    return (
        f"Vectors by {embedding}. The recipe is UMAP in three dimensions and DBSCAN there, its reach at the knee; hdrkit joins "
        "pictures that two thirds of the votes have together: one half of the votes is of communities of graphs of few to many "
        "neighbours, the other of DBSCAN and HDBSCAN in the layout. Both get the same vectors and layouts, "
        f"by chance with the seeds {', '.join(map(str, SEEDS))}. In `half reduced` half of the pictures are brought to "
        f"{SMALL_SIDE} pixels, and `enlarged` by hdrkit's super-resolution. ARI counts pictures in no group as one group more; "
        "`apart`, each as a group of its own. Places are the panoramas of which the views are; labels of the other scenes are "
        f"views. Asked for: a gain of {ASKED} on every set."
    )


def _figure(found: dict[tuple[str, str], dict[str, list[Judged]]]) -> Figure:
    figure = Figure(figsize=(9, 0.35 * len(found) + 1.5))
    axes = figure.subplots()
    for how, marker in ((RECIPE, "x"), (OURS, "o")):
        values = np.array([[one.ari for one in ways[how]] for ways in found.values()])
        for k, column in enumerate(values.T):
            axes.plot(column, range(len(found)), marker, color="C0" if how == OURS else "C1", label=how if k == 0 else None)
    axes.set_yticks(range(len(found)), [f"{name}, {kind}" for name, kind in found], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("ARI, one mark for each seed")
    axes.legend()
    figure.tight_layout()
    return figure
