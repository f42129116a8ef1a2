"""Brackets by time found folder by folder: the same as all at once, of which no more than a folder is in memory."""

import gc
from datetime import datetime, timedelta

import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.inputs import find as inputs
from hdrkit.inputs import remarks
from hdrkit.inputs.find import find_brackets, find_series
from hdrkit.inputs.options import By, InputOptions
from hdrkit.types import Photo

BY_TIME = InputOptions(by=By.TIME)
TIMES = (100, 800, 6400)
DAYS = ("2024/06/14", "2024/06/15", "2024/06/16")


def put(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 8), 90, np.uint8)).save(path)
    return paths


def day(root, name, count=3, camera=""):
    """Brackets of a folder year/month/day, one a minute."""
    stamps = [datetime.strptime(name, "%Y/%m/%d") + timedelta(minutes=k) for k in range(count)]
    return put(*(root / name / f"{camera}{stamp:%Y%m%d%H%M%S}_{time}.png" for stamp in stamps for time in TIMES))


def seen(parts):
    return [(b.name, b.reference, b.kind, b.why, b.remark, b.photos) for part in parts for b in part.brackets]


@pytest.mark.parametrize("by", [By.TIME, By.AUTO])
def test_parts_hold_what_there_is_at_once(tmp_path, by):
    for name in DAYS:
        day(tmp_path, name)
        day(tmp_path, name, camera="east_")
    (tmp_path / DAYS[1] / "notes.txt").write_text("rain")
    (tmp_path / DAYS[0] / "20240614000000_800.png").unlink()
    broken = tmp_path / DAYS[2] / "20240616000100_800.png"
    broken.write_text("no picture")
    found, series = find_brackets(tmp_path, InputOptions(by=by)), find_series(tmp_path, InputOptions(by=by))
    for _ in range(2):  # each time anew
        parts = list(series.parts())
        assert seen(parts) == seen([found])
        assert [len(part.brackets) for part in parts if part.brackets] == [6, 6, 6]
        assert sum((part.failures for part in parts), ()) == found.failures
        assert parts[-1].notes == found.notes
        assert not any(part.notes for part in parts[:-1])
    assert (series.photographs, series.ignored) == (53, found.ignored) == (53, 1)
    assert found.failures[0].path == broken
    assert "2 of 18 brackets unusual" in str(found.notes[0])


def test_what_has_no_timestamp_is_counted_over_all_folders(tmp_path):
    for name in DAYS:
        day(tmp_path, name)
        put(tmp_path / name / "latest.png")
    put(tmp_path / "extra" / "dark.png", tmp_path / "extra" / "flat.png")
    *_, last = find_series(tmp_path, BY_TIME).parts()
    assert last.notes == find_brackets(tmp_path, BY_TIME).notes
    assert last.notes[0].startswith("left out 5 photographs without a timestamp in the name; the first is")


@pytest.mark.parametrize("brackets", [[1, 6, 6], [6, 6, 6], [2, 1, 1, 1, 5]])
def test_a_better_rule_is_told_of_whatever_the_first_folder_holds(tmp_path, brackets):
    """Days of one bracket or two, or of brackets that lie well in their spans, before those that lie across."""
    for number, count in enumerate(brackets, 1):
        for k in range(count):
            begin = datetime(2024, 6, number, 9, 30, 0 if number == 1 else 29) + timedelta(seconds=30 * k)
            stamps = [begin + timedelta(seconds=wait) for wait in (0, 1, 2)]
            put(*(tmp_path / f"{at:%d/%Y%m%d%H%M%S}_{time}.png" for at, time in zip(stamps, TIMES, strict=True)))
    *_, last = find_series(tmp_path, BY_TIME).parts()
    (hint,) = (note for note in last.notes if "--round gap" in str(note))
    assert hint.startswith(f"the frames of {brackets[-1]} of {brackets[-1]} brackets fall into two spans of 30 s")


