import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from hdrkit import __version__, read_curve, read_radiance, write_curve
from hdrkit.simulate import SimulatedCamera

TIMES = (1 / 64, 1 / 16, 1 / 4, 1)


def names(folder):
    """The files that a user sees in a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("[!.]*") if path.is_file())


def is_picture(path, kind):
    with Image.open(path) as image:
        image.load()
        return image.format == kind


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands(hdrkit, words):
    code, out, err = hdrkit(*words)
    assert code == (0 if words else 2)
    for command in ("group", "calibrate", "merge", "range", "info"):
        assert command in out + err


def test_version(hdrkit):
    assert hdrkit("--version") == (0, f"hdrkit {__version__}\n", "")


@pytest.mark.parametrize("suffix", ["npz", "npy", "m", "rsp"])
def test_calibrate_writes_the_curve_and_its_plot(hdrkit, tmp_path, room, suffix):
    output = tmp_path / "out" / f"curve.{suffix}"
    code, out, err = hdrkit("calibrate", room, "-o", output, "--align", "none")
    assert (code, err if suffix != "rsp" else "") == (0, "")
    assert f"wrote {output} and {output.with_suffix('.png')}" in out
    assert " from 1 bracket(s), 4 frames" in out
    assert is_picture(output.with_suffix(".png"), "PNG")
    assert (read_curve(output).levels, read_curve(output).channels) == (256, 3)
    assert names(tmp_path / "out") == sorted(["curve.png", f"curve.{suffix}"])


@pytest.mark.parametrize("method", ["robertson", "mitsunaga-nayar"])
def test_other_methods(hdrkit, tmp_path, room, method):
    code, out, _ = hdrkit("calibrate", room, "-o", tmp_path / "c.npz", "--method", method, "--no-plot", "--samples", 500)
    assert code == 0
    assert method in out
    assert read_curve(tmp_path / "c.npz").metadata["algorithm"].lower() == method
    assert not (tmp_path / "c.png").exists()


def test_a_calibration_as_json(hdrkit, tmp_path, room):
    code, out, err = hdrkit("calibrate", room, "-o", tmp_path / "c.npz", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["output"] == str(tmp_path / "c.npz")
    assert told["report"]["brackets"][0]["frames"] == 4


def test_merge_one_bracket(hdrkit, tmp_path, room, curve):
    code, out, err = hdrkit("merge", room, "-o", tmp_path / "o" / "room.exr", "--response", curve, "--preview", "--align", "none")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("room: 4 frames, alignment ")
    assert f"response {curve.name}" in out
    assert names(tmp_path / "o") == ["room.exr", "room_preview.jpg"]
    assert is_picture(tmp_path / "o" / "room_preview.jpg", "JPEG")
    assert read_radiance(tmp_path / "o" / "room.exr").metadata["response"] == curve.name


def test_merge_without_a_curve_says_where_it_comes_from(hdrkit, tmp_path, room):
    code, out, _ = hdrkit("merge", room, "-o", tmp_path / "room.hdr")
    assert code == 0
    assert "response calibrated from this bracket" in out
    assert read_radiance(tmp_path / "room.hdr").pixels.shape == (48, 72, 3)


def test_merge_many_into_a_folder(hdrkit, tmp_path, shoot, curve):
    for name in ("a", "n/b"):
        shoot(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").touch()
    words = ["-o", tmp_path / "out", "--response", curve, "--jobs", 1, "--format", "hdr", "--preview", "--preview-type", "png"]
    code, out, _ = hdrkit("merge", tmp_path / "in", *words)
    assert code == 0
    assert names(tmp_path / "out") == ["a.hdr", "a_preview.png", "n/b.hdr", "n/b_preview.png"]
    assert "n/b: 3 frames" in out


def test_a_merge_as_json(hdrkit, tmp_path, room, curve):
    (room / "notes.txt").touch()
    code, out, err = hdrkit("merge", room, "-o", tmp_path / "r.exr", "--response", curve, "--json")
    told = json.loads(out)
    assert (code, err) == (0, "1 other file ignored\n")
    assert told["ignored_files"] == 1
    assert told["brackets"][0]["output"] == str(tmp_path / "r.exr")
    assert told["brackets"][0]["report"]["estimator"] == "inverse-variance"


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_fusion(hdrkit, tmp_path, room, suffix):
    code, out, err = hdrkit("merge", room, "-o", tmp_path / f"f.{suffix}", "--estimator", "mertens")
    assert (code, err) == (0, "")
    assert is_picture(tmp_path / f"f.{suffix}", {"png": "PNG", "jpg": "JPEG"}[suffix])
    assert "room: 4 frames" in out


@pytest.mark.parametrize("suffix", ["EXR", "Hdr"])
def test_output_suffixes_in_any_case(hdrkit, tmp_path, room, curve, suffix):
    assert hdrkit("merge", room, "-o", tmp_path / f"o.{suffix}", "--response", curve, "--preview").code == 0
    assert names(tmp_path)[0] == f"o.{suffix}"


def test_deep_pictures(hdrkit, tmp_path, shoot):
    shoot(tmp_path / "deep", bits=16, exif=False, times_s=TIMES)
    response = tmp_path / "deep.npz"
    assert hdrkit("calibrate", tmp_path / "deep", "-o", response).code == 0
    assert read_curve(response).levels == 65536
    assert hdrkit("merge", tmp_path / "deep", "-o", tmp_path / "deep.exr", "--response", response).code == 0


def brightness(path):
    return float(cv2.imread(str(path)).mean())


def test_one_range_shows_all_pictures_alike(hdrkit, tmp_path, shoot, curve):
    shoot(tmp_path / "in" / "day")
    shoot(tmp_path / "in" / "night", times_s=(1, 8, 64))  # the same codes: a scene 64 times darker
    for name in ("day", "night"):
        for k, source in enumerate(sorted((tmp_path / "in" / "day").iterdir(), key=lambda path: int(path.stem.split("_")[-1]))):
            pixels = cv2.imread(str(source))
            if name == "night":
                cv2.imwrite(str(tmp_path / "in" / "night" / f"n_{8**k * 1000}.png"), pixels)
                (tmp_path / "in" / "night" / f"{k}.png").unlink()
            else:
                cv2.imwrite(str(source.with_name(f"d_{round(8**k * 1000 / 64)}.png")), pixels)
                source.unlink()
    code, out, _ = hdrkit("range", tmp_path / "in", "--response", curve)
    assert code == 0
    low, high = (float(word) for word in out.split())
    shown = {}
    for label, words in {"none": [], "auto": ["--range", "auto"], "given": ["--range", low, high]}.items():
        words = [*words, "--response", curve, "--preview", "--jobs", 1, "--align", "none"]
        assert hdrkit("merge", tmp_path / "in", "-o", tmp_path / label, *words).code == 0
        shown[label] = [brightness(tmp_path / label / f"{name}_preview.jpg") for name in ("day", "night")]
    assert shown["none"][0] == pytest.approx(shown["none"][1], rel=0.05)
    assert shown["auto"][0] > 1.3 * shown["auto"][1]
    assert shown["given"] == pytest.approx(shown["auto"], rel=0.02)


@pytest.mark.parametrize(("suffix", "depth"), [("jpg", np.uint8), ("png", np.uint16), ("tif", np.uint16)])
def test_results_for_the_display_are_the_previews_of_radiance(hdrkit, tmp_path, room, curve, suffix, depth):
    shown = ("--range", "-4", "2", "--tonemap", "gamma")
    assert hdrkit("merge", room, "--response", curve, "-o", tmp_path / "seen", "--format", suffix, *shown).code == 0
    beside = ("--preview", "--preview-type", "png", *shown)
    assert hdrkit("merge", room, "--response", curve, "-o", tmp_path / "room.exr", *beside).code == 0
    assert names(tmp_path / "seen") == [f"room.{suffix}"]
    picture = cv2.imread(str(tmp_path / "seen" / f"room.{suffix}"), cv2.IMREAD_UNCHANGED)
    assert picture.dtype == depth
    preview = cv2.imread(str(tmp_path / "room_preview.png")).astype(float)
    assert np.abs(picture * (255 / np.iinfo(depth).max) - preview).mean() < (3 if suffix == "jpg" else 1)


def test_a_negative_range_is_two_numbers(hdrkit, tmp_path, room, curve):
    words = ["--response", curve, "--preview", "--range", "-7.5", "3"]
    assert hdrkit("merge", room, "-o", tmp_path / "r.exr", *words).code == 0


def test_range_as_json(hdrkit, tmp_path, room, curve):
    code, out, err = hdrkit("range", room, "--response", curve, "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["min_ln"] < told["max_ln"]


def test_crop(hdrkit, tmp_path, room, curve):
    assert hdrkit("merge", room, "-o", tmp_path / "r.exr", "--response", curve, "--crop").code == 0


def test_a_curve_of_another_camera_warns_and_is_used(hdrkit, tmp_path, room):
    other = write_curve(SimulatedCamera(name="Other 1").response_curve(), tmp_path / "other.npz")
    code, _, err = hdrkit("merge", room, "-o", tmp_path / "r.exr", "--response", other, "--align", "none")
    assert code == 0
    assert err.startswith("warning: room: the response curve belongs to Other 1")
    assert len(err.splitlines()) == 1


def test_info_tells_what_files_hold(hdrkit, tmp_path, room, curve):
    assert hdrkit("merge", room, "-o", tmp_path / "r.exr", "--response", curve).code == 0
    assert hdrkit("merge", room, "-o", tmp_path / "r.hdr", "--response", curve).code == 0
    code, out, err = hdrkit("info", room / "1.png", curve, tmp_path / "r.exr", tmp_path / "r.hdr")
    assert (code, err) == (0, "")
    for words in ("1/16 s", "72 x 48", "Simulated HK-1", "response curve", "256", "radiance", "relative", "stops"):
        assert words in out
    code, out, _ = hdrkit("info", room / "1.png", tmp_path / "r.exr", "--json")
    photo, radiance = json.loads(out)["files"]
    assert (photo["exposure_source"], photo["size"]) == ("exif", "72 x 48")
    assert radiance["sources"] == ["0.png", "1.png", "2.png", "3.png"]


def test_literal_exif(hdrkit, tmp_path, shoot):
    shoot(tmp_path / "in", times_s=(1 / 125, 1 / 60))
    told = [json.loads(hdrkit("info", tmp_path / "in" / "1.png", "--json", *words).out) for words in ([], ["--literal-exif"])]
    assert [t["files"][0]["exposure_time"] for t in told] == ["1/64 s", "1/60 s"]


def test_info_takes_listed_exposures(hdrkit, tmp_path, room):
    (tmp_path / "times.csv").write_text("filename,exposure_time_s,iso\n1.png,1/3,400\n")
    code, out, _ = hdrkit("info", room / "1.png", room / "2.png", "--json", "--exposures", tmp_path / "times.csv")
    listed, other = json.loads(out)["files"]
    assert (code, listed["exposure_source"], listed["exposure_time"], listed["iso"]) == (0, "list", "1/3 s", "400")
    assert other["exposure_source"] == "exif"


def test_a_configuration_serves_every_command(hdrkit, tmp_path, room, curve):
    (tmp_path / "times.csv").write_text("filename,exposure_time_s\n1.png,1/3\n")
    config = tmp_path / "hdrkit.yaml"
    config.write_text(
        f"inputs: {{exposures: times.csv}}\noutput: {{response: {curve}, preview: yes}}\nrendering: {{range_ln: [-3, 2]}}"
    )
    code, _, err = hdrkit("info", room / "1.png", "--config", config)
    assert (code, err) == (2, f"error: {config}: output.preview must be true or false, not 'yes'\n")
    config.write_text(config.read_text().replace("yes", "true"))
    told = json.loads(hdrkit("info", room / "1.png", "--json", "--config", config).out)
    assert told["files"][0]["exposure_source"] == "list"
    words = ("--exposures", tmp_path / "true.csv", "--align", "none")
    (tmp_path / "true.csv").write_text("filename,exposure_time_s\n0.png,1/64\n")
    assert hdrkit("merge", room, "-o", tmp_path / "a.exr", "-c", config, *words).code == 0
    given = ("--response", curve, "--preview", "--range", "-3", "2")
    assert hdrkit("merge", room, "-o", tmp_path / "b.exr", *given, *words).code == 0
    assert (tmp_path / "a_preview.jpg").read_bytes() == (tmp_path / "b_preview.jpg").read_bytes()
    config.write_text("merging: {estimater: poisson}")
    assert "the nearest is 'estimator'" in hdrkit("merge", room, "-o", tmp_path / "c.exr", "-c", config).err


def test_the_same_command_twice_writes_the_same_bytes(hdrkit, tmp_path, room):
    for out in ("one", "two"):
        target = tmp_path / out
        assert hdrkit("merge", room, "-o", target / "r.exr", "--preview").code == 0
        assert hdrkit("merge", room, "-o", target / "r.hdr").code == 0
        assert hdrkit("merge", room, "-o", target / "f.png", "--estimator", "mertens").code == 0
        assert hdrkit("calibrate", room, "-o", target / "c.npz").code == 0
    for name in ("r.exr", "r.hdr", "r_preview.jpg", "f.png", "c.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    one, two = (read_curve(tmp_path / out / "c.npz") for out in ("one", "two"))
    np.testing.assert_array_equal(one.ln_exposure, two.ln_exposure)
    assert one.metadata | {"timestamp_utc": ""} == two.metadata | {"timestamp_utc": ""}


@pytest.mark.parametrize(
    "words",
    [
        ["merge", "IN"],
        ["merge", "-o", "OUT"],
        ["merge", "IN", "-o", "OUT", "--colour", "red"],
        ["merge", "IN", "-o", "OUT", "--align", "magic"],
        ["merge", "IN", "-o", "OUT", "--estimator", "magic"],
        ["merge", "IN", "-o", "OUT", "--weight", "magic"],
        ["merge", "IN", "-o", "OUT", "--clip", "5"],
        ["merge", "IN", "-o", "OUT", "--clip", "250,5"],
        ["merge", "IN", "-o", "OUT", "--range", "wide", "--preview"],
        ["merge", "IN", "-o", "OUT", "--range", "5", "1", "--preview"],
        ["merge", "IN", "-o", "OUT", "--range", "wide"],
        ["merge", "IN", "-o", "OUT", "--tonemap", "magic"],
        ["merge", "IN", "-o", "OUT", "--preview-type", "gif"],
        ["merge", "IN", "-o", "OUT", "--format", "gif"],
        ["merge", "IN", "-o", "OUT", "--jobs", "0"],
        ["merge", "IN", "-o", "OUT", "--by", "magic"],
        ["merge", "IN", "-o", "OUT", "--by", "time", "--round", "soon"],
        ["merge", "IN", "-o", "OUT", "--max-pixels", "many"],
        ["calibrate", "IN", "-o", "OUT.npz", "--method", "magic"],
        ["calibrate", "IN", "-o", "OUT.npz", "--sampling", "magic"],
        ["calibrate", "IN", "-o", "OUT.npz", "--samples", "1"],
        ["calibrate", "IN", "-o", "OUT.npz", "--order", "99"],
        ["calibrate", "IN", "-o", "OUT.npz", "--clip", "a,b"],
        ["magic"],
        ["info"],
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(hdrkit, tmp_path, room, words):
    before = names(tmp_path)
    code, out, err = hdrkit(*({"IN": room}.get(word, word.replace("OUT", str(tmp_path / "out"))) for word in words))
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert "Usage" in err
    assert names(tmp_path) == before


def test_the_program_itself(tmp_path, room, curve):
    done = subprocess.run(
        [sys.executable, "-m", "hdrkit", "merge", str(room), "-o", "r.exr", "--response", str(curve), "--json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["brackets"][0]["output"] == "r.exr"
    words = [sys.executable, "-m", "hdrkit", "info", "gone.jpg"]
    gone = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr.startswith("error: gone.jpg: ")
    assert len(gone.stderr.splitlines()) == 1


def test_calibrate_does_not_draw_over_a_photograph(hdrkit, room):
    before = {path: path.read_bytes() for path in room.iterdir()}
    code, _, err = hdrkit("calibrate", room, "-o", room / "0.npz")
    assert code == 1
    assert "0.png: it is one of the photographs" in err
    assert {path: path.read_bytes() for path in Path(room).iterdir()} == before


@pytest.mark.parametrize("written", [["--range", "-3", "2"], ["--range=-3", "2"], ["--range=-3,2"], ["--range", "-3,2"]])
def test_a_range_can_be_written_as_people_write_it(hdrkit, shoot, tmp_path, written):
    shoot(tmp_path / "in")
    outcome = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "a.exr", "--preview", *written)
    assert outcome.code == 0, outcome.err
    expected = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "b.exr", "--preview", "--range=-3,2")
    assert expected.code == 0
    assert (tmp_path / "a_preview.jpg").read_bytes() == (tmp_path / "b_preview.jpg").read_bytes()


def test_an_interrupted_command_says_so_and_leaves_nothing_half_done(hdrkit, shoot, tmp_path, monkeypatch):
    shoot(tmp_path / "in")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("hdrkit.jobs.batch.merge_each", interrupt)
    outcome = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "a.exr")
    assert outcome.code == 130
    assert "interrupted" in outcome.err
    assert not (tmp_path / "a.exr").exists()


@pytest.mark.skipif(os.name != "posix", reason="a signal of POSIX")
def test_a_terminated_command_leaves_no_unfinished_file(tmp_path, room):
    code = (
        "import os, signal, sys; from hdrkit.formats import exr; from hdrkit.cli.app import main; "
        "exr.ExrRows.write = lambda *_: os.kill(os.getpid(), signal.SIGTERM); main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "merge", room, "-o", tmp_path / "a.exr", "--align", "none"]
    assert subprocess.run(command, check=False).returncode == 143
    assert {path.parent.name for path in tmp_path.rglob("*") if path.is_file()} == {"room"}


def test_a_value_that_the_options_refuse_names_the_file_of_settings(hdrkit, tmp_path, room):
    (tmp_path / "a.toml").write_text("[output]\nquality = 900\n")
    code, _, err = hdrkit("merge", room, "-o", tmp_path / "r.exr", "-c", tmp_path / "a.toml")
    assert (code, err) == (2, f"error: {tmp_path / 'a.toml'}: output: the quality of JPEG files is from 1 to 100, not 900\n")
