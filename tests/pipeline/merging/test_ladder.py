from pathlib import Path

from hdrkit.pipeline.merging.ladder import ladder_warnings
from hdrkit.types import Bracket, Encoding, Exposure, Photo


def bracket(*ev):
    exposures = (None if one is None else Exposure(2.0**one) for one in ev)
    photos = [Photo(Path(f"in/{k}.jpg"), 8, 6, Encoding.ENCODED8, one) for k, one in enumerate(exposures)]
    return Bracket("a", tuple(photos))


def test_a_hole_in_the_ladder_is_named():
    (line,) = ladder_warnings(bracket(-11, -2, 0, 2))
    assert line.startswith("9.0 EV lie between 0.jpg and 1.jpg: a frame may be missing; ")


def test_wide_steps_and_unknown_exposures_are_no_holes():
    assert list(ladder_warnings(bracket(-5, 0, 5))) == []
    assert list(ladder_warnings(bracket(None, 0, None))) == []
