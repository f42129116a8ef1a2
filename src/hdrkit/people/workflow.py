"""The steps of the people workflow as objects: find persons, score photographs, or both, by one configuration.

As a script: python -m hdrkit.people.workflow config.yaml
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hdrkit.jobs.workers import executor
from hdrkit.models.roles import Role
from hdrkit.people.configuration import PeopleConfig, read_people_config
from hdrkit.pipeline.faces import FaceSources, find_people
from hdrkit.pipeline.score import score_folder
from hdrkit.types import PeopleResult, Progress, ScoringResult

Config = Path | str | Mapping[str, Any] | PeopleConfig | None


class FaceClusteringPipeline:
    """Finds the faces in photographs and joins them into persons, as `hdrkit faces` does.

    `config` is a config.yaml, a mapping with its sections, or a `PeopleConfig`. Raises InputError for settings that are wrong.
    """

    def __init__(self, config: Config = None) -> None:
        self.config = read_people_config(config)

    def run(self, progress: Progress | None = None) -> PeopleResult:
        """Write face_data.csv, output_clusters and people.html to the output folder. Raises the errors of `find_people`."""
        io = self.config.io
        named = {Role.FACE_DETECTOR: io.detector, Role.FACE_EMBEDDING: io.embedding, Role.FACE_LANDMARKS: io.landmarks}
        sources = FaceSources({role: name for role, name in named.items() if name}, io.gallery, io.labels_json)
        pool = partial(executor, io.workers, io.scheduler) if io.workers > 1 or io.scheduler else None
        return find_people(io.input_folder, io.output_folder, self.config.clustering, sources, progress, pool)


class PhotoScorer:
    """Scores photographs by the faces and the labels in a folder of results, as `hdrkit score` does. It reads no pixels."""

    def __init__(self, config: Config = None) -> None:
        self.config = read_people_config(config)

    def run(self) -> ScoringResult:
        """Write photo_scores.csv, best first, to `scores` in the output folder. Raises the errors of `score_folder`."""
        io = self.config.io
        return score_folder(io.output_folder, labels=io.labels_json, options=self.config.scoring)[0]


class WorkflowOrchestrator:
    """Both steps, one after the other. Labels may be written between two runs; until then every face counts as other."""

    def __init__(self, config: Config = None) -> None:
        self.config = read_people_config(config)

    def run(self, progress: Progress | None = None) -> tuple[PeopleResult, ScoringResult]:
        """Find persons and score photographs. Raises the errors of both steps."""
        people = FaceClusteringPipeline(self.config).run(progress)
        return people, PhotoScorer(self.config).run()


if __name__ == "__main__":
    WorkflowOrchestrator(*sys.argv[1:2]).run()
