import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hdrkit.errors import ExposureError, InputError
from hdrkit.inputs.brackets import form_brackets
from hdrkit.inputs.find import find_brackets, load, load_readable, read_bracket
from hdrkit.inputs.options import By, InputOptions, parse_span_s
from hdrkit.inputs.timestamps import timestamp_in_name
from hdrkit.types import Encoding, Exposure, ExposureSource, Photo

ROOT = Path("/card")


def photo(name, time_s=None, source=ExposureSource.EXIF):
    exposure = None if time_s is None else Exposure(time_s, source=source)
    return Photo(ROOT / name, 8, 6, Encoding.ENCODED8, exposure)


def form(photos, by=By.AUTO, round_s=30.0, groups=None, roots=None):
    return form_brackets(photos, roots or [ROOT] * len(photos), by, round_s, groups)


def contents(brackets):
    return {b.name: [p.path.relative_to(ROOT).as_posix() for p in b.photos] for b in brackets}


def test_each_folder_is_a_bracket_named_by_its_place():
    photos = [photo(name, k + 1) for k, name in enumerate(["x.jpg", "y.jpg", "a/x.jpg", "a/y.jpg", "a/deep/x.jpg"])]
    assert contents(form(photos, By.FOLDER)) == {
        "card": ["x.jpg", "y.jpg"],
        "a": ["a/x.jpg", "a/y.jpg"],
        "a/deep": ["a/deep/x.jpg"],
    }


def test_photos_are_ordered_by_exposure_and_the_middle_one_is_the_reference():
    photos = [photo("a.jpg", 4), photo("b.jpg", 1), photo("c.jpg", 0.5), photo("d.jpg", 2), photo("e.jpg", 1)]
    (bracket,) = form(photos)
    assert [p.path.name for p in bracket.photos] == ["c.jpg", "b.jpg", "e.jpg", "d.jpg", "a.jpg"]
    assert bracket.reference == 2
    assert bracket.kind == "folder"


def test_iso_and_aperture_count_in_the_order():
    fast = replace(photo("a.jpg"), exposure=Exposure(1 / 8, iso=3200))
    wide = replace(photo("b.jpg"), exposure=Exposure(1 / 4, f_number=11))
    (bracket,) = form([fast, wide])
    assert [p.path.name for p in bracket.photos] == ["b.jpg", "a.jpg"]


def test_photos_without_exposure_keep_the_order_of_their_names():
    (bracket,) = form([photo("a.jpg"), photo("b.jpg", 0.1), photo("c.jpg")])
    assert [p.path.name for p in bracket.photos] == ["a.jpg", "b.jpg", "c.jpg"]
    with pytest.raises(ExposureError, match=r"a\.jpg.*and 1 more"):
        bracket.relative_exposures()


def test_picture_counters_are_no_exposures():
    names = ExposureSource.FILENAME
    (bracket,) = form([photo(f"IMG_041{k}.jpg", 410 + k, names) for k in (2, 3, 4)])
    assert [p.exposure for p in bracket.photos] == [None] * 3


def test_numbers_in_names_do_not_mix_with_seconds():
    (bracket,) = form([photo("IMG_0412.jpg", 412, ExposureSource.FILENAME), photo("IMG_0413.jpg", 1 / 64)])
    with pytest.raises(ExposureError, match=r"IMG_0412\.jpg: no exposure time"):
        bracket.relative_exposures()


def test_two_cards_with_the_same_folders_stay_apart():
    one, two = Path("/one/day"), Path("/two/day")
    paths = [root / folder / f"{k}.jpg" for root in (one, two) for folder in ("a", "a_2") for k in (1, 2)]
    photos = [replace(photo("x"), path=path) for path in paths]
    brackets = form_brackets(photos, [one] * 4 + [two] * 4, By.FOLDER)
    assert len(brackets) == 4
    assert len({bracket.name for bracket in brackets}) == 4
    assert [bracket.name for bracket in brackets[:2]] == ["a", "a_2"]
    assert all(len({p.path.parent for p in bracket.photos}) == 1 for bracket in brackets)


def stamped(*names):
    return [photo(f"{name}.jpg", 1) for name in names]


