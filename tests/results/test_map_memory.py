"""The memory of a map comes back as it was, also from a folder that was moved together with its pictures."""

import os
from dataclasses import replace

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.results.map_memory import MEMORY, MadeWith, memory_file, memory_of, read_memory

MADE_WITH = MadeWith("a network", {"method": "dbscan", "seed": 7})


def remembered(folder, result, least=0):
    vectors = np.random.default_rng(1).normal(size=(len(result.pictures), 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return memory_of(result, [bytes([k]) * 16 for k in range(len(result.pictures))], vectors, MADE_WITH, least)


def written(folder, memory):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MEMORY).write_bytes(memory_file(memory, folder))
    return read_memory(folder)


def test_a_memory_comes_back(tmp_path, planted_map):
    memory = remembered(tmp_path, planted_map(tmp_path / "pictures"))
    back = written(tmp_path / "out", memory)
    assert (back.paths, back.digests, back.made_with) == (memory.paths, memory.digests, MADE_WITH)
    assert np.array_equal(back.positions, memory.positions)
    assert np.array_equal(back.groups, memory.groups)
    assert np.abs(back.vectors - memory.vectors).max() < 1e-3
    assert back.vectors.dtype == np.float32


def test_the_same_memory_has_the_same_bytes(tmp_path, planted_map):
    result = planted_map(tmp_path)
    assert memory_file(remembered(tmp_path, result), tmp_path) == memory_file(remembered(tmp_path, result), tmp_path)


def test_paths_follow_a_folder_that_moves_with_its_pictures(tmp_path, planted_map):
    written(tmp_path / "a" / "out", remembered(tmp_path, planted_map(tmp_path / "a" / "pictures")))
    (tmp_path / "a").rename(tmp_path / "b")
    assert {path.parent for path in read_memory(tmp_path / "b" / "out").paths} == {tmp_path / "b" / "pictures"}


def test_a_name_that_is_not_utf_8_comes_back(tmp_path, planted_map):
    memory = remembered(tmp_path, planted_map(tmp_path, (1,), 0, os.fsdecode(b"caf\xe9.png")))
    assert written(tmp_path, memory).paths == (tmp_path / os.fsdecode(b"caf\xe9.png"),)


def test_an_empty_memory_comes_back(tmp_path, planted_map):
    back = written(tmp_path, memory_of(planted_map(tmp_path, (), 0), [], np.zeros((0, 6)), MADE_WITH))
    assert (back.paths, back.digests, len(back.groups)) == ((), (), 0)


def test_a_folder_without_a_memory_has_none(tmp_path):
    assert read_memory(tmp_path) is None


@pytest.mark.parametrize("change", [lambda data: data[: len(data) // 2], lambda _: b"nothing", lambda _: b""])
def test_a_damaged_memory_is_an_error_of_one_line(tmp_path, planted_map, change):
    (tmp_path / MEMORY).write_bytes(change(memory_file(remembered(tmp_path, planted_map(tmp_path)), tmp_path)))
    with pytest.raises(InputError, match=r"embeddings\.npz: the memory of the map is damaged; make the map again") as error:
        read_memory(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("least", "following"), [(0, 2), (1, 2), (9, 9)])
def test_the_number_of_the_next_group_is_one_that_no_group_had(tmp_path, planted_map, least, following):
    memory = written(tmp_path / "out", remembered(tmp_path, planted_map(tmp_path), least))
    assert memory.following == following


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("paths", lambda paths: paths[1:]),
        ("digests", lambda digests: digests[1:]),
        ("vectors", lambda vectors: vectors[:, 0]),
        ("vectors", lambda vectors: vectors * np.float32(np.nan)),
        ("positions", lambda positions: positions[:, :2]),
        ("positions", lambda positions: positions * np.float32(np.inf)),
        ("positions", lambda positions: positions.astype("U9")),
        ("groups", lambda groups: groups[1:]),
        ("groups", lambda groups: groups + 0.5),
        ("groups", lambda groups: groups - 2),
        ("groups", lambda groups: groups[:, None]),
        ("following", lambda _: 1),
    ],
)
def test_a_memory_with_values_that_cannot_be_is_damaged(tmp_path, planted_map, name, change):
    memory = remembered(tmp_path, planted_map(tmp_path))
    with pytest.raises(InputError, match="damaged"):
        written(tmp_path, replace(memory, **{name: change(getattr(memory, name))}))
