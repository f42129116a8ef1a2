from datetime import datetime
from pathlib import Path

import pytest

from hdrkit.errors import OutputError
from hdrkit.jobs.names import parse_name, result_names
from hdrkit.types import Bracket, Encoding, Photo


def bracket(name, *files, taken_at=None, camera="Maker A/1"):
    return Bracket(name, tuple(Photo(Path(file), 8, 6, Encoding.ENCODED8, taken_at=taken_at, camera=camera) for file in files))


ROOM = bracket("house/room", "in/IMG_3.JPG", "in/IMG_1.JPG", taken_at=datetime(2024, 6, 14, 15, 43, 21))
BARE = bracket("bath", "in/IMG_8.JPG", "in/IMG_9.JPG", camera="")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{bracket}", ["house/room", "bath"]),
        ("{number}_{first}-{last}", ["house/1_IMG_1-IMG_3", "2_IMG_8-IMG_9"]),
        ("{camera} {date} {time}", ["house/Maker A-1 2024-06-14 154321", "unknown camera undated undated"]),
        ("{date}/{bracket}_{frames}", ["2024-06-14/room_2", "undated/bath_2"]),
        ("{number:0>3}", ["house/001", "002"]),
    ],
)
def test_fields_of_names(template, expected):
    assert result_names([ROOM, BARE], parse_name(template)) == expected


def test_equal_names_get_a_number():
    assert result_names([BARE, BARE, ROOM], "{frames}") == ["2", "2_2", "house/2"]
    assert result_names([BARE] * 10, "{number}")[0] == "01"


@pytest.mark.parametrize("template", ["{brackets}", "{0}", "{", "{first.parent}", "{first!q}", "{frames:.1f}", "all"])
def test_templates_that_make_no_sense(template):
    with pytest.raises(ValueError, match=r"\{bracket\}"):
        parse_name(template)


@pytest.mark.parametrize("template", ["../{bracket}", "/{bracket}", "{bracket}/.."])
def test_names_stay_in_the_folder(template):
    with pytest.raises(OutputError, match="leads out of the folder"):
        result_names([BARE], template)
