import numpy as np

from hdrkit.semantics.joining import OldMap, joined
from hdrkit.types import ALONE


def old(pictures, numbers, following=6):
    return OldMap(np.array(pictures), np.zeros((len(pictures), 3), np.float32), np.array(numbers), following)


def test_new_pictures_join_the_group_that_most_of_their_kind_are_in():
    found = np.array([0, 0, 0, 0, 1, 1])
    assert joined(found, old([0, 1, 2, 4], [7, 7, 3, 3])).tolist() == [7, 7, 3, 7, 3, 3]


def test_new_pictures_of_a_new_kind_form_a_group_with_the_next_number():
    found = np.array([0, 0, 1, 1, 2, 2, ALONE])
    assert joined(found, old([0, 1], [4, 4], 5)).tolist() == [4, 4, 5, 5, 6, 6, ALONE]


def test_old_pictures_keep_their_numbers_whatever_is_found():
    found = np.array([0, 0, 0, 0])
    assert joined(found, old([0, 1, 2, 3], [0, 0, 1, 1])).tolist() == [0, 0, 1, 1]


def test_an_old_picture_alone_joins_new_ones_of_its_kind():
    assert joined(np.array([0, 0, 0]), old([0], [ALONE], 0)).tolist() == [0, 0, 0]


def test_a_group_that_left_leaves_its_number_unused():
    assert joined(np.array([0, 1, 1]), old([0], [5], 9)).tolist() == [5, 9, 9]
