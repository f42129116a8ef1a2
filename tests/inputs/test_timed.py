"""Brackets by time: zones, cameras, pauses, clocks that are set, and brackets that are not whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.inputs.brackets import form_brackets, hint_at_pauses, spread_brackets, unusual_brackets
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.folders import patterns
from hdrkit.inputs.options import By, ExposureUnit, InputOptions
from hdrkit.inputs.timestamps import before_timestamp, floored, timestamp_in_name, written
from hdrkit.types import Encoding, Exposure, ExposureSource, Photo, Remark

ROOT = Path("/sky")
NIGHT = datetime(2024, 6, 14, 23, 0)
TIMES = (100, 800, 6400, 51200)


def shot(name, **known):
    stem = name.rsplit(".", 1)[0]
    exposure = Exposure(float(stem.rsplit("_", 1)[1]), source=ExposureSource.FILENAME)
    return replace(Photo(ROOT / name, 8, 6, Encoding.ENCODED8, exposure), **known)


def names(stamp, waits=(0, 1, 1, 2), times=TIMES):
    """A bracket: file names with the times between frames in seconds."""
    found, at = [], stamp
    for wait, time in zip(waits, times, strict=True):
        at += timedelta(seconds=wait)
        found.append(f"{at:%Y%m%d%H%M%S}_{time}.jpg")
    return found


def formed(files, round_s=30.0, **known):
    photos = [file if isinstance(file, Photo) else shot(file, **known) for file in files]
    brackets = form_brackets(photos, [ROOT] * len(photos), By.TIME, round_s)
    return {b.name: sorted(p.path.name for p in b.photos) for b in brackets}, brackets


@pytest.mark.parametrize(
    ("name", "stamp"),
    [
        ("20240614093000_1.jpg", datetime(2024, 6, 14, 9, 30)),
        ("20240614093000Z_1.jpg", datetime(2024, 6, 14, 9, 30, tzinfo=UTC)),
        ("cam_20240614093000Z.jpg", datetime(2024, 6, 14, 9, 30, tzinfo=UTC)),
        ("20240614093000+0200_1.jpg", datetime(2024, 6, 14, 7, 30, tzinfo=UTC)),
        ("20240614093000-0330_1.jpg", datetime(2024, 6, 14, 13, 0, tzinfo=UTC)),
        ("20240614093000+0545_1.jpg", datetime(2024, 6, 14, 3, 45, tzinfo=UTC)),
        ("20240614093000-0012_1.jpg", datetime(2024, 6, 14, 9, 30)),  # a counter
        ("20240614093000-0100.jpg", datetime(2024, 6, 14, 9, 30)),  # a counter: no exposure follows
        ("20240614093000Zoom_1.jpg", datetime(2024, 6, 14, 9, 30)),
    ],
)
def test_zones_in_names(name, stamp):
    assert timestamp_in_name(Path(name)) == stamp


def test_a_timestamp_is_written_as_it_was():
    for name in ("20240614093000", "20240614093000Z", "20240614093000+0200", "20240614093000-0330"):
        assert written(timestamp_in_name(Path(f"{name}_1.jpg"))) == name
    assert before_timestamp(Path("cam 1_20240614093000_1.jpg")) == "cam 1_"


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(microsecond=0)),
    st.sampled_from(["1s", "7s", "30s", "45s", "1min", "90s", "5min", "1h"]),
)
def test_rounding_is_that_of_pandas(stamp, span):
    seconds = pd.Timedelta(span).total_seconds()
    assert floored(stamp, seconds) == pd.Timestamp(stamp).floor(span)
    aware = stamp.replace(tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert floored(aware, seconds) == pd.Timestamp(aware).tz_convert("UTC").floor(span)
    assert floored(aware, seconds).tzinfo == aware.tzinfo


def test_a_bracket_over_a_boundary_stays_whole_by_pauses():
    starts = [NIGHT + timedelta(seconds=28 + 30 * k) for k in range(6)]
    files = [name for start in starts for name in names(start)]
    split, _ = formed(files)
    assert len(split) == 7
    whole, brackets = formed(files, None)
    assert list(whole) == [f"{start:%Y%m%d%H%M%S}" for start in starts]
    assert all(whole[f"{start:%Y%m%d%H%M%S}"] == sorted(names(start)) for start in starts)
    assert unusual_brackets(brackets) == []


@pytest.mark.parametrize("seed", [3, 11])
def test_pauses_are_found_where_frames_are_missing_and_days_between(seed):
    """Hours missing, a tenth of the frames missing, waits that vary."""
    rng = np.random.default_rng(seed)
    start, truth = NIGHT, {}
    for number in range(120):
        start += timedelta(seconds=int(rng.integers(28, 33)) + (8 * 3600 if number % 40 == 39 else 0))
        files = names(start, (0, *rng.integers(0, 3, 3).tolist()))
        kept = [name for name in files if rng.random() > 0.1]
        if kept:
            truth[min(kept)] = sorted(kept)
    found, _ = formed([name for files in truth.values() for name in files], None)
    assert sorted(found.values()) == sorted(truth.values())


def test_long_exposures_are_no_pauses_where_their_times_are_known():
    """At night the shutter is open longer than the camera rests; frames are named by their beginning."""
    files = []
    truth = []
    start = NIGHT
    for _ in range(10):
        bracket, at = [], start
        for time in (1, 4, 16):
            bracket.append(Photo(ROOT / f"{at:%Y%m%d%H%M%S}_{time}.jpg", 8, 6, Encoding.ENCODED8, Exposure(float(time))))
            at += timedelta(seconds=time + 1)
        files += bracket
        truth.append(sorted(p.path.name for p in bracket))
        start = at + timedelta(seconds=8)
    found, _ = formed(files, None)
    assert sorted(found.values()) == sorted(truth)


def by_day(files, *camera):
    """File names put into folders of their day, below or above that of the camera."""
    return [f"{name.split('_')[-2][:4]}/{name.split('_')[-2][6:8]}/{'/'.join((*camera, name))}" for name in files]


def test_a_bracket_over_the_end_of_a_folder_stays_whole_by_pauses():
    """Folders of days; a bracket every half minute, of which one begins two seconds before midnight."""
    starts = [datetime(2024, 6, 14, 23, 56, 28) + timedelta(seconds=30 * k) for k in range(16)]
    files = by_day([name for start in starts for name in names(start)])
    whole, brackets = formed(files, None)
    assert sorted(whole.values()) == sorted(sorted(names(start)) for start in starts)
    assert "2024/14/20240614235958" in whole
    assert "2024/15/20240615000000" not in whole
    assert unusual_brackets(brackets) == []
    spans, brackets = formed(files)
    assert len(spans) == 17  # as every folder and half minute counts by itself
    assert "2024/15/20240615000000" in spans


def test_one_bracket_beyond_midnight_is_whole_and_the_next_stays_apart():
    """Half a bracket and a whole one in a folder: six frames, two brackets, however little there is to learn from."""
    late = names(NIGHT.replace(hour=23, minute=59, second=58))
    after = names(NIGHT.replace(hour=23, minute=59, second=58) + timedelta(seconds=30))
    found, _ = formed([*late[2:], *after], None)
    assert sorted(found.values()) == sorted([sorted(late[2:]), sorted(after)])
    found, _ = formed(by_day([*late, *after]), None)
    assert found == {"2024/14/20240614235958": sorted(late), "2024/15/20240615000028": sorted(after)}


def test_a_frame_that_a_lone_bracket_has_twice_does_not_divide_it():
    assert len(formed([*names(NIGHT), f"{NIGHT + timedelta(seconds=6):%Y%m%d%H%M%S}_51200.jpg"], None)[0]) == 1


@pytest.mark.parametrize("above", [True, False])
def test_folders_of_two_cameras_are_not_mixed_at_midnight(above):
    starts = [datetime(2024, 6, 14, 23, 58, 58) + timedelta(seconds=30 * k) for k in range(6)]
    truth = {}
    for camera, late in (("east", 0), ("west", 1)):
        for start in starts:
            files = by_day(names(start + timedelta(seconds=late)), *([] if above else [camera]))
            truth[camera, start] = [f"{camera}/{file}" for file in files] if above else files
    photos = [shot(file) for files in truth.values() for file in files]
    brackets = form_brackets(photos, [ROOT] * len(photos), By.TIME, None)
    found = sorted(sorted(str(p.path.relative_to(ROOT)) for p in b.photos) for b in brackets)
    assert found == sorted(sorted(files) for files in truth.values())


def by_pauses(*folders):
    """What is found by pauses in `(folder, file names)`: the photographs of each bracket, below the root."""
    photos = [shot(f"{folder}/{file}") for folder, files in folders for file in files]
    brackets = form_brackets(photos, [ROOT] * len(photos), By.TIME, None)
    return sorted(sorted(str(photo.path.relative_to(ROOT)) for photo in bracket.photos) for bracket in brackets)


def apart(*folders):
    return sorted(sorted(f"{folder}/{file}" for file in files) for folder, files in folders)


@pytest.mark.parametrize("camera", ["cam{}", "cam0{}", "{}", "0{}", "2024/cam{}", "1{}"])
def test_cameras_whose_folders_differ_in_a_number_are_not_mixed(camera):
    """Two cameras by turns within a bracket's time, a folder for each bracket; then each with one folder, seconds apart."""
    one, two = camera.format(1), camera.format(2)
    folders = []
    for start in (datetime(2024, 6, 14, 9, 30) + timedelta(seconds=30 * k) for k in range(6)):
        folders.append((f"{one}/{start:%Y%m%d%H%M%S}", names(start, (0, 1), (100, 6400))))
        folders.append((f"{two}/{start:%Y%m%d%H%M%S}", names(start + timedelta(seconds=2), (0, 1), (800, 51200))))
    assert by_pauses(*folders) == apart(*folders)
    alone = [(one, names(NIGHT, (1, 1), (100, 6400))), (two, names(NIGHT, (3, 1), (800, 51200)))]
    assert by_pauses(*alone) == apart(*alone)
    longest_first = [(one, names(NIGHT)), (two, names(NIGHT + timedelta(seconds=5), times=TIMES[::-1]))]
    assert by_pauses(*longest_first) == apart(*longest_first)