def test_few_folders_are_asked_for_a_better_rule(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(remarks, "hint_at_pauses", lambda brackets, _: asked.append(len(brackets)))
    for number, count in enumerate((1, 3, 2, 4, 5, 6, 7), 1):
        day(tmp_path, f"2024/06/{number:02}", count)
    list(find_series(tmp_path, BY_TIME).parts())
    assert asked == [3, 4, 5]


def test_folders_given_side_by_side_may_hold_the_same_names(tmp_path):
    for root in ("one", "two"):
        for name in DAYS[:2]:
            day(tmp_path / root, name)
    given = [tmp_path / "one", tmp_path / "two", tmp_path / "one" / "2024"]
    parts = list(find_series(given, BY_TIME).parts())
    assert seen(parts) == seen([find_brackets(given, BY_TIME)])
    names = [bracket.name for part in parts for bracket in part.brackets]
    assert len(set(names)) == len(names) == 12


def test_a_folder_is_looked_at_when_it_is_its_turn_and_forgotten_after(tmp_path):
    for name in DAYS:
        day(tmp_path, name, count=4)
    parts = find_series(tmp_path, BY_TIME).parts()
    most, looked = 0, 0
    gc.collect()
    before = sum(type(one) is Photo for one in gc.get_objects())
    while (part := next(parts, None)) is not None:
        looked += len(part.brackets)
        if looked == 4:  # the first day is there, and nothing of the others was opened
            put(tmp_path / DAYS[2] / "20240616120000_100.png", tmp_path / DAYS[2] / "20240616120000_800.png")
        gc.collect()
        most = max(most, sum(type(one) is Photo for one in gc.get_objects()) - before)
        del part
    assert looked == 13
    assert most <= 4 * len(TIMES) + 2


@pytest.mark.parametrize(
    "options",
    [
        InputOptions(by=By.FOLDER),
        InputOptions(by=By.GROUPS),
        InputOptions(by=By.TIME, round_to="gap"),
        InputOptions(by=By.TIME, max_groups=2),
        InputOptions(),
    ],
)
def test_other_rules_need_all_at_once(tmp_path, options):
    day(tmp_path, DAYS[0])
    put(tmp_path / "bath" / "a_1.png", tmp_path / "bath" / "b_2.png")
    assert find_series(tmp_path, options) is None


def test_only_folders_are_walked_and_by_themselves_names_must_say_that_they_are_a_series(tmp_path):
    files = day(tmp_path / "one", DAYS[0], count=1)
    assert find_series(tmp_path, InputOptions()) is None  # one span in one folder
    assert find_series(tmp_path, BY_TIME) is not None
    assert find_series(files, BY_TIME) is None
    put(tmp_path / "plain" / "a_1.png")
    assert find_series(tmp_path / "plain", BY_TIME) is None
    (tmp_path / "one" / "groups.csv").write_text("path,bracket\nx.png,hall\n")
    day(tmp_path / "one", DAYS[1])
    assert find_series(tmp_path / "one", InputOptions()) is None
    assert find_series(tmp_path / "one", BY_TIME) is not None


def test_nothing_usable_is_said_as_ever(tmp_path):
    (tmp_path / "notes.txt").write_text("rain")
    with pytest.raises(InputError, match="no pictures found .1 other file ignored.; hdrkit reads"):
        find_series(tmp_path, BY_TIME)
    for path in day(tmp_path, DAYS[0]):
        path.write_text("no picture")
    with pytest.raises(InputError, match="none of 9 files is readable; the first: .*20240614000000_100.png"):
        list(find_series(tmp_path, BY_TIME).parts())


def test_a_list_of_exposures_holds_for_all_folders_and_must_name_one_of_the_photographs(tmp_path, monkeypatch):
    for name in DAYS:
        day(tmp_path, name)
    listing = tmp_path / "times.csv"
    options = InputOptions(by=By.TIME, exposures=listing)
    listing.write_text("filename,exposure_time_s\n20240616000200_800.png,0.5\n")
    exposures = [t for part in find_series(tmp_path, options).parts() for b in part.brackets for t in b.relative_exposures()]
    assert exposures.count(0.5) == 1
    listing.write_text("filename,exposure_time_s\nelsewhere.png,0.5\n")
    monkeypatch.setattr(inputs, "read_photo", None)  # names are enough to know
    with pytest.raises(InputError, match="none of its file names is among the photographs"):
        find_series(tmp_path, options)


def test_radiance_that_is_a_series_is_listed_before_results_come_among_it(tmp_path):
    for name in DAYS[:2]:
        for path in day(tmp_path, name):
            path.rename(path.with_suffix(".exr"))
    series = find_series(tmp_path, BY_TIME)
    assert series.photographs == 18
    parts = series.parts()
    next(parts)
    (tmp_path / DAYS[1] / "20240615000000_hdr.exr").write_bytes(b"a result")
    with pytest.raises(InputError, match="none of 18 files is readable"):  # for they are no EXR
        list(parts)


def test_exposures_in_ev_are_those_of_the_frames_in_their_order(shoot, tmp_path):
    for name in ("a", "b"):
        shoot(tmp_path / name)
    given = find_brackets(tmp_path, InputOptions(ev=(2, -2, 0)))
    assert [bracket.relative_exposures() for bracket in given.brackets] == [(0.25, 1.0, 4.0)] * 2
    assert [photo.path.name for photo in given.brackets[0].photos] == ["1.png", "2.png", "0.png"]
    assert given.notes == tuple(f"{name}: --ev states 0.png +2, 1.png -2, 2.png 0 EV" for name in "ab")
    with pytest.raises(InputError, match="bracket 'a' has 3 photographs, and --ev gives 2 exposures"):
        find_brackets(tmp_path, InputOptions(ev=(0, 2)))


def test_exposures_in_ev_follow_numbers_as_numbers_and_the_command_line_as_it_is(shoot, tmp_path):
    paths = [path.rename(path.with_name(f"shot {k}.png")) for k, path in zip((5, 10, 20), shoot(tmp_path / "in"), strict=True)]
    options = InputOptions(ev=(-2, 0, 2))
    for given, order in ((tmp_path / "in", (5, 10, 20)), ((paths[1], paths[2], paths[0]), (10, 20, 5))):
        (bracket,) = (found := find_brackets(given, options)).brackets
        assert [photo.path.name for photo in bracket.photos] == [f"shot {k}.png" for k in order]
        assert found.notes == ("in: --ev states shot {}.png -2, shot {}.png 0, shot {}.png +2 EV".format(*order),)


def test_a_broken_frame_is_named_before_the_count_and_costs_its_bracket_only(shoot, tmp_path):
    for name in ("a", "b"):
        shoot(tmp_path / name)
    (tmp_path / "a" / "1.png").write_bytes(b"no picture")
    found = find_brackets(tmp_path, InputOptions(ev=(-2, 0, 2)))
    assert [bracket.name for bracket in found.brackets] == ["b"]
    broken, short = map(str, found.failures)
    assert short == f"{broken}; without it bracket 'a' has 2 photographs, and --ev gives 3 exposures; " + (
        "give one for each photograph, or use --exposures FILE.csv"
    )
    with pytest.raises(InputError, match=r"1\.png: .*; without it bracket 'a' has 2 photographs"):
        find_brackets(tmp_path / "a", InputOptions(ev=(-2, 0, 2)))


def test_a_list_of_exposures_that_leaves_frames_out_is_noted(shoot, tmp_path):
    for name in ("a", "b"):
        shoot(tmp_path / name)
    (tmp_path / "t.csv").write_text("filename,exposure_time_s\na/0.png,1/64\na/1.png,1/8\n")
    found = find_brackets(tmp_path, InputOptions(exposures=tmp_path / "t.csv"))
    assert found.notes == (f"a: {tmp_path / 't.csv'} does not list 2.png; its exposure is taken from the photographs",)


def test_exposures_have_one_origin(tmp_path):
    with pytest.raises(InputError, match="both state the exposures; leave out one"):
        InputOptions(ev=(0, 1), exposures=tmp_path / "t.csv")


def test_exposures_in_ev_of_brackets_by_time(sky, tmp_path):
    sky.series(tmp_path / "in", 2, size=16)
    frames = len(find_brackets(tmp_path, InputOptions(by="time")).brackets[0].photos)
    ev = tuple(range(frames))
    options = InputOptions(by="time", ev=ev)
    folder_by_folder = [bracket for part in find_series(tmp_path, options).parts() for bracket in part.brackets]
    for brackets in (find_brackets(tmp_path, options).brackets, folder_by_folder):
        assert [bracket.relative_exposures() for bracket in brackets] == [tuple(2.0**one for one in ev)] * 2
    notes = [note for part in find_series(tmp_path, options).parts() for note in part.notes]
    assert len(notes) == 1  # the first bracket stands for all
    assert "--ev states" in str(notes[0])


@pytest.mark.parametrize("ev", [(), (0,), (1, 1), (0, float("nan")), (0, 99)])
def test_exposures_in_ev_that_make_no_bracket(ev):
    with pytest.raises(InputError, match="different numbers"):
        InputOptions(ev=ev)


def test_photographs_of_a_list_that_are_gone_are_named_with_their_bracket(shoot, tmp_path):
    for name in ("a", "b", "c"):
        shoot(tmp_path / "in" / name)
    lines = [f"in/{name}/{k}.png,room_{name}" for name in "abc" for k in range(3)]
    (tmp_path / "groups.csv").write_text("\n".join(["path,bracket", *lines]))
    for gone in ("a/0", "b/0", "b/1", "b/2"):
        (tmp_path / "in" / f"{gone}.png").unlink()
    one_by_one = find_brackets(tmp_path / "groups.csv")
    told = [str(failure).replace(str(tmp_path), "T") for failure in one_by_one.failures]
    assert told == [
        "room_a: 1 of 3 photographs of the list are gone (T/in/a/0.png); put them back, or group again",
        "room_b: all 3 photographs of the list are gone (T/in/b/0.png, T/in/b/1.png, T/in/b/2.png); "
        "put them back, or group again",
    ]
    assert [(bracket.name, len(bracket.photos)) for bracket in one_by_one.brackets] == [("room_a", 2), ("room_c", 3)]
    beside = find_brackets(tmp_path / "in", InputOptions(groups=tmp_path / "groups.csv"))  # as with photographs that were moved
    assert [str(failure).replace(str(tmp_path), "T") for failure in beside.failures] == told


def test_a_folder_that_looks_unsorted_is_noted(shoot, tmp_path):
    for k in range(2):
        for path in shoot(tmp_path / str(k), seed=k):
            (tmp_path / "card").mkdir(exist_ok=True)
            path.rename(tmp_path / "card" / f"{k}{path.name}")
    (note,) = find_brackets(tmp_path / "card").notes
    assert note.startswith("card: 6 photographs of 3 exposures in one folder count as one bracket; ")
    assert note.endswith(f"hdrkit group {tmp_path / 'card'} -o sorted")
    (tmp_path / "card" / "00.png").unlink()
    assert find_brackets(tmp_path / "card").notes == ()
