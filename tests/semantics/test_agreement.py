import numpy as np
from sklearn.metrics import adjusted_rand_score

from hdrkit.semantics.agreement import agreeing_groups
from hdrkit.semantics.layout import lay_out
from hdrkit.types import ALONE


def planted(sizes, scatter, seed=0, dims=48):
    """Rows around directions of their own, `sizes` of each kind, each kind with its scatter; and the kind of each row."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(sizes), dims)) / np.sqrt(dims)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    spread = np.repeat(scatter, sizes)[:, None] / np.sqrt(dims)
    rows = centres[truth] + spread * rng.normal(size=(len(truth), dims))
    return (rows - rows.mean(axis=0)).astype(np.float32), truth


def found(rows, seed, **settings):
    return agreeing_groups(rows, lay_out(rows, seed), seed, **settings)


def test_kinds_that_scatter_much_and_little_are_found_together():
    rows, truth = planted([40, 40, 12, 12, 12, 12], [0.7, 0.7, 0.1, 0.1, 0.1, 0.1])
    assert adjusted_rand_score(truth, found(rows, seed=1).groups) > 0.95


def test_a_picture_like_no_other_is_alone():
    rows, truth = planted([30, 30, 30, 1], [0.3, 0.3, 0.3, 0.3])
    groups = found(rows, seed=1).groups
    assert groups[-1] == ALONE
    assert (groups[:-1] != ALONE).all()


def test_the_same_seed_gives_the_same_groups_and_the_order_of_pictures_does_not_matter_much():
    rows, _ = planted([25] * 6, [0.8] * 6)
    groups = found(rows, seed=3).groups
    assert np.array_equal(groups, found(rows, seed=3).groups)
    order = np.random.default_rng(0).permutation(len(rows))
    assert adjusted_rand_score(groups[order], found(rows[order], seed=3).groups) > 0.9


def test_copies_are_one_group_whatever_else_there_is():
    rows, _ = planted([20, 20], [0.6, 0.6])
    rows = np.concatenate([np.repeat(rows[:1], 30, axis=0), rows[1:]])
    groups = found(rows, seed=1).groups
    assert len(set(groups[:30].tolist())) == 1
    assert groups[0] != ALONE
    assert set(found(np.zeros((7, 3), np.float32), seed=1).groups.tolist()) == {0}


def test_two_unlike_pictures_are_no_group():
    assert set(found(np.array([[1, 0], [-1, 0]], np.float32), seed=1).groups.tolist()) == {ALONE}


def test_many_pictures_are_joined_in_pieces_with_hardly_another_result():
    rows, _ = planted([20] * 12, [0.7] * 12)
    whole = found(rows, seed=1).groups
    pieces = found(rows, seed=1, most_linked=20).groups
    assert adjusted_rand_score(whole, pieces) > 0.95