def test_timestamps_are_rounded_down_to_spans():
    photos = stamped("20240614093000_1", "20240614093029_2", "20240614093030_1", "20240614093059_2", "20240614093100_1")
    assert {name: len(files) for name, files in contents(form(photos, By.TIME)).items()} == {
        "20240614093000": 2,
        "20240614093030": 2,
        "20240614093100": 1,
    }
    assert len(form(photos, By.TIME, round_s=60)) == 2
    assert len(form(photos, By.TIME, round_s=1)) == 5


def test_nested_folders_keep_their_series_apart():
    photos = stamped("n/20240614093000_1", "s/20240614093001_1", "n/20240614093002_2")
    assert contents(form(photos, By.TIME)) == {
        "n/20240614093000": ["n/20240614093000_1.jpg", "n/20240614093002_2.jpg"],
        "s/20240614093000": ["s/20240614093001_1.jpg"],
    }


def test_without_timestamps_time_has_nothing_to_go_by():
    odd = replace(photo("x"), path=Path(os.fsdecode(b"/card/odd\xff\n.jpg")))
    with pytest.raises(InputError, match="no timestamp") as caught:
        form([odd], By.TIME)
    assert "odd\\xff\\n.jpg" in str(caught.value)


def test_files_without_a_timestamp_are_left_out_of_a_series():
    assert contents(form([*stamped("20240614093000_1"), photo("latest.jpg", 1)], By.TIME)) == {
        "20240614093000": ["20240614093000_1.jpg"]
    }


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("20240614093000_51200.jpg", datetime(2024, 6, 14, 9, 30)),
        ("cam_20240614093001.jpg", datetime(2024, 6, 14, 9, 30, 1)),
        ("20241314093000.jpg", None),
        ("2024061409.jpg", None),
    ],
)
def test_timestamps_in_names(name, taken):
    assert timestamp_in_name(Path(name)) == taken


def test_auto_takes_the_most_telling_rule():
    series = stamped("20240614093000_1", "20240614093010_2", "20240614093030_1", "20240614093040_2")
    assert {b.kind for b in form(series)} == {"time"}
    assert {b.kind for b in form(series[:2])} == {"folder"}  # one span: nothing to tell apart
    assert {b.kind for b in form([*series, photo("x.jpg", 1)])} == {"folder"}
    groups = {os.path.realpath(p.path): "one" for p in series}
    assert {b.kind for b in form(series, groups=groups)} == {"groups"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("1min", 60), ("500ms", 0.5), (" 2 h ", 7200), ("15", 15), ("1.5 m", 90)]
)
def test_spans(text, seconds):
    assert parse_span_s(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "-3s", "1 day", "inf"])
def test_nonsense_spans(text):
    with pytest.raises(InputError, match="is not a span of time"):
        parse_span_s(text)


names = st.sampled_from(["", "a/", "b/", "a/c/"])
stamps = st.integers(0, 200).map(lambda s: f"202406140930{s % 60:02d}" if s < 60 else f"202406140931{s % 60:02d}")
files = st.builds("{}{}_{}.jpg".format, names, stamps, st.integers(1, 5))
shoots = st.lists(files, min_size=1, max_size=12, unique=True)


@settings(max_examples=60, deadline=None)
@given(shoots, st.sampled_from(list(By)), st.sampled_from([0.1, 0.7, 1.0, 30.0, 60.0]), st.randoms(use_true_random=False))
def test_brackets_are_a_partition_and_the_order_of_files_does_not_matter(files, by, round_s, random):
    photos = [photo(name, int(name[-5])) for name in files]
    groups = {os.path.realpath(p.path): p.path.name[:13] for p in photos} if by is By.GROUPS else None
    brackets = form(photos, by, round_s, groups)
    members = [p.path for bracket in brackets for p in bracket.photos]
    assert sorted(members) == sorted(p.path for p in photos)
    assert len({bracket.name for bracket in brackets}) == len(brackets)
    shuffled = random.sample(photos, len(photos))
    again = form(shuffled, by, round_s, groups)
    assert {bracket.photos for bracket in again} == {bracket.photos for bracket in brackets}
    if by is By.TIME and round_s <= 1:
        assert {p.path.name[:14] for p in photos} >= {bracket.name[-14:] for bracket in brackets} or round_s == 0.7
        for bracket in brackets:
            assert len({p.path.name[:14] for p in bracket.photos}) == 1


def put(root, *names, value=90):
    for k, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 8), value + k, np.uint8)).save(path)


def found(root, **options):
    return {b.name: [p.path.name for p in b.photos] for b in find_brackets(root, InputOptions(**options)).brackets}


