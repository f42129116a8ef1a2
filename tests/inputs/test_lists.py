import json
import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.files.json_text import plain, to_json
from hdrkit.inputs.lists import read_exposure_list, read_groups
from hdrkit.types import Encoding, Exposure, ExposureSource, Photo, Validity


@dataclass(frozen=True)
class Report:
    path: Path
    photo: Photo
    residual: tuple[float, ...]
    table: np.ndarray
    counts: dict[int, np.int64]
    when: datetime


def test_a_report_becomes_json_that_scripts_can_read(tmp_path):
    odd = Path(os.fsdecode(b"a\xff.jpg"))
    report = Report(
        path=odd,
        photo=Photo(Path("b.jpg"), 4, 3, Encoding.ENCODED8, Exposure(0.5, source=ExposureSource.EXIF)),
        residual=(0.25, math.nan, math.inf),
        table=np.array([[1.5, np.nan], [np.float32(2), -np.inf]]),
        counts={3: np.int64(7)},
        when=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    )
    text = to_json(report)
    assert text.isascii()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "path": str(odd),
        "photo": {
            "path": "b.jpg",
            "width": 4,
            "height": 3,
            "encoding": "encoded8",
            "exposure": {"time_s": 0.5, "f_number": None, "iso": None, "bias_ev": None, "source": "exif"},
            "camera": "",
            "lens": "",
            "taken_at": None,
            "orientation": 1,
            "serial": "",
            **dict.fromkeys(("focal_length_mm", "focus_distance_m", "flash", "drive", "shot", "shutter_count", "manual")),
            "software": "",
        },
        "residual": [0.25, None, None],
        "table": [[1.5, None], [2.0, None]],
        "counts": {"3": 7},
        "when": "2024-05-06T07:08:09+00:00",
    }
    assert os.fsencode(json.loads(text)["path"]) == b"a\xff.jpg"


def test_plain_values():
    assert plain(Validity.SATURATED) == 1
    assert plain({"b", "a"}) == ["a", "b"]
    assert plain(np.float32(np.nan)) is None
    assert plain(np.bool_(True)) is True
    with pytest.raises(TypeError, match="object"):
        plain(object())


def test_exposure_list(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(
        "\ufefffilename, exposure_time_s,f_number,iso,remark\r\n".encode()
        + b"a.jpg,1/60,5.6,100,first\r\n\r\n"
        + b"sub/./b.jpg,0.5\r\n"
        + b"latin\xe9.jpg,2,,\r\n"
        + b'"c, d.jpg",1/8000,,400\r\n'
    )
    assert read_exposure_list(path) == {
        "a.jpg": Exposure(1 / 60, 5.6, 100.0),
        "sub/b.jpg": Exposure(0.5),
        os.fsdecode(b"latin\xe9.jpg"): Exposure(2.0),
        "c, d.jpg": Exposure(1 / 8000, None, 400.0),
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no column 'filename'"),
        ("a.jpg,0.5\n", "header such as filename,exposure_time_s"),
        ("filename,exposure_time_s\na.jpg,fast\n", "line 2.*'fast'"),
        ("filename,exposure_time_s\na.jpg,1\nb.jpg,\n", "line 3"),
        ("filename,exposure_time_s\na.jpg,-1\n", "line 2"),
        ("filename,exposure_time_s\na.jpg,1/0\n", "line 2"),
        ("filename,exposure_time_s\n,1\n", "line 2: no file name"),
        ("filename,exposure_time_s,iso\na.jpg,1,many\n", "line 2.*'many'"),
        ("filename,exposure_time_s,f_number\na.jpg,1,0\n", "line 2: f_number '0'"),
        ("filename,exposure_time_s\na.jpg,1\n./a.jpg,2\n", "line 3: a.jpg is already listed"),
    ],
)
def test_exposure_lists_that_make_no_sense(tmp_path, text, complaint):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint) as caught:
        read_exposure_list(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_groups(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("view,path,bracket\n1,one.jpg,room\n1,sub/two.jpg,room\n2,stray.jpg,\n3,/far/three.jpg,hall\n")
    groups = read_groups(path)
    assert groups.brackets == {
        str(tmp_path / "one.jpg"): "room",
        str(tmp_path / "sub/two.jpg"): "room",
        "/far/three.jpg": "hall",
    }
    assert groups.paths == tuple(groups.brackets)
    assert groups.left_out == ""


def test_of_a_list_with_kinds_and_flags_only_frames_to_merge_are_taken(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text(
        "path,bracket,kind,flags\n"
        "a1.jpg,a,bracket,\na2.jpg,a,bracket,by_metadata\na3.jpg,a,bracket,duplicate\na4.jpg,a,bracket,accidental duplicate\n"
        "b1.jpg,b,burst,\nb2.jpg,b,burst,\nc.jpg,c,single,\nd.jpg,d,flash_ambient,flash\ne.jpg,unreadable_0,unreadable,unreadable\n"
    )
    groups = read_groups(path)
    assert groups.brackets == {str(tmp_path / "a1.jpg"): "a", str(tmp_path / "a2.jpg"): "a"}
    assert sorted(Path(name).name for name in groups.paths) == sorted(
        f"{stem}.jpg" for stem in ["a1", "a2", "a3", "a4", "b1", "b2", "c", "d", "e"]
    )
    assert groups.left_out == (
        "left out 5 photographs in 4 groups that are not exposure brackets: 1 burst, 1 flash ambient, 1 single, 1 unreadable, "
        "and 2 frames of brackets: 2 duplicate"
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("path,group\na,b\n", "no column 'bracket'"),
        ("path,bracket\na.jpg,x\na.jpg,y\n", "line 3.*'x' already"),
        ("path,bracket\n,y\n", "line 2.*has no path"),
    ],
)
def test_groups_that_make_no_sense(tmp_path, text, complaint):
    path = tmp_path / "groups.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint):
        read_groups(path)
