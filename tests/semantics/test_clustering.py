import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hdrkit.semantics.clustering import copies_once, hierarchical_dbscan, knee_tuned_dbscan, least_members
from hdrkit.types import ALONE


def planted(kinds=4, each=30, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(kinds), each)
    return (3 * rng.normal(size=(kinds, 3))[truth] + 0.15 * rng.normal(size=(len(truth), 3))).astype(np.float32), truth


@pytest.mark.parametrize("find", [knee_tuned_dbscan, hierarchical_dbscan])
def test_dense_kinds_are_groups(find):
    rows, truth = planted()
    groups = find(rows).groups
    inside = groups != ALONE
    assert inside.mean() > 0.8
    assert adjusted_rand_score(truth[inside], groups[inside]) == 1


def test_a_row_far_from_all_is_alone():
    rows = np.concatenate([planted()[0], [[99, 99, 99]]]).astype(np.float32)
    assert knee_tuned_dbscan(rows).groups[-1] == ALONE


@pytest.mark.parametrize(("count", "least"), [(2, 2), (5, 2), (6, 3), (199, 3), (200, 5), (999, 5), (1000, 10)])
def test_more_pictures_must_be_denser(count, least):
    assert least_members(count) == least


def test_rows_that_are_all_alike_are_one_group():
    found = knee_tuned_dbscan(np.zeros((6, 2), np.float32))
    assert found.groups.tolist() == [0] * 6
    assert found.settings["tries"] == 3


FIVE = np.array([[0, 0], [0.4, 0], [0.4, 0.5], [3, 0], [3, 0.1]], np.float32)


@pytest.mark.parametrize("find", [knee_tuned_dbscan, hierarchical_dbscan])
def test_of_five_rows_two_and_three_are_groups(find):
    groups = find(FIVE).groups
    assert adjusted_rand_score([0, 0, 0, 1, 1], groups) == 1
    assert (groups != ALONE).all()


@pytest.mark.parametrize("find", [knee_tuned_dbscan, hierarchical_dbscan])
def test_copies_count_once_and_are_one_group_even_where_nothing_is_near(find):
    rows, truth = planted(kinds=3, each=20)
    rows = np.concatenate([rows, np.full((1, 3), 99, np.float32)])
    once = find(rows).groups
    many = copies_once(find, np.repeat(rows, 3, axis=0), np.repeat(rows, 3, axis=0)).groups
    assert once[-1] == ALONE
    assert len(set(many[-3:].tolist())) == 1
    assert many[-1] not in {ALONE, *many[:-3].tolist()}
    inside = np.repeat(once, 3) != ALONE
    assert adjusted_rand_score(np.repeat(once, 3)[inside], many[inside]) == 1
    assert len(set(copies_once(find, rows[:2].repeat(4, axis=0), rows[:2].repeat(4, axis=0)).groups[:4].tolist())) == 1


@pytest.mark.parametrize("find", [knee_tuned_dbscan, hierarchical_dbscan])
def test_without_copies_groups_are_as_they_were(find):
    rows, _ = planted()
    assert np.array_equal(copies_once(find, rows, rows).groups, find(rows).groups)