def test_cameras_by_number_below_the_day_are_not_mixed():
    starts = [NIGHT + timedelta(days=day) for day in range(4)]
    folders = [
        (f"{start:%Y-%m-%d}/{camera:02}", names(start + timedelta(seconds=4 * camera))) for start in starts for camera in (1, 2)
    ]
    assert by_pauses(*folders) == apart(*folders)


@pytest.mark.parametrize(
    ("form", "begin"),
    [
        ("%Y/%m/%d", datetime(2024, 12, 31, 23, 58, 58)),
        ("%Y-%m-%d", datetime(2024, 2, 29, 23, 58, 58)),
        ("cam1/%Y%m%d", datetime(2024, 6, 30, 23, 58, 58)),
        ("cam1/%y%m%d/raw2", datetime(2024, 6, 30, 23, 58, 58)),
        ("%Y/%j", datetime(2024, 12, 31, 23, 58, 58)),
        ("%Y/cam01/%m%d/%H", datetime(2024, 6, 14, 8, 58, 58)),
        ("%H", datetime(2024, 6, 14, 22, 58, 58)),
        ("%Y%m%d/%H%M", datetime(2024, 6, 14, 8, 58, 58)),
        ("%Y-%m-%d_%H-%M", datetime(2024, 6, 14, 23, 58, 58)),
        ("%Y%m", datetime(2024, 11, 30, 23, 58, 58)),
    ],
)
def test_folders_named_by_the_time_are_those_of_one_camera(form, begin):
    starts = [begin + timedelta(seconds=30 * k) for k in range(5)]
    truth = [names(start) for start in starts]
    files = sorted(file for bracket in truth for file in bracket)
    folders = [(f"{datetime.strptime(file[:14], '%Y%m%d%H%M%S'):{form}}", [file]) for file in files]
    found = by_pauses(*folders)
    assert sorted(sorted(path.rpartition("/")[2] for path in bracket) for bracket in found) == sorted(map(sorted, truth))


