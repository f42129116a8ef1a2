"""Sets of photographs with known views: real ones, and brackets rendered from panoramas, from a tripod or held by hand."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.truth import data_folder
from hdrkit.types import GroupingResult

WRONG_LISTS = ("ssar_", "em_lake")


@dataclass(frozen=True)
class Collection:
    """A folder of photographs and the truth about each of them, by file name."""

    name: str
    folder: Path
    truth: Mapping[str, Mapping[str, str]]

    def has_content(self, name: str) -> bool:
        return self.truth[name]["content"] == "1"

    def relative_exposure(self, name: str) -> float | None:
        """t ISO / N^2 of a photograph, None where it is not known."""
        row = self.truth[name]
        if not row["exposure_time_s"]:
            return None
        return float(row["exposure_time_s"]) * float(row.get("iso") or 100) / float(row.get("fnumber") or 1) ** 2


@lru_cache
def collection(name: str) -> Collection:
    """`real`, or a preset of the renderer and a seed, such as `normal 2` or `hard 1`."""
    if name == "real":
        folder = data_folder() / "brackets"
    else:
        preset, seed = name.split()
        folder = Path(tempfile.gettempdir()) / f"hdrkit-groups-{preset}-{seed}"
        if not (folder / "truth.csv").is_file():
            tool = data_folder().parent / "tools" / "render_brackets.py"
            options = ["--preset", preset, "--seed", seed]
            subprocess.run([sys.executable, str(tool), str(data_folder() / "panoramas"), str(folder), *options], check=True)
    with (folder / "truth.csv").open(newline="") as file:
        return Collection(name, folder / "images", {row["filename"]: row for row in csv.DictReader(file)})


@dataclass(frozen=True)
class Score:
    """How a grouping compares with the truth: the share of true groups found exactly, and predicted groups that mix true ones."""

    groups: int
    exact: float
    merged_wrongly: int


def score(truth: Mapping[str, Hashable], predicted: Mapping[str, Hashable]) -> Score:
    """Labels of the same files compared, as sets."""
    true_groups, predicted_groups = sets(truth), sets(predicted)
    return Score(
        len(true_groups),
        len(true_groups & predicted_groups) / len(true_groups),
        sum(len({truth[name] for name in group}) > 1 for group in predicted_groups),
    )


def sets(labels: Mapping[str, Hashable]) -> set[frozenset[str]]:
    groups = defaultdict(set)
    for name, label in labels.items():
        groups[label].add(name)
    return {frozenset(group) for group in groups.values()}


def labels(result: GroupingResult, column: str) -> dict[str, str]:
    """`view` or `bracket` of each file; what is unassigned stands alone."""
    named = {
        member.photo.path.name: cluster.view if column == "view" else cluster.name
        for cluster in result.clusters
        for member in cluster.members
    }
    return named | {member.photo.path.name: f"unassigned {k}" for k, member in enumerate(result.unassigned)}


def adjacent_order(result: GroupingResult, truth: Collection) -> tuple[int, int]:
    """Neighbours in a cluster whose true exposures differ, and how many of them stand in the right order.

    Scenes of which the authors' lists of exposures do not follow the brightness of the pictures are left out.
    """
    pairs = right = 0
    for cluster in result.clusters:
        if any(truth.truth[member.photo.path.name]["view"].startswith(WRONG_LISTS) for member in cluster.members):
            continue
        known = [truth.relative_exposure(member.photo.path.name) for member in cluster.members]
        steps = np.diff(np.log2([exposure for exposure in known if exposure is not None]))
        pairs += int((np.abs(steps) > 0.1).sum())
        right += int((steps > 0.1).sum())
    return pairs, right
