import subprocess
import sys

import numpy as np
import pytest

from hdrkit.semantics.joining import OldMap
from hdrkit.semantics.layout import lay_out, place
from hdrkit.semantics.mapping import map_vectors
from hdrkit.semantics.options import MapOptions


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_few_pictures_lie_at_their_principal_components(count):
    rows = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    places = lay_out(rows, seed=1)
    assert np.array_equal(places[:, :2], rows)
    assert not places[:, 2].any()


def test_pictures_that_are_all_alike_lie_together():
    assert not lay_out(np.zeros((9, 1), np.float32), seed=1).any()


_COMPILED = """
import sys
import numpy as np
import numba.core.event as event
from hdrkit.semantics.layout import lay_out
told = event.RecordingListener()
event.register("numba:compile", told)
places = lay_out(np.random.default_rng(6).normal(size=(12, 4)).astype(np.float32), 1)
print(places.tobytes().hex())
functions = [one.data["dispatcher"].py_func for _, one in told.buffer]
print(*sorted({one.__qualname__ for one in functions if one.__module__.startswith("umap")}))
"""


def test_a_process_compiles_next_to_nothing_of_umap_and_gets_the_same_places():
    rows = np.random.default_rng(6).normal(size=(12, 4)).astype(np.float32)
    places = lay_out(rows, 1)
    told = subprocess.run([sys.executable, "-c", _COMPILED], capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == [places.tobytes().hex(), "tau_rand tau_rand_int"]  # compiled while UMAP is loaded, in 0.2 s


def test_a_new_picture_lies_among_those_it_is_like():
    rng = np.random.default_rng(1)
    old = unit(np.repeat(np.eye(3, 16), 10, axis=0) + 0.05 * rng.normal(size=(30, 16)))
    positions = np.repeat(np.eye(3, dtype=np.float32) * 10, 10, axis=0)
    new = unit(np.eye(3, 16)[[2, 0]] + 0.05 * rng.normal(size=(2, 16)))
    assert np.allclose(place(new, old, positions), [[0, 0, 10], [10, 0, 0]], atol=1e-4)


def test_a_picture_that_is_there_already_lies_nearest_to_its_copy():
    old = unit(np.random.default_rng(2).normal(size=(20, 16)))
    positions = np.random.default_rng(3).normal(size=(20, 3)).astype(np.float32)
    places = place(old, old, positions)
    nearest = np.linalg.norm(places[:, None] - positions, axis=2).argmin(axis=1)
    assert (nearest == np.arange(20)).mean() > 0.8


def test_new_pictures_move_nothing_on_an_old_map():
    vectors = unit(np.repeat(np.eye(3, 16), 10, axis=0) + 0.05 * np.random.default_rng(4).normal(size=(30, 16)))
    positions = 20 * np.repeat(np.eye(3), 5, axis=0) + np.random.default_rng(5).normal(size=(15, 3))
    old = OldMap(np.arange(0, 30, 2), positions.astype(np.float32), np.repeat([4, 0, 2], 5), 5)
    mapped = map_vectors(vectors, MapOptions(), old)
    assert np.array_equal(mapped.positions[::2], old.positions)
    assert np.array_equal(mapped.numbers[::2], old.numbers)
    assert mapped.numbers.tolist() == np.repeat([4, 0, 2], 10).tolist()
