"""config.yaml of the people workflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from hdrkit.errors import InputError
from hdrkit.people import PeopleConfig, read_people_config

CONFIG = """
io: {input_folder: event_images, output_folder: results, workers: 2, detector: yunet}
clustering: {method: average, threshold: 0.08, min_size: 40}
scoring: {eyes: 0.6, require_all_eyes_open: true}
"""


def test_the_sections_of_the_document(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    config = read_people_config(path)
    assert (config.io.input_folder, config.io.output_folder) == (tmp_path / "event_images", tmp_path / "results")
    assert (config.io.workers, config.io.detector, config.io.gallery) == (2, "yunet", None)
    assert (config.clustering.threshold, config.clustering.min_size) == (0.08, 40.0)
    assert config.scoring.eyes == 0.6


def test_a_mapping_and_nothing() -> None:
    assert read_people_config(None) == PeopleConfig()
    assert read_people_config({"clustering": {"max_yaw": 30}}).clustering.max_yaw == 30.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"clusterings": {}}, "the nearest is 'clustering'"),
        ({"clustering": {"treshold": 0.1}}, "the nearest is 'threshold'"),
        ({"clustering": {"threshold": 5.0}}, "a threshold is a cosine distance"),
        ({"io": {"workers": 0}}, "at least 1 process"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_people_config(given)