def test_folders_of_single_digits_and_of_another_zone_than_the_names_are_those_of_one_camera():
    starts = [datetime(2024, 6, 9, 23, 59, 28) + timedelta(seconds=30 * k) for k in range(3)]
    bracket = {start: names(start) for start in starts}
    single = [(f"2024/6/{int(file[6:8])}", [file]) for files in bracket.values() for file in files]
    assert len(by_pauses(*single)) == 3
    summer = [(f"{datetime.strptime(file[:14], '%Y%m%d%H%M%S') + timedelta(hours=2):%Y/%m/%d/%H}",
               [file.replace("_", "Z_")]) for files in bracket.values() for file in files]  # fmt: skip
    assert {folder for folder, _ in summer} == {"2024/06/10/01", "2024/06/10/02"}
    assert len(by_pauses(*summer)) == 3


def test_a_folder_with_a_photograph_of_another_day_is_by_itself_and_the_others_go_on():
    starts = [datetime(2024, 6, day, 23, 59, 58) for day in range(10, 16)]
    folders = [(f"{file[6:8]}", [file]) for start in starts for file in names(start)]
    found = by_pauses(*folders, ("20", names(datetime(2024, 5, 1, 12))))
    assert [len(bracket) for bracket in found] == [4] * 7


def test_how_folders_are_named_is_told_quickly_however_many_there_are():
    start = datetime(2024, 1, 1)
    begun = {Path(f"/sky/cam1/{t:%Y/%m/%d/%H}"): t for t in (start + timedelta(hours=k) for k in range(8784))}
    assert set(patterns(begun).values()) == {"/sky/cam1/#/#/#/#"}
    assert set(patterns({Path("/sky#1/cam 7/day"): start}).values()) == {"/sky#1/cam 7/day"}


