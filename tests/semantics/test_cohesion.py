import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from hdrkit.semantics.cohesion import described, silhouettes_of
from hdrkit.types import ALONE, Cohesion


def test_a_group_that_is_wider_than_most_is_low():
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2, ALONE], 30)
    rows = (10 * groups[:, None] + rng.normal(size=(120, 4)) * np.array([1, 1, 3, 9]).repeat(30)[:, None]).astype(np.float32)
    found = described(rows, groups, silhouettes_of(rows, groups))
    assert [one.quality for one in found] == [Cohesion.HIGH, Cohesion.HIGH, Cohesion.LOW]
    first = rows[:30]
    assert found[0].spread == pytest.approx(np.linalg.norm(first - first.mean(axis=0), axis=1).mean(), rel=1e-5)


def test_the_most_typical_picture_comes_first():
    rows = np.array([[0.0, 0], [1, 0], [9, 0], [4, 0]], np.float32)
    (found,) = described(rows, np.zeros(4, int), np.zeros(4))
    assert found.members == (3, 1, 0, 2)


def test_silhouettes_follow_those_of_all_pairs():
    rng = np.random.default_rng(2)
    groups = np.repeat([0, 1, 2], 40)
    rows = (np.array([0, 3, 7])[groups, None] + rng.normal(size=(120, 8))).astype(np.float32)
    assert np.corrcoef(silhouettes_of(rows, groups), silhouette_samples(rows, groups))[0, 1] > 0.98
    assert np.abs(silhouettes_of(rows, groups) - silhouette_samples(rows, groups)).max() < 0.1


def test_a_picture_in_the_wrong_group_has_a_silhouette_below_zero():
    rows = np.array([[0.0], [0.1], [5], [5.1], [5.2]], np.float32)
    silhouettes = silhouettes_of(rows, np.array([0, 0, 0, 1, 1]))
    assert silhouettes[2] < 0 < silhouettes[0]


def test_one_group_has_silhouettes_of_zero_and_a_picture_alone_has_none():
    silhouettes = silhouettes_of(np.zeros((3, 2), np.float32), np.array([0, 0, ALONE]))
    assert silhouettes[:2].tolist() == [0, 0]
    assert np.isnan(silhouettes[2])


def test_a_picture_alone_in_its_group_has_a_silhouette_of_zero_and_its_group_is_low():
    rows = np.array([[0.0, 0], [1, 0], [9, 0], [10.4, 0], [30, 0]], np.float32)
    groups = np.array([0, 0, 1, 1, 2])
    silhouettes = silhouettes_of(rows, groups)
    np.testing.assert_allclose(silhouettes[4], 0)
    assert (silhouettes[:4] > 0.8).all()
    found = described(rows, groups, silhouettes)
    assert [one.quality for one in found] == [Cohesion.HIGH, Cohesion.HIGH, Cohesion.LOW]  # 0.7 is not wide beside 0.5
