"""How the constants of the evidence were chosen: a logistic regression of "one view" on what is measured of pairs.

Fitted on real photographs and on rendered ones of four seeds; each set is left out in turn, to see how far the weights and the
errors depend on what they were fitted to. `normal 2` and `hard 1` are never fitted to.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from benchmarks.groups import Collection, collection, score
from benchmarks.harness import Result, Table
from hdrkit.cache.index import open_cache
from hdrkit.grouping.evidence import compare as evidence
from hdrkit.grouping.evidence.compare import compare
from hdrkit.grouping.options import GroupingOptions, IngestOptions
from hdrkit.grouping.views.candidates import candidates
from hdrkit.grouping.views.find import NEIGHBOURS, Views, find_views
from hdrkit.grouping.views.linkage import average_linkage
from hdrkit.pipeline.grouping.ingest import ingest

FITTED = ("real", "normal 5", "normal 11", "hard 3", "hard 7")
UNSEEN = ("normal 2", "hard 1")
THRESHOLDS = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fitted", nargs="+", default=list(FITTED), help="sets that are fitted to")
    parser.add_argument("--unseen", nargs="+", default=list(UNSEEN), help="sets that are not")


def measure(options: argparse.Namespace) -> Result:
    pairs = {name: measured(name) for name in (*options.fitted, *options.unseen)}
    weights = fitted([pairs[name] for name in options.fitted])
    rows = [["all", "the fitted", *errors(weights, [pairs[name] for name in options.fitted])]]
    rows += [["all", name, *errors(weights, [pairs[name]])] for name in options.unseen]
    spread = []
    for left_out in options.fitted:
        others = fitted([pairs[name] for name in options.fitted if name != left_out])
        spread.append(others)
        rows.append([f"all but {left_out}", left_out, *errors(others, [pairs[left_out]])])
    terms = ("similarity", "variety", "trust", "trust in variety", "displacement / 10", "order", "trust in order",
             "transfer", "trust in transfer")  # fmt: skip
    constants = [
        [term, f"{shipped:.2f}", f"{weight:.2f}", f"{low:.2f} to {high:.2f}"]
        for term, shipped, weight, low, high in zip(
            terms, evidence.WEIGHTS, weights, np.min(spread, axis=0), np.max(spread, axis=0), strict=True
        )
    ]
    thresholds = [[name, *(exact_at(name, threshold) for threshold in THRESHOLDS)] for name in pairs]
    return Result(
        "Evidence for pairs",
        "Log-odds that two photographs are of one view: weights of a logistic regression without intercept, so that nothing seen "
        "says nothing. Errors are pairs on the wrong side of 0. The threshold of the linkage, 0.5, is the least at which no set "
        "has a wrong merge (last table: exact share and wrong merges of the pairs compared at 0.5). The other constants (grid of "
        "128 cells, least gradient of a quarter code, blur of 0.8 cells, price of a shift, 300 cells of doubt) are those of a "
        "trial on other material, not tuned here.",
        [
            Table(("term", "in use", "fitted now", "with one set left out"), constants),
            Table(("fitted to", "tested on", "pairs of one view", "missed", "pairs of two views", "taken for one"), rows),
            Table(("linked above", *THRESHOLDS), thresholds),
        ],
        draw(weights, pairs),
    )


@dataclass(frozen=True)
class Compared:
    """The photographs of a set by file name, as grouping orders them, and the pairs of them that it compared."""

    truth: Collection
    names: list[str]
    views: Views

    def visible(self) -> np.ndarray:
        return np.array([self.truth.has_content(name) for name in self.names])


@lru_cache
def compared(name: str) -> Compared:
    truth = collection(name)
    options = GroupingOptions(IngestOptions(metadata=False))
    with open_cache() as cache:
        known = ingest(sorted(Path(truth.folder).iterdir()), options, cache, lambda *_: None)
        nominated = candidates(known.descriptors.signature, NEIGHBOURS)
        views = find_views(known.descriptors, nominated, partial(compare, known.descriptors), options.clustering)
    return Compared(truth, [known.photos[k].path.name for k in np.unique(known.content, return_index=True)[1]], views)


def measured(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Terms (P, 9) and truth (P,) of the pairs that grouping compares in a set, frames without content left out."""
    one = compared(name)
    view = np.array([one.truth.truth[file]["view"] for file in one.names])
    first, second = one.views.pairs.T
    keep = one.visible()[first] & one.visible()[second]
    return one.views.evidence.terms()[keep], (view[first] == view[second])[keep]


def exact_at(name: str, threshold: float) -> str:
    """Share of views found exactly, and merged wrongly, where the same pairs are linked above another threshold."""
    one = compared(name)
    evidence = one.views.evidence
    labels = average_linkage(len(one.names), one.views.pairs, evidence.log_odds(), evidence.trust(), threshold)
    shown = [k for k, visible in enumerate(one.visible()) if visible]
    found = score({one.names[k]: one.truth.truth[one.names[k]]["view"] for k in shown}, {one.names[k]: labels[k] for k in shown})
    return f"{found.exact:.3f}, {found.merged_wrongly}"


def fitted(sets: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Weights (9,), every set counting the same."""
    terms, same = np.concatenate([one[0] for one in sets]), np.concatenate([one[1] for one in sets])
    share = np.concatenate([np.full(len(one[1]), 1000 / len(one[1])) for one in sets])
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=5000).fit(terms, same, sample_weight=share)
    return model.coef_[0]


def errors(weights: np.ndarray, sets: list[tuple[np.ndarray, np.ndarray]]) -> list[object]:
    terms, same = np.concatenate([one[0] for one in sets]), np.concatenate([one[1] for one in sets])
    positive = terms @ weights > 0
    return [int(same.sum()), f"{(same & ~positive).sum()}", int((~same).sum()), f"{(~same & positive).sum()}"]


def draw(weights: np.ndarray, pairs: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    figure = Figure(figsize=(8, 2 * len(pairs)), layout="constrained")
    axes = figure.subplots(len(pairs), 1, sharex=True)
    bins = np.linspace(-12, 12, 97)
    for axis, (name, (terms, same)) in zip(np.atleast_1d(axes), pairs.items(), strict=True):
        odds = np.clip(terms @ weights, -12, 12)
        axis.hist(odds[~same], bins, label="two views", alpha=0.7)
        axis.hist(odds[same], bins, label="one view", alpha=0.7)
        axis.set(yscale="log", ylabel=name)
    axes[0].legend()
    axes[-1].set_xlabel("log-odds of one view")
    return figure
