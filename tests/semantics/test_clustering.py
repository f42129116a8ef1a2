import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hdrkit.semantics.clustering import hierarchical_dbscan, knee_tuned_dbscan, least_members
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


@pytest.mark.parametrize(("count", "least"), [(199, 3), (200, 5), (999, 5), (1000, 10)])
def test_more_pictures_must_be_denser(count, least):
    assert least_members(count) == least


def test_rows_that_are_all_alike_are_one_group():
    found = knee_tuned_dbscan(np.zeros((6, 2), np.float32))
    assert found.groups.tolist() == [0] * 6
    assert found.settings["tries"] == 3
