"""How many views and brackets are found exactly in real and rendered photographs, by content alone and with metadata.

The figures of the best published open method, RootSIFT and RANSAC on two CLAHE views, come from running it on the same sets.
"""

from __future__ import annotations

import argparse

import numpy as np
from matplotlib.figure import Figure

from benchmarks.groups import Collection, adjacent_order, collection, labels, score, sets
from benchmarks.harness import Result, Table
from hdrkit.grouping.options import ClusteringOptions, GroupingOptions, IngestOptions, Linkage
from hdrkit.pipeline.group import group
from hdrkit.types import GroupingResult

PUBLISHED = {"real": "0.84, 1", "normal 2": "0.90, 2", "hard 1": "0.64, 6"}
ASKED = {"real": ">= 0.97, 0", "normal 2": ">= 0.99, 0", "hard 1": ">= 0.97, <= 1"}
SETS = ("real", "normal 2", "hard 1", "normal 23", "hard 23")
LOW = 0.1  # share of groups among which all wrong ones should be


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="real, or a preset and a seed of the renderer: 'hard 1'")


def measure(options: argparse.Namespace) -> Result:
    rows, order, exact = [], [], {}
    for name in options.sets:
        truth = collection(name)
        found = {linkage: grouped(truth, linkage, metadata=False) for linkage in Linkage}
        scores = {linkage: visible_score(truth, result) for linkage, result in found.items()}
        exact[name] = [scores[linkage].exact for linkage in Linkage]
        told = [f"{scores[linkage].exact:.3f}, {scores[linkage].merged_wrongly}" for linkage in Linkage]
        rows.append([name, scores[Linkage.AVERAGE].groups, *told, PUBLISHED.get(name, "-"), ASKED.get(name, "-")])
        result = found[Linkage.AVERAGE]
        pairs, right = adjacent_order(result, truth)
        wrong = ranks_of_wrong(truth, result)
        order.append(
            [name, f"{right} of {pairs}", f"{100 * right / pairs:.2f} %", wrong or "none", round(LOW * len(result.clusters))]
        )
    truth = collection("real")
    result = grouped(truth, Linkage.AVERAGE, metadata=True)
    with_metadata = []
    for column, asked in (("view", ">= 0.88, 0"), ("bracket", ">= 0.86")):
        whole = {file: row[column] for file, row in truth.truth.items()}
        found_score = score(whole, labels(result, column))
        with_metadata.append([column, found_score.groups, f"{found_score.exact:.3f}, {found_score.merged_wrongly}", asked])
    return Result(
        "Groups",
        "Share of true groups found with exactly their members, and predicted groups that mix true ones. Content only, frames "
        "with something to see; then all frames of the real set with metadata (black frames of 11 views have none). "
        "Order: neighbours in a cluster that stand in the order of their true exposures, less scenes whose truth is wrong. "
        "Wrong groups: their ranks when sorted by confidence, lowest first.",
        [
            Table(("set, content only", "groups", *(str(linkage) for linkage in Linkage), "published", "asked"), rows),
            Table(("all frames, with metadata", "groups", "exact, merged wrongly", "asked"), with_metadata),
            Table(
                ("set", "neighbours in order", "share (asked >= 99.5 %)", "ranks of wrong groups", f"lowest {LOW:.0%} is"), order
            ),
        ],
        draw(exact),
    )


def grouped(truth: Collection, linkage: Linkage, metadata: bool) -> GroupingResult:
    return group(truth.folder, GroupingOptions(IngestOptions(metadata=metadata), clustering=ClusteringOptions(method=linkage)))


def visible_score(truth: Collection, result: GroupingResult):
    visible = {file: row["view"] for file, row in truth.truth.items() if truth.has_content(file)}
    predicted = labels(result, "view")
    return score(visible, {file: predicted[file] for file in visible})


def ranks_of_wrong(truth: Collection, result: GroupingResult) -> list[int]:
    """Ranks by confidence, the lowest first, of views that are no true view, as far as something is to be seen."""
    true_views = sets({file: row["view"] for file, row in truth.truth.items() if truth.has_content(file)})
    confidence: dict[str, float] = {}
    files: dict[str, set[str]] = {}
    for cluster in result.clusters:
        confidence[cluster.view] = min(cluster.confidence, confidence.get(cluster.view, 1.0))
        seen = {member.photo.path.name for member in cluster.members if truth.has_content(member.photo.path.name)}
        files.setdefault(cluster.view, set()).update(seen)
    lowest_first = sorted(confidence, key=confidence.__getitem__)
    return [k for k, view in enumerate(lowest_first, 1) if files[view] and frozenset(files[view]) not in true_views]


def draw(exact: dict[str, list[float]]) -> Figure:
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    axis = figure.subplots()
    at = np.arange(len(exact))
    for k, linkage in enumerate(Linkage):
        axis.bar(at + 0.4 * k - 0.2, [1 - values[k] for values in exact.values()], 0.38, label=str(linkage))
    axis.set(xticks=at, xticklabels=list(exact), ylabel="groups not found exactly (share)")
    axis.legend()
    return figure
