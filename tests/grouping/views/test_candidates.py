import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from hdrkit.grouping.views.candidates import candidates, merged, time_neighbours
from hdrkit.types import Encoding, Photo


def clusters(count, dims, seed, likeness=(0.6, 0.99)):
    """Rows of length 1 around `count` centres, 3 to 9 of each, and which centre each belongs to; in random order."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(count), rng.integers(3, 10, count)))
    centres, noise = (rng.normal(size=(n, dims)) for n in (count, len(labels)))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    share = rng.uniform(*likeness, (len(labels), 1))
    rows = share * centres[labels] + np.sqrt(1 - share**2) * noise
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


def reference(rows, k):
    pairs = set()
    for i in range(len(rows)):
        likeness = rows.astype(np.float64) @ rows[i]
        likeness[i] = -np.inf
        pairs |= {(min(i, j), max(i, j)) for j in np.argsort(-likeness)[:k].tolist()}
    return sorted(pairs)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_up_to_thousands_the_neighbours_are_the_true_ones(dtype):
    rows = clusters(300, 40, seed=3)[0].astype(dtype)
    assert len(rows) > 1024  # more than one block
    found = candidates(rows, 5)
    assert found.dtype == np.int32
    assert [tuple(pair) for pair in found.tolist()] == reference(rows.astype(np.float32), 5)


def test_a_graph_of_neighbours_finds_nearly_what_all_products_find():
    rows, labels = clusters(700, 400, seed=3)
    exact = candidates(rows, 6)
    quick = candidates(rows, 6, most_exact=100)
    own = [{tuple(p) for p in pairs.tolist() if labels[p[0]] == labels[p[1]]} for pairs in (exact, quick)]
    assert len(own[0]) > 8000
    assert len(own[0] & own[1]) > 0.99 * len(own[0])
    assert len(quick) < 1.1 * len(exact)
    assert (quick[:, 0] < quick[:, 1]).all()
    assert (np.unique(quick, axis=0) == quick).all()


def test_the_same_rows_give_the_same_pairs_in_another_process_with_other_threads(tmp_path):
    rows, _ = clusters(600, 300, seed=11)
    np.save(tmp_path / "rows.npy", rows)
    program = (
        "import sys, numpy as np; from hdrkit.grouping.views import candidates as module\n"
        "np.save(sys.argv[2], module.candidates(np.load(sys.argv[1]), 6, most_exact=100))"
    )
    for threads in "14":
        command = [sys.executable, "-c", program, tmp_path / "rows.npy", tmp_path / f"{threads}.npy"]
        subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": "1"})
    one, four = (np.load(tmp_path / f"{threads}.npy") for threads in "14")
    assert (one == four).all()


@pytest.mark.parametrize("most_exact", [0, 10_000])
def test_rows_of_zeros_are_in_no_pair(most_exact):
    rows, _ = clusters(60, 30, seed=5)
    rows[::7] = 0
    found = candidates(rows, 6, most_exact)
    assert not np.isin(found, np.arange(0, len(rows), 7)).any()
    assert set(found.ravel().tolist()) == set(range(len(rows))) - set(range(0, len(rows), 7))


@pytest.mark.parametrize("most_exact", [0, 10_000])
def test_few_and_identical_rows(most_exact):
    row = np.full((1, 16), 0.25, np.float32)
    for count, pairs in ((0, 0), (1, 0), (2, 1), (3, 3)):
        found = candidates(np.repeat(row, count, axis=0), 6, most_exact)
        assert found.shape == (pairs, 2)
    assert candidates(np.zeros((5, 16), np.float32), 3).shape == (0, 2)
    many = candidates(np.repeat(row, 1000, axis=0), 6, most_exact)
    assert 0 < len(many) <= 7000


def shot(camera, taken, serial=""):
    return Photo(Path("a.jpg"), 60, 40, Encoding.ENCODED8, camera=camera, serial=serial, taken_at=taken)


def test_neighbours_in_time_are_of_one_camera_and_one_clock():
    noon = datetime(2024, 6, 1, 12)
    photos = [
        shot("a", noon + timedelta(seconds=4)),
        shot("b", noon + timedelta(seconds=1)),
        shot("a", noon),
        shot("a", None),
        shot("a", noon + timedelta(seconds=1)),
        shot("b", noon),
        shot("a", noon + timedelta(seconds=2)),
        shot("a", noon.replace(tzinfo=UTC)),
        shot("a", noon, serial="2"),
    ]
    assert time_neighbours(photos, 1).tolist() == [[0, 6], [1, 5], [2, 4], [4, 6]]
    assert time_neighbours(photos, 2).tolist() == [[0, 4], [0, 6], [1, 5], [2, 4], [2, 6], [4, 6]]
    assert time_neighbours(photos[3:4], 2).shape == time_neighbours([], 2).shape == (0, 2)


def test_zones_are_compared_by_the_moment():
    east = datetime.fromisoformat("2024-06-01T14:00:01+02:00")
    photos = [shot("a", east), shot("a", datetime(2024, 6, 1, 15, tzinfo=UTC)), shot("a", datetime(2024, 6, 1, 12, tzinfo=UTC))]
    assert time_neighbours(photos, 1).tolist() == [[0, 1], [0, 2]]


def test_merged_pairs_are_sorted_and_distinct():
    a = np.array([[0, 5], [2, 3]], np.int32)
    b = np.array([[0, 1], [2, 3]], np.int32)
    assert merged(a, b, np.zeros((0, 2), np.int32)).tolist() == [[0, 1], [0, 5], [2, 3]]
    assert merged(a, b).dtype == np.int32
