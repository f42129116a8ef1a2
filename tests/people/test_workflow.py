"""The workflow objects, on drawn photographs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hdrkit.people import FaceClusteringPipeline, PhotoScorer, WorkflowOrchestrator
from tests.pipeline.test_faces import EXPECTED, DrawnReader, people_in, reader, shoot

__all__ = ["reader", "shoot"]  # fixtures


def config(shoot: Path, tmp_path: Path) -> dict[str, dict[str, object]]:
    return {"io": {"input_folder": shoot, "output_folder": tmp_path / "out", "workers": 1}}


def scores(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "out" / "scores" / "photo_scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("reader")
def test_both_steps_by_one_configuration(shoot: Path, tmp_path: Path) -> None:  # noqa: F811
    steps: list[str] = []
    people, scored = WorkflowOrchestrator(config(shoot, tmp_path)).run(lambda step, *_: steps.append(step))
    assert people_in(tmp_path / "out") == EXPECTED
    assert len(people.persons) == 3
    assert len(scored.scores) == len(scores(tmp_path)) == 6
    assert "reading faces" in steps


def test_labels_between_the_steps_change_scores_and_read_nothing(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:  # noqa: F811
    given = config(shoot, tmp_path)
    FaceClusteringPipeline(given).run()
    (tmp_path / "out" / "cluster_labels.json").write_text('{"2": "main"}')
    reader.read.clear()
    PhotoScorer(given).run()
    with_main = {Path(row["photo_path"]).name for row in scores(tmp_path) if row["main"] != "0"}
    assert with_main == {"p1.png", "p3.png"}
    assert reader.read == []