def test_a_camera_named_before_the_timestamp_goes_on_in_the_next_folder_with_its_first_frame():
    files = [f"east_{name}" for name in names(datetime(2024, 6, 14, 23, 59, 57))]
    found, _ = formed(by_day(files), None)
    assert found == {"2024/14/east_20240614235957": sorted(files)}


def test_what_is_usual_is_that_of_all_folders_of_the_camera():
    hours = [NIGHT.replace(hour=hour) + timedelta(seconds=30 * k) for hour in (20, 21) for k in range(4)]
    files = [f"{start:%H}/{name}" for start in hours for name in names(start)] + ["22/20240614220000_100.jpg"]
    _, brackets = formed(files)
    assert unusual_brackets(brackets) == ["22/20240614220000 (1 frame, usually 4)"]


def stray(stem, **known):
    return replace(Photo(ROOT / f"{stem}.jpg", 8, 6, Encoding.ENCODED8), **known)


@pytest.mark.parametrize("round_s", [30.0, None])
def test_frames_without_an_exposure_are_left_out_beside_others_and_named(round_s):
    stamps = [NIGHT + timedelta(seconds=30 * k) for k in range(3)]
    copies = [stray("20240614230001_800 (1)"), stray("20240614230030_thumb", width=2, height=2), stray("20240614230033_51.2")]
    found, brackets = formed([*copies, *(name for stamp in stamps for name in names(stamp))], round_s)
    assert found == {f"{stamp:%Y%m%d%H%M%S}": sorted(names(stamp)) for stamp in stamps}
    assert unusual_brackets(brackets) == [
        "20240614230000 (left out 20240614230001_800 (1).jpg, which states no exposure)",
        "20240614230030 (left out 20240614230030_thumb.jpg, 20240614230033_51.2.jpg, which state no exposure)",
    ]
    assert all(None not in bracket.stated_exposures() for bracket in brackets)


def test_frames_without_an_exposure_stay_where_all_are_so_or_exposures_are_estimated():
    copy = stray("20240614230001_800 (1)")
    photos = [shot(name) for name in names(NIGHT)] + [copy]
    (bracket,) = form_brackets(photos, [ROOT] * 5, By.TIME, 30.0, estimated=True)
    assert copy in bracket.photos
    (bracket,) = form_brackets([copy, stray("20240614230000_x")], [ROOT] * 2, By.TIME, 30.0)
    assert len(bracket.photos) == 2


def test_a_number_in_a_name_is_no_exposure_beside_times_in_seconds():
    exif = [
        shot(name, exposure=Exposure(1e-6 * t, source=ExposureSource.EXIF)) for name, t in zip(names(NIGHT), TIMES, strict=True)
    ]
    _, (bracket,) = formed([*exif, "20240614230005_7.jpg"])
    assert bracket.stated_exposures() == tuple(1e-6 * time for time in TIMES)
    assert bracket.remark == Remark(4, 4, (ROOT / "20240614230005_7.jpg",))