def test_a_list_of_groups_beside_the_photos_is_used(tmp_path):
    put(tmp_path, "a_1.png", "b_2.png", "sub/c_1.png", "d_2.png", "e_9.png")
    rows = ["path,view,bracket", "a_1.png,1,hall", "b_2.png,1,hall", "sub/c_1.png,2,bath", "d_2.png,2,bath", "e_9.png,,"]
    (tmp_path / "groups.csv").write_text("\n".join(rows))
    assert found(tmp_path) == {"hall": ["a_1.png", "b_2.png"], "bath": ["c_1.png", "d_2.png"]}
    assert set(found(tmp_path, by=By.FOLDER)) == {tmp_path.name, "sub"}


def test_a_list_of_groups_can_lie_elsewhere(tmp_path):
    put(tmp_path, "shoot/a_1.png", "shoot/b_2.png")
    (tmp_path / "list.csv").write_text("path,bracket\nshoot/a_1.png,hall\nshoot/b_2.png,hall\n")
    assert found(tmp_path / "shoot", by=By.GROUPS, groups=tmp_path / "list.csv") == {"hall": ["a_1.png", "b_2.png"]}


def test_a_list_of_other_files_is_an_error(tmp_path):
    put(tmp_path, "a_1.png")
    (tmp_path / "groups.csv").write_text("path,bracket\nz.png,hall\n")
    with pytest.raises(InputError, match="none of the photographs is in the list of groups"):
        find_brackets(tmp_path)
    with pytest.raises(InputError, match="need the list"):
        find_brackets([tmp_path / "a_1.png"], InputOptions(by=By.GROUPS))


@pytest.mark.parametrize("name", ["../hall", "/tmp/hall", "a/../../hall"])
def test_names_in_a_list_do_not_lead_out_of_the_output_folder(tmp_path, name):
    put(tmp_path, "a_1.png", "b_2.png")
    (tmp_path / "groups.csv").write_text(f"path,bracket\na_1.png,{name}\nb_2.png,{name}\n")
    with pytest.raises(InputError, match=r"groups\.csv, line 2.*hall"):
        find_brackets(tmp_path)


def test_several_folders_given(tmp_path):
    put(tmp_path, "one/a_1.png", "one/b_2.png", "two/a_1.png", "two/b_2.png")
    assert found([tmp_path / "one", tmp_path / "two"]) == {"one": ["a_1.png", "b_2.png"], "two": ["a_1.png", "b_2.png"]}


def test_a_single_file_that_cannot_be_read_is_listed_and_the_rest_is_there(tmp_path):
    put(tmp_path, "a_1.png", "b_4.png", "c_16.png")
    (tmp_path / "b_4.png").write_text("no picture")
    result = find_brackets(tmp_path)
    assert [p.path.name for p in result.brackets[0].photos] == ["a_1.png", "c_16.png"]
    assert [failure.path.name for failure in result.failures] == ["b_4.png"]
    assert str(result.failures[0]).startswith(f"{tmp_path / 'b_4.png'}: ")
    with pytest.raises(InputError, match="b_4"):
        read_bracket(tmp_path)


def test_read_bracket_wants_one(tmp_path):
    put(tmp_path, "a/a_1.png", "a/b_4.png", "b/a_1.png")
    with pytest.raises(InputError, match="2 brackets found"):
        read_bracket(tmp_path)
    stack = read_bracket(tmp_path / "a")
    assert [int(frame.pixels.max()) for frame in stack.frames] == [90, 91]
    assert stack.bracket.relative_exposures() == (1, 4)


def test_frames_that_break_while_they_are_read_are_left_out(tmp_path):
    put(tmp_path, "a_1.png", "b_4.png", "c_16.png", "d_64.png")
    (bracket,) = find_brackets(tmp_path).brackets
    (tmp_path / "b_4.png").write_bytes((tmp_path / "b_4.png").read_bytes()[:-30])
    with pytest.raises(InputError, match="b_4"):
        load(bracket)
    stack, failures = load_readable(bracket)
    assert [frame.photo.path.name for frame in stack.frames] == ["a_1.png", "c_16.png", "d_64.png"]
    assert [failure.path for failure in failures] == [tmp_path / "b_4.png"]
    (tmp_path / "c_16.png").unlink()
    (tmp_path / "d_64.png").unlink()
    with pytest.raises(InputError, match=r"b_4.*1 readable frame left"):
        load_readable(bracket)
