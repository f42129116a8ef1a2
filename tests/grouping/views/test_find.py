"""Photographs into views: planted scenes are found, whatever the order, and a person has the last word."""

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.grouping.evidence.compare import compare
from hdrkit.grouping.evidence.descriptor import cells_of, describe
from hdrkit.grouping.options import ClusteringOptions, Linkage
from hdrkit.grouping.views.candidates import candidates
from hdrkit.grouping.views.find import NEIGHBOURS, Decided, find_views

EVS = (-4.0, -2.0, 0.0, 2.0, 4.0)


@pytest.fixture(scope="module")
def card(preview):
    """Five scenes in five exposures, one held by hand, and a white frame: descriptors and the true views."""
    frames = [preview(scene, ev, (0.01 * ev, 0) if scene == 4 else (0, 0)) for scene in range(5) for ev in EVS]
    return describe([cells_of(frame) for frame in [*frames, preview(0, 14.0)]]), np.array([*np.repeat(range(5), 5), -1])


def views_of(descriptors, **more):
    options = more.pop("options", ClusteringOptions())
    pairs = candidates(descriptors.signature, NEIGHBOURS)
    return find_views(descriptors, pairs, lambda wanted: compare(descriptors, wanted), options, **more)


@pytest.mark.parametrize("method", list(Linkage))
def test_planted_scenes_are_found(card, method):
    descriptors, truth = card
    assert views_of(descriptors, options=ClusteringOptions(method=method)).labels.tolist() == truth.tolist()


def test_the_order_of_photographs_does_not_matter(card):
    descriptors, truth = card
    order = np.random.default_rng(0).permutation(len(truth))
    labels = views_of(descriptors.take(order)).labels
    together = labels[:, None] == labels
    np.testing.assert_array_equal(together, truth[order][:, None] == truth[order])


def test_few_pairs_are_compared_and_none_twice(card):
    views = views_of(card[0])
    assert len(np.unique(views.pairs, axis=0)) == len(views.pairs) < 25 * 24 / 2
    assert (views.pairs[:, 0] < views.pairs[:, 1]).all()


@pytest.mark.parametrize("method", list(Linkage))
def test_a_person_has_the_last_word(card, method):
    descriptors, _ = card
    decided = Decided(together=np.array([[0, 25], [4, 5]], np.int32), apart=np.array([[10, 11]], np.int32))
    labels = views_of(descriptors, options=ClusteringOptions(method=method), decided=decided).labels
    assert labels[0] == labels[25]
    assert labels[4] == labels[5]
    assert labels[10] != labels[11]
    assert len(set(labels[20:25])) == 1


def test_frames_without_content_are_where_a_person_put_them(preview):
    black = describe([cells_of(preview(0, -24.0))] * 4)
    views = views_of(black, decided=Decided(together=np.array([[0, 1], [2, 2]], np.int32)))
    assert views.labels.tolist() == [0, 0, 1, -1]  # 2 stands for copies
    assert views.together.tolist() == [[0, 1], [2, 2]]


def test_decisions_that_contradict_each_other_are_refused(card):
    decided = Decided(together=np.array([[0, 1], [1, 2]], np.int32), apart=np.array([[0, 2]], np.int32))
    with pytest.raises(InputError, match="contradict each other"):
        views_of(card[0], decided=decided)


def test_metadata_can_keep_views_apart(card):
    descriptors, truth = card
    camera = np.arange(len(truth)) % 2

    def prior(pairs):
        return np.where(camera[pairs[:, 0]] == camera[pairs[:, 1]], 0.0, -20.0)

    labels = views_of(descriptors, prior=prior).labels
    assert all(len(set(camera[labels == label])) == 1 for label in set(labels[:25]))


def test_nothing_to_see_is_in_no_view(preview):
    assert views_of(describe([cells_of(preview(0, 14.0)), cells_of(preview(0, -24.0))])).labels.tolist() == [-1, -1]