def test_a_series_whose_brackets_lie_across_spans_says_so():
    across = [name for k in range(8) for name in names(NIGHT + timedelta(seconds=28 + 30 * k))]
    _, brackets = formed(across)
    assert hint_at_pauses(brackets, 30.0) == (
        "the frames of 8 of 8 brackets fall into two spans of 30 s; --round gap keeps brackets whole; choose another -o"
    )
    assert hint_at_pauses(formed(across, None)[1], None) is None
    within = [name for k in range(8) for name in names(NIGHT + timedelta(seconds=30 * k))]
    assert hint_at_pauses(formed(within)[1], 30.0) is None
    one = [name for k in range(20) for name in names(NIGHT + timedelta(seconds=30 * k + (28 if k == 7 else 0)))]
    assert hint_at_pauses(formed(one)[1], 30.0) is None
    different = [f"{NIGHT + timedelta(seconds=10 * k):%Y%m%d%H%M%S}_{100 + 7 * k}.jpg" for k in range(9)]  # no brackets at all
    assert hint_at_pauses(formed(different)[1], 30.0) is None


def test_without_pauses_a_bracket_ends_where_its_exposures_come_again():
    files = [name for k in range(6) for name in names(NIGHT + timedelta(seconds=4 * k), (0, 1, 1, 1))]
    found, _ = formed(files, None)
    assert len(found) == 6
    assert all(len(members) == 4 for members in found.values())


def test_pauses_need_exposures():
    with pytest.raises(InputError, match=r"no exposure time.*--round 30s"):
        formed([shot(f"2024061409300{k}_1.jpg", exposure=None) for k in range(4)], None)


def test_two_cameras_in_one_folder_stay_apart_by_name():
    files = [f"{camera}_{name}" for camera in ("east", "west") for k in (0, 30) for name in names(NIGHT + timedelta(seconds=k))]
    for round_s in (30.0, None):
        found, _ = formed(files, round_s)
        assert sorted(found) == [f"{camera}_20240614230{k}" for camera in ("east", "west") for k in ("000", "030")]
        assert all(len(members) == 4 for members in found.values())


def test_two_cameras_in_one_folder_stay_apart_by_metadata():
    one = [shot(name, camera="Sky 1") for name in names(NIGHT)]
    other = [shot(name, camera="Sky 2") for name in names(NIGHT + timedelta(seconds=1), (0, 1, 1, 3))]
    found, _ = formed([*one, *other])
    assert sorted(found) == ["Sky-1_20240614230000", "Sky-2_20240614230000"]
    raw = [shot(name.replace(".jpg", ".dng"), encoding=Encoding.RAW) for name in names(NIGHT)]
    found, _ = formed([*names(NIGHT), *raw])
    assert sorted(found) == ["encoded8_20240614230000", "raw_20240614230000"]


def test_counters_before_the_timestamp_are_no_cameras():
    found, _ = formed([f"IMG_{k:04}_{name}" for k, name in enumerate(names(NIGHT))])
    assert {name: len(files) for name, files in found.items()} == {"20240614230000": 4}


def test_a_clock_set_back_makes_two_brackets_of_one_span():
    """The camera's clock falls back by seconds, and shoots the same half minute again."""
    again = names(NIGHT + timedelta(seconds=9))
    found, brackets = formed([*names(NIGHT), *again])
    assert found == {"20240614230000": sorted(names(NIGHT)), "20240614230009": sorted(again)}
    interleaved = names(NIGHT + timedelta(seconds=1))
    found, _ = formed([*names(NIGHT), *interleaved])
    assert {tuple(files) for files in found.values()} == {tuple(sorted(names(NIGHT))), tuple(sorted(interleaved))}
    assert unusual_brackets(brackets) == []


