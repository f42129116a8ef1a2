import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hdrkit.errors import InputError
from hdrkit.semantics.clustering import knee_tuned_dbscan
from hdrkit.semantics.mapping import map_vectors
from hdrkit.semantics.options import ClusterIn, GroupMethod, MapOptions
from hdrkit.types import ALONE


def planted(kinds, each, apart=1.0, seed=0, dims=64):
    """Unit vectors (kinds * each, dims) that scatter around `kinds` directions, and the kind of each."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(kinds, dims)) * apart
    truth = np.repeat(np.arange(kinds), each)
    vectors = centres[truth] + 0.3 * rng.normal(size=(len(truth), dims))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), truth


@pytest.fixture(scope="module")
def mapped():
    vectors, _ = planted(4, 20)
    return map_vectors(vectors, MapOptions())


def test_planted_kinds_are_the_groups(mapped):
    truth = planted(4, 20)[1]
    for group in mapped.groups:
        assert len({int(truth[k]) for k in group.members}) == 1
    assert len(mapped.groups) == 4


def test_groups_are_numbered_by_size(mapped):
    sizes = [len(group.members) for group in mapped.groups]
    assert sizes == sorted(sizes, reverse=True)
    assert [group.number for group in mapped.groups] == list(range(4))
    for group in mapped.groups:
        assert (mapped.numbers[list(group.members)] == group.number).all()


def test_kinds_lie_together_on_the_map(mapped):
    truth = planted(4, 20)[1]
    centres = np.stack([mapped.positions[truth == kind].mean(axis=0) for kind in range(4)])
    nearest = np.linalg.norm(mapped.positions[:, None] - centres, axis=2).argmin(axis=1)
    assert mapped.positions.shape == (80, 3)
    assert (nearest == truth).mean() > 0.95


def test_the_same_vectors_give_the_same_map(mapped):
    again = map_vectors(planted(4, 20)[0], MapOptions())
    assert np.array_equal(again.positions, mapped.positions)
    assert again.groups == mapped.groups


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_pictures_have_places(count):
    vectors = planted(1, max(count, 1))[0][:count]
    mapped = map_vectors(vectors, MapOptions())
    assert mapped.positions.shape == (count, 3)
    assert np.isfinite(mapped.positions).all()
    assert mapped.numbers.shape == (count,)


@pytest.mark.parametrize("cluster_in", ClusterIn)
@pytest.mark.parametrize("method", GroupMethod)
def test_identical_pictures_are_one_group(method, cluster_in):
    mapped = map_vectors(np.tile(planted(1, 1)[0], (8, 1)), MapOptions(method=method, cluster_in=cluster_in))
    assert set(mapped.numbers.tolist()) == {0}
    assert np.isfinite(mapped.positions).all()


def test_silhouettes_are_of_pictures_in_groups(mapped):
    inside = mapped.numbers != ALONE
    assert (mapped.silhouettes[inside] > 0).all()
    assert np.isnan(mapped.silhouettes[~inside]).all()


def test_the_largest_seed_makes_a_map_and_a_larger_one_is_refused():
    options = MapOptions(seed=2**32 - 1)
    assert len(map_vectors(planted(2, 8)[0], options).groups) == 2
    with pytest.raises(InputError, match=f"a seed is 0 to {2**32 - 1}, not {2**32}"):
        MapOptions(seed=2**32)


def test_dense_places_of_the_layout_are_those_of_dbscan_there(mapped):
    vectors, truth = planted(4, 20)
    found = map_vectors(vectors, MapOptions(method=GroupMethod.DBSCAN, cluster_in=ClusterIn.LAYOUT))
    assert np.array_equal(found.positions, mapped.positions)
    recipe = knee_tuned_dbscan(mapped.positions)
    assert adjusted_rand_score(recipe.groups, found.numbers) == 1
    assert recipe.settings.items() <= found.settings.items()
    assert adjusted_rand_score(truth, found.numbers) > 0.8
