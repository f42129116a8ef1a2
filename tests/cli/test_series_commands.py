"""`hdrkit calibrate` and `hdrkit merge` over a series, as an operator types them."""

import csv
import json
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from hdrkit import read_curve, read_radiance
from hdrkit.cli.merge_series import Account
from hdrkit.inputs import find as inputs
from hdrkit.inputs.find import find_series
from hdrkit.inputs.options import InputOptions


def rows(folder):
    with (folder / "series.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def made(out, suffix="exr"):
    return sorted(path.relative_to(out).as_posix() for path in out.rglob(f"*.{suffix}"))


@pytest.fixture
def merge(hdrkit, sky_curve, tmp_path):
    """Run `hdrkit merge` on `tmp_path/in` into `tmp_path/out`."""

    def run(*words):
        base = ("merge", tmp_path / "in", "-o", tmp_path / "out", "--response", sky_curve, "--align", "none", "--jobs", 1)
        return hdrkit(*base, *words)

    return run


def test_a_night_is_calibrated_and_merged(hdrkit, tmp_path, sky):
    sky.series(tmp_path / "in", 5, size=128)
    words = ("--by", "time", "--round", "30s", "--exposure-unit", "us")
    calibrated = hdrkit("calibrate", tmp_path / "in", *words, "--max-groups", 2, "-o", tmp_path / "R.npz")
    assert calibrated.code == 0, calibrated.err
    assert "from 2 bracket(s), 8 frames" in calibrated.out
    curve = read_curve(tmp_path / "R.npz")
    assert curve.metadata["num_groups_used"] == 2
    g = curve.ln_exposure
    assert curve.metadata["lnE_range"] == pytest.approx([g.min() - np.log(0.0512), g.max() - np.log(1e-4)], abs=1e-3)
    merged = hdrkit(
        "merge", tmp_path / "in", "-o", tmp_path / "out", *words, "--response", tmp_path / "R.npz", "--range", "auto", "--preview"
    )
    assert merged.code == 0, merged.err
    assert "5 brackets: 5 merged, 0 done before, 0 failed" in merged.out
    assert made(tmp_path / "out") == [f"2024061409{s}_hdr.exr" for s in ("3000", "3030", "3100", "3130", "3200")]
    assert len(made(tmp_path / "out", "jpg")) == 5
    found = read_radiance(tmp_path / "out" / "20240614093000_hdr.exr")
    assert found.metadata["exposure_times"] == pytest.approx([1e-6 * time for time in sky.times_us])
    again = hdrkit(
        "merge", tmp_path / "in", "-o", tmp_path / "out", *words, "--response", tmp_path / "R.npz", "--range", "auto", "--preview"
    )
    assert "5 brackets: 0 merged, 5 done before, 0 failed" in again.out


def test_nested_folders_are_kept(merge, tmp_path, sky):
    for day in ("2024/06/14", "2024/06/15"):
        sky.series(tmp_path / "in" / day, 2, size=48)
    assert merge("--by", "time").code == 0
    assert made(tmp_path / "out") == [f"2024/06/{d}/2024061409{s}_hdr.exr" for d in (14, 15) for s in ("3000", "3030")]


def test_a_long_series_is_found_while_it_is_merged(merge, tmp_path, sky, monkeypatch):
    """No photograph of a day is opened before all but the last bracket of the days before is there."""
    for day in (14, 15, 16, 17):
        for path in sky.series(tmp_path / "in" / f"2024/06/{day}", 3, size=32):
            path.rename(path.with_name(path.name.replace("20240614", f"202406{day}")))
    there = {}
    real = inputs.read_photo

    def noting(path, **known):
        there.setdefault(path.parent.name, len(made(tmp_path / "out")))
        return real(path, **known)

    monkeypatch.setattr(inputs, "read_photo", noting)
    done = merge("--by", "time")
    assert done.code == 0
    assert "12 brackets: 12 merged" in done.out
    assert there == {"14": 0, "15": 2, "16": 5, "17": 8}
    again = merge("--by", "time", "--json")
    assert [one["bracket"] for one in json.loads(again.out)["brackets"]][::3] == [
        f"2024/06/{day}/202406{day}093000" for day in (14, 15, 16, 17)
    ]


def test_how_many_there_will_be_is_known_from_the_first_folder_on(tmp_path, sky):
    for day, count in ((14, 4), (15, 1), (16, 2)):
        sky.series(tmp_path / f"2024/06/{day}", count, size=16)
    account = Account(
        find_series(tmp_path, InputOptions(by="time")), SimpleNamespace(jobs=list), SimpleNamespace(applied=list), json=True
    )
    assert {account.expected for _ in account.jobs()} == {7}


def test_what_cannot_be_read_is_said_of_each_day_and_the_rest_is_done(merge, tmp_path, sky):
    for day in (14, 15):
        sky.series(tmp_path / "in" / f"2024/06/{day}", 2, size=32)[0].write_text("no picture")
    (tmp_path / "in" / "notes.txt").write_text("rain")
    done = merge("--by", "time")
    assert done.code == 1
    assert done.err.count("20240614093000_100.png: not an image") == 2
    assert done.err.count("series.csv has notes on 2 brackets; the first: 2024/06/14/20240614093000: 3 frames, usually 4") == 1
    assert done.err.count("usually 4") == 1
    assert "1 other file ignored" in done.err
    told = json.loads(merge("--by", "time", "--json").out)
    assert (len(told["unreadable"]), told["ignored_files"], len(told["brackets"])) == (2, 1, 4)
    assert told["notes"] == []


def test_strays_and_photographs_without_a_timestamp_are_said_once_and_are_no_failure(merge, tmp_path, sky):
    paths = sky.series(tmp_path / "in", 2, size=32)
    for name in ("20240614093001_800 (1).png", "latest.png"):
        (tmp_path / "in" / name).write_bytes(paths[1].read_bytes())
    for words in ((), ("--overwrite", "--round", "gap")):
        done = merge("--by", "time", *words)
        assert done.code == 0
        assert done.err.count("left out 20240614093001_800 (1).png") == 1
        assert done.err.count("left out 1 photograph without a timestamp") == 1
        assert "unusual" not in done.err


def test_a_bracket_that_cannot_be_merged_is_reported_and_the_rest_is_done(merge, tmp_path, sky):
    paths = sky.series(tmp_path / "in", 4, size=48)
    for path in (*paths[5:8], paths[8]):
        path.unlink()
    for words, failed in ((("--min-frames", 2), ["3030"]), (("--min-frames", 4), ["3030", "3100"])):
        done = merge("--by", "time", *words)
        assert done.code == 1
        assert [row["bracket"][-4:] for row in rows(tmp_path / "out") if row["error"]] == failed
        assert all(f"2024061409{name}" in done.err for name in failed)
    found = {row["bracket"][-4:]: row for row in rows(tmp_path / "out")}
    assert "3 frames; --min-frames asks for 4" in found["3100"]["error"]
    assert "3 frames, usually 4" in found["3100"]["note"]
    assert found["3130"]["frames"] == "4"
    assert merge("--by", "time", "--min-frames", 1).code == 2


def test_an_unreadable_frame_is_left_out_and_said_again_each_time(merge, tmp_path, sky):
    paths = sky.series(tmp_path / "in", 2, size=48)
    paths[2].write_bytes(paths[2].read_bytes()[:-30])
    for _ in range(2):
        done = merge("--by", "time")
        assert done.code == 1
        assert paths[2].name in done.err
        assert [row["frames"] for row in rows(tmp_path / "out")] == ["3", "4"]
    assert "2 done before" in done.out


def test_pauses_instead_of_spans(merge, tmp_path, sky):
    """Brackets that begin two seconds before the half minute end in the next one."""
    for number in range(4):
        begin = sky.start + timedelta(seconds=28 + 30 * number)
        names = [
            tmp_path / "in" / f"{begin + timedelta(seconds=wait):%Y%m%d%H%M%S}_{time}.png"
            for wait, time in zip((0, 1, 2, 3), sky.times_us, strict=True)
        ]
        sky.shoot(sky.radiance(48), names, [1e-6 * time for time in sky.times_us], seed=number)
    assert merge("--by", "time", "--round", "gap").code == 0
    assert [row["frames"] for row in rows(tmp_path / "out")] == ["4"] * 4
    assert made(tmp_path / "out")[0] == "20240614093028_hdr.exr"


def test_a_bracket_over_midnight_is_one_by_pauses_also_where_its_first_frame_comes_late(merge, tmp_path, sky):
    midnight = sky.start.replace(hour=0, minute=0)
    shot = {}
    for number in range(-2, 3):
        stamps = [midnight + timedelta(seconds=30 * number + wait) for wait in (-2, -1, 0, 1)]
        names = [tmp_path / "in" / f"{at:%m/%d/%Y%m%d%H%M%S}_{t}.png" for at, t in zip(stamps, sky.times_us, strict=True)]
        shot[number] = sky.shoot(sky.radiance(48), names, [1e-6 * time for time in sky.times_us], seed=number + 2)
    late = {path: path.read_bytes() for path in shot[0][:2]}
    for path in late:
        path.unlink()
    words = ("--by", "time", "--round", "gap", "--preview")
    assert merge(*words).code == 0
    before = ["06/13/20240613235858", "06/13/20240613235928", *(f"06/14/202406140000{s}" for s in ("00", "28", "58"))]
    assert made(tmp_path / "out") == [f"{name}_hdr.exr" for name in before]
    for path, data in late.items():
        path.write_bytes(data)
    done = merge(*words)
    assert "5 brackets: 1 merged, 4 done before, 0 failed" in done.out
    after = [name.replace("06/14/20240614000000", "06/13/20240613235958") for name in before]
    assert made(tmp_path / "out") == [f"{name}_hdr.exr" for name in after]
    assert len(made(tmp_path / "out", "jpg")) == 5
    recorded = [row["bracket"] for day in ("13", "14") for row in rows(tmp_path / "out" / "06" / day)]
    assert recorded == [name.rpartition("/")[2] for name in after]


def test_two_cameras_in_one_folder(merge, tmp_path, sky):
    for number, camera in enumerate(("east", "west")):
        names = [tmp_path / "in" / f"{camera}_20240614093000_{time}.png" for time in sky.times_us]
        sky.shoot((1 + number) * sky.radiance(48), names, [1e-6 * time for time in sky.times_us])
    assert merge("--by", "time").code == 0
    assert made(tmp_path / "out") == ["east_20240614093000_hdr.exr", "west_20240614093000_hdr.exr"]
    one, two = (read_radiance(tmp_path / "out" / name).pixels for name in made(tmp_path / "out"))
    lit = sky.radiance(48).min(axis=2) > 1
    assert np.median(two[lit] / one[lit]) == pytest.approx(2, rel=0.02)


def test_zones_in_names_come_out_as_they_went_in(merge, tmp_path, sky):
    """The night on which the clocks go back: the same local time twice."""
    for zone in ("+0200", "+0100", "Z"):
        names = [tmp_path / "in" / f"20241027023000{zone}_{time}.png" for time in sky.times_us]
        sky.shoot(sky.radiance(48), names, [1e-6 * time for time in sky.times_us])
    assert merge("--by", "time").code == 0
    assert made(tmp_path / "out") == [f"20241027023000{zone}_hdr.exr" for zone in ("+0100", "+0200", "Z")]
    stamps = {row["timestamp"] for row in rows(tmp_path / "out")}
    assert stamps == {f"2024-10-27T02:30:00{zone}" for zone in ("+02:00", "+01:00", "+00:00")}


def test_one_exposure_for_previews_from_a_file(merge, hdrkit, tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 2, size=48)
    printed = hdrkit("range", tmp_path / "in", "--response", sky_curve, "--by", "time")
    (tmp_path / "range.txt").write_text(printed.out)
    low, high = printed.out.split()
    shown = []
    for words in (("--range", tmp_path / "range.txt"), ("--range", low, high), ("--range", "auto")):
        assert merge("--by", "time", "--preview", "--overwrite", *words).code == 0
        shown.append([(tmp_path / "out" / name).read_bytes() for name in made(tmp_path / "out", "jpg")])
    assert shown[0] == shown[1]
    assert len(shown[0]) == 2
    (tmp_path / "bad.txt").write_text("one two")
    assert "no range of two numbers" in merge("--by", "time", "--preview", "--range", tmp_path / "bad.txt").err
    assert merge("--by", "time", "--preview", "--range", tmp_path / "none.txt").code == 2


def test_the_report_for_scripts(merge, tmp_path, sky):
    sky.series(tmp_path / "in", 2, size=48)
    first, second = (json.loads(merge("--by", "time", "--json").out)["brackets"] for _ in range(2))
    assert [one["row"]["frames"] for one in first] == ["4", "4"]
    assert first[0]["outcome"]["report"]["saturated"] >= 0
    assert [one["outcome"] for one in second] == [None, None]


def test_other_brackets_are_merged_as_ever(hdrkit, tmp_path, room, curve):
    done = hdrkit("merge", room, "-o", tmp_path / "out", "--by", "folder", "--response", curve)
    assert done.code == 0
    assert made(tmp_path / "out") == ["room.exr"]
    assert not (tmp_path / "out" / "series.csv").exists()


def test_where_nothing_can_be_read_each_file_is_named_once_and_no_folder_is_made(merge, tmp_path, sky):
    for day in (14, 15):
        for path in sky.series(tmp_path / "in" / f"2024/06/{day}", 1, size=16):
            path.write_text("no picture")
    for words in ((), ("--json",)):
        done = merge("--by", "time", *words)
        assert done.code == 1
        assert (done.err.count("error: "), done.err.count("not an image")) == (8, 8)
        assert "wrote" not in done.out
        assert not (tmp_path / "out").exists()
    told = json.loads(done.out)
    assert (len(told["unreadable"]), told["brackets"]) == (8, [])
