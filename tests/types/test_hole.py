from pathlib import Path

from hdrkit.types import Bracket, Encoding, Exposure, Photo


def bracket(*ev):
    exposures = (None if one is None else Exposure(2.0**one) for one in ev)
    photos = [Photo(Path(f"in/{k}.jpg"), 8, 6, Encoding.ENCODED8, one) for k, one in enumerate(exposures)]
    return Bracket("a", tuple(photos))


def test_a_hole_in_the_exposures_is_named():
    (hole,) = bracket(-11, -2, 0, 2).holes
    assert hole.sentence.startswith("9.0 EV lie between 0.jpg and 1.jpg: a frame may be missing; ")
    assert hole.hides_the_curve


def test_of_two_holes_each_is_named_and_the_smaller_one_leaves_a_curve():
    assert [(hole.longer, hole.hides_the_curve) for hole in bracket(-6, 0, 8).holes] == [("in/1.jpg", False), ("in/2.jpg", True)]


def test_wide_steps_and_unknown_exposures_are_no_holes():
    assert bracket(-5, 0, 5).holes == ()
    assert bracket(None, 0, None).holes == ()
