"""How the cost of a map grows with the number of pictures: groups and layout of synthetic embeddings, nothing is read."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.neighbors import NearestNeighbors

from benchmarks.harness import Result, Table
from benchmarks.map_sets import judged
from benchmarks.processes import SCRATCH, run
from hdrkit.semantics.layout import lay_out
from hdrkit.semantics.mapping import grouping
from hdrkit.semantics.options import MapOptions
from hdrkit.semantics.reduction import principal_components

DIMS = 1280  # of the default embedding
DECAY = 0.5  # of the deviation along its principal axes
EACH = 60  # pictures of a kind, on average
ASKED_GB = 4.0
STEPS = ("principal components", "layout", "groups")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", type=int, nargs="+", default=[4096, 16384, 65536, 131072])
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> Result:
    found = _in_a_process(sorted(options.sizes), options.seed)
    sizes = np.array([one["size"] for one in found])
    exponents = {step: np.polyfit(np.log(sizes), np.log([one[step] for one in found]), 1)[0] for step in STEPS}
    rows: list[list[object]] = [
        [
            f"{one['size']:,}",
            *(f"{one[step]:.1f}" for step in STEPS),
            f"{one['peak_bytes'] / 1e9:.2f}",
            f"{one['ari']:.3f}",
            f"{one['apart']:.3f}",
            f"{one['alone']:.1%}",
            f"{one['near']:.3f}",
        ]
        for one in found
    ]
    rows.append(["growth as N to the", *(f"{exponents[step]:.2f}" for step in STEPS), "", "", "", "", ""])
    header = ["pictures", *(f"{step} (CPU s)" for step in STEPS), "peak (GB)", "ARI of groups", "apart", "alone"]
    header.append("near on the map and of one kind")
    about = (
        f"Synthetic vectors of {DIMS} numbers, half of whose variance is the kind, {EACH} pictures a kind, one size after the "
        f"other in one process. ARI counts pictures in no group as one group "
        f"more; `apart`, each as a group of its own. Asked for: 100,000 within {ASKED_GB:.0f} GB."
    )
    return Result("Growth of the cost of a map", about, [Table(header, rows)], _figure(sizes, found))


def _in_a_process(sizes: list[int], seed: int) -> list[dict[str, float]]:
    SCRATCH.mkdir(exist_ok=True)
    path = SCRATCH / "map_scale.json"
    run([sys.executable, "-c", f"from benchmarks.map_scale import report; report({sizes}, {seed}, {str(path)!r})"])
    found: list[dict[str, float]] = json.loads(path.read_text())
    return found


def report(sizes: list[int], seed: int, path: str) -> None:
    """Map synthetic vectors, fewer before more, and write down what each step cost, how well it did, and the peak memory."""
    lay_out(np.random.default_rng(0).normal(size=(4200, 8)).astype(np.float32), seed)  # so many that all of UMAP is compiled
    Path(path).write_text(json.dumps([_measured(size, seed) for size in sizes]))


def _measured(size: int, seed: int) -> dict[str, float]:
    vectors, kinds = synthetic(size, seed)
    times = [time.process_time()]
    rows = principal_components(vectors)
    del vectors
    times.append(time.process_time())
    places = lay_out(rows, seed)
    times.append(time.process_time())
    groups = grouping(rows, places, MapOptions(seed=seed)).groups
    times.append(time.process_time())
    agreed = judged(kinds, groups)
    spent = dict(zip(STEPS, np.diff(times).tolist(), strict=True))
    near = NearestNeighbors(n_neighbors=2).fit(places).kneighbors(places, return_distance=False)[:, 1]
    found = {
        "size": size,
        "ari": agreed.ari,
        "apart": agreed.ari_apart,
        "alone": agreed.alone,
        "near": float((kinds[near] == kinds).mean()),
    }
    return found | spent | {"peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def synthetic(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (size, DIMS) float32 and the kind of each (size,)."""
    rng = np.random.default_rng(seed)
    scale = (np.arange(1, DIMS + 1) ** -DECAY).astype(np.float32)
    kinds = rng.integers(0, max(2, size // EACH), size)
    centres = rng.standard_normal((kinds.max() + 1, DIMS), np.float32) * scale
    vectors = np.empty((size, DIMS), np.float32)
    for block in np.array_split(np.arange(size), max(1, size // 4096)):
        rows = centres[kinds[block]] + rng.standard_normal((len(block), DIMS), np.float32) * scale
        vectors[block] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors, kinds


def _figure(sizes: np.ndarray, found: list[dict[str, float]]) -> Figure:
    figure = Figure(figsize=(10, 4))
    left, right = figure.subplots(1, 2)
    for step in STEPS:
        left.loglog(sizes, [one[step] for one in found], "o-", label=step)
    left.set_ylabel("CPU seconds")
    right.semilogx(sizes, [one["peak_bytes"] / 1e9 for one in found], "o-", label="peak memory of the process")
    right.axhline(ASKED_GB, color="k", linestyle="--", label=f"{ASKED_GB:.0f} GB, asked for up to 100,000")
    right.set_ylim(0)
    right.set_ylabel("GB")
    for axes in (left, right):
        axes.set_xlabel("pictures")
        axes.legend()
    return figure
