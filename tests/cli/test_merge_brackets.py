"""A second merge into a folder does only what is missing or changed."""

import json
from pathlib import Path

import numpy as np
import pytest

from hdrkit import read_curve, read_radiance, write_curve
from hdrkit.simulate import SimulatedCamera


@pytest.fixture
def merged(hdrkit, shoot, tmp_path, curve):
    for seed, name in enumerate(("a", "n/b", "c")):
        shoot(tmp_path / "in" / name, seed=seed)

    def merge(*words):
        given = ("--response", curve, "--align", "none", "--jobs", 1)
        done = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", *given, *words)
        assert done.code == 0, done.err
        return [line.split(":")[0] for line in done.out.splitlines() if " frames, " in line], done.out.splitlines()[-1]

    assert merge() == (["a", "c", "n/b"], "3 brackets: 3 merged, 0 failed")
    return merge


def test_nothing_is_merged_twice(merged, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.exr")}
    summary = "3 brackets: 0 merged, 3 of 3 were there already (--overwrite merges them again), 0 failed"
    assert merged() == ([], summary)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.exr")} == before
    assert merged("--overwrite")[0] == ["a", "c", "n/b"]


def test_a_changed_photograph_and_a_missing_result_are_merged_again(merged, shoot, tmp_path):
    shoot(tmp_path / "in" / "a", seed=7)
    (tmp_path / "out" / "n" / "b.exr").unlink()
    assert merged()[0] == ["a", "n/b"]
    shoot(tmp_path / "in" / "d")
    assert merged()[0] == ["d"]


def test_other_options_and_another_curve_merge_all_again(merged, tmp_path):
    assert merged("--estimator", "poisson")[0] == ["a", "c", "n/b"]
    assert merged("--estimator", "poisson", "--preview")[0] == ["a", "c", "n/b"]
    assert merged("--estimator", "poisson", "--preview")[0] == []
    other = write_curve(SimulatedCamera(response="gamma", exponent=1.5).response_curve(), tmp_path / "other.npz")
    assert merged("--estimator", "poisson", "--preview", "--response", other)[0] == ["a", "c", "n/b"]


def test_what_was_there_already_in_json(hdrkit, merged, tmp_path, curve):
    words = ("--response", curve, "--align", "none", "--jobs", 1, "--json")
    told = json.loads(hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", *words).out)["brackets"]
    assert [(one["bracket"], one["done_before"]) for one in told] == [("a", True), ("c", True), ("n/b", True)]
    assert told[2]["output"] == str(tmp_path / "out" / "n" / "b.exr")


def test_a_list_of_groups_goes_on_too(hdrkit, shoot, tmp_path, curve):
    paths = [path for seed, name in enumerate("ab") for path in shoot(tmp_path / "in" / name, seed=seed)]
    lines = [f"{path.relative_to(tmp_path)},room_{path.parent.name}" for path in paths]
    (tmp_path / "groups.csv").write_text("\n".join(["path,bracket", *lines]) + "\n")
    words = ("merge", tmp_path / "groups.csv", "-o", tmp_path / "out", "--response", curve, "--align", "none", "--jobs", 1)
    assert hdrkit(*words).out.splitlines()[-1] == "2 brackets: 2 merged, 0 failed"
    assert "2 of 2 were there already" in hdrkit(*words).out


def test_results_are_named_as_asked(hdrkit, shoot, tmp_path, curve):
    for name in ("a", "b"):
        shoot(tmp_path / "in" / name)
    words = ("merge", tmp_path / "in", "--response", curve, "--align", "none", "--jobs", 1, "--format", "jpg")
    done = hdrkit(*words, "-o", tmp_path / "out", "--name", "{number}_{bracket}_{camera}", "--quality", 60)
    assert done.code == 0, done.err
    made = sorted((tmp_path / "out").glob("[!.]*"))
    assert [path.name for path in made] == ["1_a_Simulated HK-1.jpg", "2_b_Simulated HK-1.jpg"]
    assert hdrkit(*words, "-o", tmp_path / "fine").code == 0
    assert made[0].stat().st_size < (tmp_path / "fine" / "a.jpg").stat().st_size
    assert hdrkit(*words, "-o", tmp_path / "one", "--name", "{brackets}").code == 2
    assert hdrkit("merge", tmp_path / "in" / "a", "-o", tmp_path / "one.jpg", "--name", "{bracket}").code == 2


def test_results_beside_photographs_are_not_merged_again(hdrkit, room, curve):
    for suffix in ("jpg", "png", "tif"):
        words = ("--response", curve, "--align", "none", "--jobs", 1)
        done = hdrkit("merge", room, "-o", room, "--format", suffix, *words)
        assert done.code == 0, done.err
        assert "room: 4 frames" in done.out
    assert "left out 2 pictures that hdrkit itself made: " in done.err
    alone = hdrkit("merge", room / "room.jpg", room / "room.png", "-o", room / "again.jpg", "--ev", "0,1")
    assert alone.code == 1
    assert "hdrkit itself made this" in alone.err


@pytest.mark.parametrize("name", ["m.dng", "x.webp", "room.heic", "fine.exrr"])
def test_a_file_type_that_no_result_has_makes_no_folder(hdrkit, room, tmp_path, name):
    done = hdrkit("merge", room, "-o", tmp_path / name)
    assert done.code == 2
    assert ".exr" in done.err
    assert not (tmp_path / name).exists()
    (tmp_path / "2024.06").mkdir()
    (tmp_path / "is.dng").mkdir()
    for folder in ("2024.06", "2024.07", "v1.2", "is.dng"):
        assert hdrkit("merge", room, "-o", tmp_path / folder, "--estimator", "mertens").code == 0


def test_an_error_is_json_too(hdrkit, tmp_path):
    (tmp_path / "empty").mkdir()
    done = hdrkit("merge", tmp_path / "empty", "-o", tmp_path / "o.exr", "--json")
    assert done.code == 1
    assert "no pictures found" in json.loads(done.out)["error"]
    assert done.err.startswith("error: ")


@pytest.mark.parametrize(
    "words", [("merge", "-o", "o.exr"), ("merge", "-o", "out"), ("calibrate", "-o", "c.npz"), ("rank", "--dry-run")]
)
def test_where_everything_fails_the_failures_are_in_the_json(hdrkit, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "in" / name).write_bytes(b"no picture")
    command, *more = words
    done = hdrkit(command, "in", *more, "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert [line.split(":")[0] for line in told["failures"]] == ["in/a.jpg", "in/b.jpg"]
    assert told["error"].startswith("none of 2 files is readable; the first: in/a.jpg")


def test_brackets_that_all_fail_are_in_the_json(hdrkit, shoot, tmp_path):
    for name in ("a", "b"):
        for path in shoot(tmp_path / "in" / name):
            path.write_bytes(path.read_bytes()[:300])
    done = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", "--json", "--jobs", 1)
    assert done.code == 1
    assert [bool(one["error"]) for one in json.loads(done.out)["brackets"]] == [True, True]
    done = hdrkit("calibrate", tmp_path / "in", "-o", tmp_path / "c.npz", "--json")
    assert [
        line.startswith("none of 2 brackets") for line in (json.loads(done.out)["error"], *json.loads(done.out)["failures"])
    ] == [True, False, False]


def test_white_of_the_middle_exposure_is_one_on_the_normal_scale(hdrkit, room, tmp_path, curve):
    words = ("merge", room, "--response", curve, "--align", "none")
    for name, more in (("a.exr", ()), ("b.exr", ("--scale", "normal")), ("c.exr", ("--scale", "normal", "--half"))):
        assert hdrkit(*words, "-o", tmp_path / name, *more).code == 0
    radiance, normal = read_radiance(tmp_path / "a.exr"), read_radiance(tmp_path / "b.exr")
    np.testing.assert_allclose(normal.pixels, radiance.pixels, rtol=1e-6)
    exposures = sorted(radiance.metadata["relative_exposures"])
    white = np.exp(read_curve(curve).ln_exposure[-1].mean()) / exposures[len(exposures) // 2]
    assert normal.metadata["scale"] == pytest.approx(1 / white)
    assert hdrkit("info", tmp_path / "b.exr").out.count("scale") == 1


def test_a_range_in_ev_is_one_in_logarithms(hdrkit, room, tmp_path, curve):
    words = ("merge", room, "--response", curve, "--align", "none", "--format", "jpg")
    for name, low, high in (("a", "-2", "3"), ("b", f"{-2 / np.log(2):.9f}ev", f"{3 / np.log(2):.9f}EV")):
        assert hdrkit(*words, "-o", tmp_path / name, "--range", low, high).code == 0
    assert (tmp_path / "a" / "room.jpg").read_bytes() == (tmp_path / "b" / "room.jpg").read_bytes()
    told = json.loads(hdrkit("range", room, "--response", curve, "--json").out)
    assert told["max_ev"] == pytest.approx(told["max_ln"] / np.log(2))


def test_a_bracket_that_no_curve_describes_is_written_and_not_trusted(hdrkit, shoot, tmp_path):
    shoot(tmp_path / "in" / "lying", times_s=(1 / 64, 1 / 16, 1 / 4, 1, 4))
    done = hdrkit("merge", tmp_path / "in" / "lying", "--ev", "0,0.3,0.6,4,4.3", "--align", "none", "-o", tmp_path / "x.exr")
    assert done.code == 1
    assert "not trusted: " in done.err
    assert (tmp_path / "x.exr").is_file()


def test_what_is_not_trusted_stays_so_in_the_next_run_and_in_a_curve(hdrkit, shoot, tmp_path):
    times = (1 / 64, 1 / 16, 1 / 4, 1, 4)
    shoot(tmp_path / "in" / "lying", times_s=times)
    words = ("--ev", "0,0.3,0.6,4,4.3", "--align", "none")
    for _ in range(2):
        done = hdrkit("merge", tmp_path / "in", *words, "-o", tmp_path / "out", "--jobs", 1)
        assert done.code == 1
        assert "not trusted" in done.err
    assert "1 of 1 were there already" in done.out
    assert hdrkit("calibrate", tmp_path / "in", *words, "-o", tmp_path / "c.npz", "--no-plot").code == 1
    shoot(tmp_path / "good", times_s=times)
    done = hdrkit("merge", tmp_path / "good", "--align", "none", "--response", tmp_path / "c.npz", "-o", tmp_path / "x.exr")
    assert done.code == 1
    assert "not trusted: " in done.err


def test_results_of_earlier_runs_stay_and_are_told(merged, hdrkit, tmp_path, curve):
    out = tmp_path / "out"
    words = ("merge", tmp_path / "in", "-o", out, "--response", curve, "--align", "none", "--jobs", 1)
    done = hdrkit(*words, "--format", "jpg", "--name", "new_{bracket}")
    assert done.code == 0, done.err
    there = ", ".join(str(out / name) for name in ("a.exr", "c.exr", "n/b.exr"))
    assert f"note: 3 files of earlier runs, with other names or options, stay beside the new results: {there}\n" in done.err
    assert sorted(path.name for path in out.rglob("*.exr")) == ["a.exr", "b.exr", "c.exr"]
    assert "earlier runs" not in hdrkit(*words, "--format", "jpg", "--name", "new_{bracket}").err


def test_a_preview_of_an_earlier_run_is_told(merged, hdrkit, tmp_path, curve):
    words = ("merge", tmp_path / "in", "-o", tmp_path / "out", "--response", curve, "--align", "none", "--jobs", 1, "--json")
    assert json.loads(hdrkit(*words, "--preview").out)["earlier_files"] == []
    stale = [str(tmp_path / "out" / f"{name}_preview.jpg") for name in ("a", "c", "n/b")]
    assert json.loads(hdrkit(*words, "--estimator", "poisson").out)["earlier_files"] == stale


def test_names_that_shift_leave_nothing_stale(hdrkit, shoot, tmp_path, curve):
    """A bracket in front of the others moves all numbers: each file holds the bracket that the last run says."""
    words = ("-o", tmp_path / "out", "--response", curve, "--align", "none", "--jobs", 1, "--name", "{number}", "--json")
    frames = {}
    for name in ("b", "c", "a"):
        frames[name] = [str(path) for path in shoot(tmp_path / "in" / name, seed=ord(name))]
        told = json.loads(hdrkit("merge", tmp_path / "in", *words).out)
        assert told["earlier_files"] == []
        assert all(one["report"]["frames"] == frames[one["bracket"]] for one in told["brackets"] if one["report"])
    assert [Path(one["output"]).name for one in told["brackets"]] == ["1.exr", "2.exr", "3.exr"]
    again = json.loads(hdrkit("merge", tmp_path / "in", *words).out)
    assert all(one["done_before"] for one in again["brackets"])


def test_the_result_of_another_bracket_is_not_replaced(hdrkit, shoot, tmp_path, curve):
    for seed, name in enumerate("ab"):
        shoot(tmp_path / name, seed=seed)
    words = ("-o", tmp_path / "out", "--response", curve, "--align", "none", "--name", "{first}")
    assert hdrkit("merge", tmp_path / "a", *words).code == 0
    before = (tmp_path / "out" / "0.exr").read_bytes()
    done = hdrkit("merge", tmp_path / "b", *words)
    assert done.code == 1
    assert f"{tmp_path / 'out' / '0.exr'}: it is the result of bracket 'a' of an earlier run; choose another --name" in done.err
    assert (tmp_path / "out" / "0.exr").read_bytes() == before
    assert hdrkit("merge", tmp_path / "b", *words, "--overwrite").code == 0
    assert (tmp_path / "out" / "0.exr").read_bytes() != before
    done = hdrkit("merge", tmp_path / "a", *words)  # its result is gone: what is there is no longer its own
    assert (done.code, "of bracket 'b' of an earlier run" in done.err) == (1, True)


def test_results_beside_photographs_are_neither_grouped_nor_ranked(hdrkit, room, tmp_path, curve):
    assert hdrkit("merge", room, "-o", room, "--format", "jpg", "--response", curve, "--align", "none").code == 0
    told = f"note: left out 1 picture that hdrkit itself made: {room / 'room.jpg'}\n"
    done = hdrkit("group", room, "-o", tmp_path / "out")
    assert (done.code, told in done.err) == (0, True)
    assert "room.jpg" not in (tmp_path / "out" / "groups.csv").read_text()
    done = hdrkit("rank", room, "--dry-run")
    assert (done.code, told in done.err) == (0, True)
    assert "4 photographs" in done.out
    (tmp_path / "results").mkdir()
    (room / "room.jpg").rename(tmp_path / "results" / "room.jpg")
    assert "1 photograph" in hdrkit("rank", tmp_path / "results", "--dry-run").out


def test_brackets_of_one_name_in_one_folder_of_results_go_on_too(hdrkit, shoot, tmp_path, curve):
    for seed, name in enumerate("xy"):
        shoot(tmp_path / "in" / name / "room", seed=seed)
    words = ("-o", tmp_path / "out", "--response", curve, "--align", "none", "--jobs", 1, "--name", "all/{number}")
    assert hdrkit("merge", tmp_path / "in", *words).code == 0
    assert "2 of 2 were there already" in hdrkit("merge", tmp_path / "in", *words).out


def test_a_file_that_cannot_be_read_is_named_before_what_follows_from_it(hdrkit, room, tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        (room / name).write_bytes(b"no picture")
    errors = hdrkit("merge", room, "-o", tmp_path / "x.exr").err.splitlines()
    assert ["the only frame" in line for line in errors] == [False, False, False, True]
