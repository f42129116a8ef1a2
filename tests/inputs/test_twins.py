from pathlib import Path

from hdrkit.inputs.twins import without_twins
from hdrkit.types import Bracket, Encoding, Photo


def photo(name):
    raw = name.endswith("NEF")
    return Photo(Path("card") / name, 8, 6, Encoding.RAW if raw else Encoding.ENCODED8, camera="Maker A")


def names(bracket):
    return [one.path.name for one in bracket.photos]


PAIRS = Bracket("a", tuple(map(photo, ("1.NEF", "1.jpg", "2.JPG", "2.NEF", "3.NEF", "3.JPG"))), reference=3)


def test_the_raw_file_of_each_pair_is_taken():
    (one,), notes = without_twins([PAIRS], lambda _: None)
    assert names(one) == ["1.NEF", "2.NEF", "3.NEF"]
    assert one.reference == 1
    assert notes == ["took the RAW file of 3 RAW and JPEG pairs"]


def test_the_jpeg_files_are_taken_if_raw_files_of_the_camera_cannot_be_decoded():
    asked = []
    (one, two), notes = without_twins([PAIRS, PAIRS], lambda raw: asked.append(raw.path.name) or "1.NEF: too new")
    assert names(one) == names(two) == ["1.jpg", "2.JPG", "3.JPG"]
    assert notes == ["took the JPEG file of 6 RAW and JPEG pairs, because 1.NEF: too new"]
    assert asked == ["1.NEF"]


def test_frames_without_a_partner_leave_their_bracket_as_it_is():
    for some in (("1.NEF", "1.JPG", "2.NEF"), ("1.NEF", "2.NEF"), ("1.JPG", "2.JPG")):
        bracket = Bracket("a", tuple(map(photo, some)))
        assert without_twins([bracket], lambda _: None) == ((bracket,), [])
