"""How the cost of grouping grows with the number of photographs, on synthetic signatures of views of 3 to 9 frames."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.harness import Result, Table
from benchmarks.processes import SCRATCH, run
from hdrkit.grouping.evidence.compare import compare
from hdrkit.grouping.evidence.descriptor import cells_of, describe
from hdrkit.grouping.views.candidates import candidates
from hdrkit.grouping.views.find import NEIGHBOURS
from hdrkit.grouping.views.linkage import average_linkage

DIMS = 1088  # of the signatures that photographs have
DECAY = 0.85  # of the variance along their principal axes: products of two views then scatter by 0.1, as those of photographs
LEAST_SHARE = 0.15  # of its view in the worst frame
COMPARED = 6  # neighbours that evidence is measured for
SAID, SPREAD = 3.0, 1.5  # log-odds of pairs, for or against, and how they scatter
QUESTIONED = 512  # rows that all are compared with
STEPS = ("candidates", "evidence", "linkage")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", type=int, nargs="+", default=[2048, 8192, 32768, 131072])
    parser.add_argument("--seed", type=int, default=3)


def measure(options: argparse.Namespace) -> Result:
    found = [_in_a_process(size, options.seed) for size in options.sizes]
    pair_s = _seconds_a_pair()
    sizes = np.array(options.sizes, float)
    seconds = {step: np.array([one[step] for one in found]) for step in ("candidates", "linkage")}
    seconds["evidence"] = np.array([one["compared"] for one in found]) * pair_s
    seconds["together"] = np.sum([seconds[step] for step in STEPS], axis=0)
    exponents = {step: np.polyfit(np.log(sizes), np.log(values), 1)[0] for step, values in seconds.items()}
    rows: list[list[object]] = [
        [
            f"{one['size']:,}",
            *(f"{seconds[step][k]:.1f}" for step in (*STEPS, "together")),
            f"{one['peak_bytes'] / 1e9:.2f}",
            f"{one['compared'] / one['size']:.2f}",
            f"{one['recall']:.3f}",
            f"{one['connected']:.3f}",
        ]
        for k, one in enumerate(found)
    ]
    rows.append(["growth as N to the", *(f"{exponents[step]:.2f}" for step in (*STEPS, "together")), "", "", "", ""])
    header = ["photographs", *(f"{step} (s)" for step in (*STEPS, "together")), "peak (GB)", "pairs compared a photograph"]
    header += ["in-view recall", "views in one piece"]
    about = (
        f"The {NEIGHBOURS} nearest of each photograph by signatures of {DIMS} numbers, whose products scatter as those of "
        f"photographs do; evidence for the nearest {COMPARED}, at the {1e3 * pair_s:.2f} ms a pair that {QUESTIONED} pairs took; "
        "average linkage of evidence that errs. In-view recall: of the neighbours in one view that comparing all with all finds. "
        "A view is in one piece where pairs connect all of it. Peak memory without the rows that evidence is measured on, which "
        "lie on disk. Asked for: growth of at most N^1.3, and 6 GB with 128k photographs."
    )
    return Result("Growth of the cost of grouping", about, [Table(header, rows)], _figure(sizes, seconds, exponents, found))


def _figure(
    sizes: np.ndarray, seconds: dict[str, np.ndarray], exponents: dict[str, float], found: list[dict[str, float]]
) -> Figure:
    figure = Figure(figsize=(10, 4))
    left, right = figure.subplots(1, 2)
    for step, values in seconds.items():
        left.loglog(sizes, values, "o-", label=f"{step}, N^{exponents[step]:.2f}")
    left.loglog(sizes, seconds["together"][0] * (sizes / sizes[0]) ** 1.3, "k--", label="N^1.3")
    left.set_ylabel("seconds")
    right.semilogx(sizes, [one["peak_bytes"] / 1e9 for one in found], "o-", label="peak memory of the process")
    right.axhline(6, color="k", linestyle="--", label="6 GB")
    right.set_ylim(0)
    right.set_ylabel("GB")
    for axes in (left, right):
        axes.set_xlabel("photographs")
        axes.legend()
    return figure


def _in_a_process(size: int, seed: int) -> dict[str, float]:
    """What `report` finds, and the peak memory of a process that does nothing else."""
    SCRATCH.mkdir(exist_ok=True)
    path = SCRATCH / "scale.json"
    _, peak = run([sys.executable, "-c", f"from benchmarks.grouping_scale import report; report({size}, {seed}, {str(path)!r})"])
    found: dict[str, float] = json.loads(path.read_text())
    return found | {"peak_bytes": peak}


def report(size: int, seed: int, path: str) -> None:
    """Nominate pairs among synthetic photographs, link them, and write down what it cost and what was found."""
    signatures, views = synthetic(size, seed)
    candidates(signatures[:100], NEIGHBOURS)  # loads torch
    start = time.perf_counter()
    pairs = candidates(signatures, NEIGHBOURS)
    nominated = time.perf_counter()
    compared = _likeliest(signatures, pairs)
    same = views[compared[:, 0]] == views[compared[:, 1]]
    log_odds = np.random.default_rng(seed).normal(np.where(same, SAID, -SAID), SPREAD)
    linking = time.perf_counter()
    average_linkage(size, compared, log_odds, np.ones(len(compared)))
    linked = time.perf_counter()
    own = pairs[views[pairs[:, 0]] == views[pairs[:, 1]]]
    labels = connected_components(coo_array((np.ones(len(own)), own.T), shape=(size, size)), directed=False)[1]
    pieces = np.bincount(views[np.unique(labels, return_index=True)[1]])
    found = {
        "size": size,
        "candidates": nominated - start,
        "linkage": linked - linking,
        "compared": len(compared),
        "recall": _recall(signatures, views, {tuple(pair) for pair in own.tolist()}),
        "connected": float((pieces == 1).mean()),
    }
    Path(path).write_text(json.dumps(found))


def synthetic(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Signatures (size, DIMS) float16 and the view of each (size,), photographs in random order.

    A frame is s times its view and sqrt(1 - s^2) times something else; s = 1 - 0.85 u^3.5 with u uniform gives the products
    of real frames with others of their view.
    """
    rng = np.random.default_rng(seed)
    views = np.repeat(np.arange(size // 3), rng.integers(3, 10, size // 3))[:size]
    rng.shuffle(views)
    scale = (np.arange(1, DIMS + 1) ** (-DECAY / 2)).astype(np.float32)
    centres = np.concatenate([_directions(rng, len(block), scale) for block in np.array_split(np.unique(views), size // 256)])
    signatures = np.empty((size, DIMS), np.float16)
    for block in np.array_split(np.arange(size), size // 256):
        share = (1 - (1 - LEAST_SHARE) * rng.uniform(0, 1, (len(block), 1)) ** 3.5).astype(np.float32)
        rows = share * centres[views[block]] + np.sqrt(1 - share**2) * _directions(rng, len(block), scale)
        signatures[block] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return signatures, views


def _directions(rng: np.random.Generator, count: int, scale: np.ndarray) -> np.ndarray:
    rows = rng.standard_normal((count, DIMS), np.float32) * scale
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _likeliest(signatures: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The pairs that are among the COMPARED nearest of either photograph."""
    blocks = np.array_split(pairs, max(1, len(pairs) // 8192))
    products = [(signatures[block[:, 0]].astype(np.float32) * signatures[block[:, 1]]).sum(axis=1) for block in blocks]
    likeness = np.concatenate(products)
    ends = np.concatenate([pairs[:, 0], pairs[:, 1]])
    order = np.lexsort((-np.concatenate([likeness, likeness]), ends))
    rank = np.arange(len(order)) - np.searchsorted(ends[order], ends[order])
    return pairs[np.unique(order[rank < COMPARED] % len(pairs))]


def _recall(signatures: np.ndarray, views: np.ndarray, own: set[tuple[int, int]]) -> float:
    """How many in-view neighbours that comparing some rows with all finds are among the pairs."""
    some = np.random.default_rng(0).choice(len(views), min(len(views), QUESTIONED), replace=False)
    products = np.concatenate(
        [signatures[some].astype(np.float32) @ block.astype(np.float32).T for block in np.array_split(signatures, 64)], axis=1
    )
    products[np.arange(len(some)), some] = -np.inf
    nearest = np.argsort(-products, axis=1, kind="stable")[:, :NEIGHBOURS]
    wanted = {(min(i, j), max(i, j)) for i, row in zip(some.tolist(), nearest.tolist(), strict=True) for j in row}
    wanted = {(i, j) for i, j in wanted if views[i] == views[j]}
    return len(wanted & own) / len(wanted)


def _seconds_a_pair() -> float:
    """What the evidence of one pair costs, among pictures that are noise at every scale."""
    rng = np.random.default_rng(0)
    octaves = [[cv2.resize(rng.normal(size=(384 >> k, 512 >> k, 3)), (512, 384)) for k in range(2, 8)] for _ in range(64)]
    pictures = [np.clip(128 + 30 * np.sum(layers, axis=0), 0, 255).astype(np.uint8) for layers in octaves]
    descriptors = describe([cells_of(picture) for picture in pictures])
    pairs = np.sort(np.array([(i, (i + step) % 64) for step in range(1, 9) for i in range(64)], np.int32), axis=1)
    compare(descriptors, pairs[:2])  # compiles
    start = time.perf_counter()
    compare(descriptors, pairs)
    return (time.perf_counter() - start) / len(pairs)