def test_an_hour_that_comes_twice_is_told_apart_by_its_zone():
    """Central Europe, 27 October 2024: 02:00 summer time is followed by 02:00 winter time."""
    summer = [f"20241027023000+0200_{t}.jpg" for t in TIMES]
    winter = [f"20241027023000+0100_{t}.jpg" for t in TIMES]
    found, brackets = formed([*winter, *summer])
    assert found == {"20241027023000+0200": sorted(summer), "20241027023000+0100": sorted(winter)}
    assert [timestamp_in_name(b.photos[0].path).astimezone(UTC).hour for b in brackets] == [1, 0]
    naive = [f"202410270230{s}_{t}.jpg" for s in ("00", "11") for t in TIMES]  # the camera does not say, its seconds differ
    assert len(formed(naive)[0]) == 2


def test_the_hour_that_is_skipped_and_utc_need_nothing():
    files = [f"20240331{clock}{zone}_{t}.jpg" for clock, zone in (("015930", "+0100"), ("030000", "+0200")) for t in TIMES]
    assert [len(members) for members in formed(files)[0].values()] == [4, 4]
    assert len(formed([file.replace("+0100", "").replace("+0200", "") for file in files])[0]) == 2
    utc = [f"20240331{clock}Z_{t}.jpg" for clock in ("005930", "010000") for t in TIMES]
    assert list(formed(utc)[0]) == ["20240331005930Z", "20240331010000Z"]


def test_incomplete_and_overfull_brackets_are_told_of():
    files = [name for k in range(5) for name in names(NIGHT + timedelta(seconds=30 * k))]
    repeated = f"{NIGHT:%Y%m%d%H%M}25_51200.jpg"
    _, brackets = formed([*files[:3], repeated, *files[4:9], *files[11:], f"{NIGHT:%Y%m%d%H%M}27_51200.jpg"])
    assert unusual_brackets(brackets) == [
        "20240614230000 (5 frames, usually 4)",
        "20240614230100 (2 frames, usually 4)",
    ]


def test_brackets_for_a_calibration_are_spread_and_whole():
    files = [name for k in range(20) for name in names(NIGHT + timedelta(seconds=30 * k))]
    _, brackets = formed(files[1:])
    chosen = spread_brackets(brackets, 4)
    assert [len(b.photos) for b in chosen] == [4] * 4
    minutes = [int(b.name[-4:-2]) for b in chosen]
    assert minutes[0] <= 2
    assert minutes[-1] >= 7
    assert len({b.name for b in spread_brackets(brackets, 50)}) == 20
    assert len(spread_brackets(brackets, 19)) == 19


def put(folder, *files):
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 8), 90, np.uint8)).save(folder / file)


def test_the_unit_of_exposures_in_names(tmp_path):
    put(tmp_path, *names(NIGHT))
    for unit, factor in (
        (None, 1.0),
        (ExposureUnit.MICROSECONDS, 1e-6),
        (ExposureUnit.MILLISECONDS, 1e-3),
        (ExposureUnit.SECONDS, 1.0),
    ):
        (bracket,) = find_brackets(tmp_path, InputOptions(by=By.TIME, exposure_unit=unit)).brackets
        assert bracket.relative_exposures() == pytest.approx([factor * t for t in TIMES])


def test_rules_and_units_may_be_given_by_their_values():
    assert InputOptions(by="time", exposure_unit="us") == InputOptions(by=By.TIME, exposure_unit=ExposureUnit.MICROSECONDS)


def test_what_is_found_is_told(tmp_path):
    put(tmp_path, *names(NIGHT), *names(NIGHT + timedelta(seconds=30)), *names(NIGHT + timedelta(seconds=60))[:1], "latest.jpg")
    found = find_brackets(tmp_path, InputOptions(by=By.TIME))
    assert len(found.brackets) == 3
    assert found.notes[0].startswith("left out 1 photograph without a timestamp")
    assert str(found.notes[1]) == "1 of 3 brackets unusual: 20240614230100 (1 frame, usually 4)"
    assert len(find_brackets(tmp_path, InputOptions(by=By.TIME, max_groups=1)).brackets) == 1


@pytest.mark.parametrize(
    "options", [{"round_to": "gaps"}, {"min_frames": 1}, {"max_groups": 0}, {"by": "tome"}, {"exposure_unit": "m"}]
)
def test_options_that_make_no_sense(options):
    with pytest.raises(InputError):
        InputOptions(**options)
