"""Shots of photographs: the frames of a bracket are one, and each of its faces is taken where it is shown best."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hdrkit.cache.index import open_cache
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.previews import content_digest
from hdrkit.pipeline import face_shots
from hdrkit.pipeline.face_shots import best_faces, shots_of_photos
from hdrkit.types import Face, FaceMeasures, Photo, SeenFace

ROOM = Path(__file__).parents[2] / "samples" / "room"


def seen(x: float, focus: float | None, size: float = 80.0) -> SeenFace:
    face = Face((x, 50.0, size, size), np.zeros((5, 2), np.float32), 0.9)
    return SeenFace(Path(), face, np.ones(4, np.float32) / 2, FaceMeasures(yaw=0.0, eyes=1.0, focus=focus))


def test_each_face_is_taken_where_it_is_shown_best() -> None:
    dark = [seen(100, None), seen(400, 0.8)]
    middle = [seen(103, 0.9), seen(396, 0.5), seen(800, 0.7)]
    bright = [seen(98, 0.3)]
    assert best_faces([dark, middle, bright]) == [(0, 1), (1, 0), (1, 2)]


def test_two_faces_of_one_frame_stay_two() -> None:
    assert best_faces([[seen(100, 0.9), seen(120, 0.8)]]) == [(0, 0), (0, 1)]
    assert best_faces([]) == []


def test_brackets_are_one_shot_and_looked_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path))
    digests: dict[Photo, bytes] = {read_photo(path): content_digest(path.read_bytes()) for path in sorted(ROOM.glob("*.JPG"))}
    with open_cache() as cache:
        shots = shots_of_photos(list(digests), digests, cache, 2)
    sizes = sorted(len(shot.photos) for shot in shots)
    assert sum(sizes) == len(digests)
    assert sizes[-3:] >= [3, 3, 3]

    def not_again(*_: object) -> None:
        raise AssertionError("looked at pixels again")

    monkeypatch.setattr(face_shots, "glances", not_again)
    with open_cache() as cache:
        again = shots_of_photos(list(digests), digests, cache, 2)
    assert [shot.photos for shot in again] == [shot.photos for shot in shots]


def test_photographs_without_stated_exposures_are_shots_of_their_own(tmp_path: Path) -> None:
    photos = [replace(read_photo(path), exposure=None) for path in sorted(ROOM.glob("*.JPG"))[:4]]
    with open_cache(enabled=False) as cache:
        shots = shots_of_photos(photos, dict.fromkeys(photos, b"0" * 16), cache, 2)
    assert [len(shot.photos) for shot in shots] == [1] * 4
