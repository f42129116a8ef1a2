"""The memory of a map comes back as it was, also from a folder that was moved together with its pictures."""

import os
from pathlib import Path

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.results.map_memory import MEMORY, memory_file, memory_of, read_memory


def remembered(folder, result):
    vectors = np.random.default_rng(1).normal(size=(len(result.pictures), 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return memory_of(result, [bytes([k]) * 16 for k in range(len(result.pictures))], vectors, "a network")


def written(folder, memory):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MEMORY).write_bytes(memory_file(memory, folder))
    return read_memory(folder)


def test_a_memory_comes_back(tmp_path, planted_map):
    memory = remembered(tmp_path, planted_map(tmp_path / "pictures"))
    back = written(tmp_path / "out", memory)
    assert (back.paths, back.digests, back.version) == (memory.paths, memory.digests, "a network")
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
    back = written(tmp_path, memory_of(planted_map(tmp_path, (), 0), [], np.zeros((0, 6)), "a network"))
    assert (back.paths, back.digests, len(back.groups)) == ((), (), 0)


def test_a_folder_without_a_memory_has_none(tmp_path):
    assert read_memory(tmp_path) is None


@pytest.mark.parametrize("change", [lambda data: data[: len(data) // 2], lambda _: b"nothing", lambda _: b""])
def test_a_damaged_memory_is_an_error_of_one_line(tmp_path, planted_map, change):
    (tmp_path / MEMORY).write_bytes(change(memory_file(remembered(tmp_path, planted_map(tmp_path)), tmp_path)))
    with pytest.raises(InputError, match=r"embeddings\.npz: the memory of the map is damaged; make the map again") as error:
        read_memory(tmp_path)
    assert "\n" not in str(error.value)


def test_a_memory_whose_parts_disagree_is_damaged(tmp_path, planted_map):
    memory = remembered(tmp_path, planted_map(Path(tmp_path)))
    with pytest.raises(InputError, match="damaged"):
        written(
            tmp_path,
            type(memory)(
                memory.paths[1:], *(getattr(memory, name) for name in ("digests", "vectors")), memory.positions, memory.groups, ""
            ),
        )
