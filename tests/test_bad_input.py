"""Every mistake gives one clear line that names the file, the right exit code, and no half-written file."""

import errno
import json
import os
import shutil
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

TIMES = (1 / 64, 1 / 16, 1 / 4, 1)


def listing(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def refused(hdrkit, tmp_path):
    """Run a command that must fail with one line that holds certain words, and leave no file behind."""

    def run(*words, saying, code=1):
        before = listing(tmp_path)
        done = hdrkit(*words)
        assert done.code == code, done.err
        assert done.out == ""
        assert len(done.err.splitlines()) == 1, done.err
        assert done.err.startswith("error: ")
        for word in saying:
            assert word in done.err
        assert listing(tmp_path) == before
        return done.err

    return run


def both(tmp_path, source, *options):
    """The two commands that read brackets, as words."""
    return (
        ("merge", source, "-o", tmp_path / "new" / "out.exr", *options),
        ("calibrate", source, "-o", tmp_path / "new" / "out.npz", *options),
    )


@pytest.mark.parametrize("name", ["gone", "gone.jpg", "room/gone.nef"])
def test_missing_files_and_folders(refused, tmp_path, room, name):
    for words in both(tmp_path, tmp_path / name):
        refused(*words, saying=[str(tmp_path / name), "no such file or folder"])


def test_an_empty_folder(refused, tmp_path):
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    (tmp_path / "empty" / "deep" / "notes.txt").touch()
    for words in both(tmp_path, tmp_path / "empty"):
        refused(*words, saying=[str(tmp_path / "empty"), "no pictures found (1 other file ignored)"])


def test_one_frame_only(refused, tmp_path, room):
    for words in both(tmp_path, room / "1.png"):
        refused(*words, saying=["1.png", "needs two exposures or more"])


def test_equal_exposures(refused, tmp_path, shoot):
    shoot(tmp_path / "same", times_s=(1 / 8, 1 / 8))
    for words in both(tmp_path, tmp_path / "same"):
        refused(*words, saying=["same", "exposure"])


def test_frames_of_different_size(refused, tmp_path, room, shoot):
    shoot(room, size=(60, 40), times_s=(1 / 64, 1))
    for words in both(tmp_path, room):
        refused(*words, saying=["60 x 40", "72 x 48", ".png", "one size"])


def test_missing_times(refused, tmp_path, room):
    for path in room.iterdir():
        cv2.imwrite(str(path.with_name(f"IMG_041{path.stem}.png")), cv2.imread(str(path)))
        path.unlink()
    for words in both(tmp_path, room):
        refused(*words, saying=["IMG_0410.png", "no exposure time", "3 more", "--exposures"])


@pytest.mark.parametrize("share", [0.5, 0.999])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_truncated_frame_is_named_and_the_rest_is_merged(hdrkit, tmp_path, shoot, curve, suffix, share):
    broken = shoot(tmp_path / "in", suffix, TIMES)[2]
    broken.write_bytes(broken.read_bytes()[: int(broken.stat().st_size * share)])
    done = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out.exr", "--response", curve, "--json")
    assert done.code == 1
    assert done.err.startswith(f"error: {broken}: ")
    assert len(done.err.splitlines()) == 1
    report = json.loads(done.out)["brackets"][0]
    assert len(report["report"]["frames"]) == 3
    assert (tmp_path / "out.exr").exists()
    done = hdrkit("calibrate", tmp_path / "in", "-o", tmp_path / "out.npz")
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith(f"error: {broken}: ")
    assert (tmp_path / "out.npz").exists()


def test_truncated_frames_only(refused, tmp_path, room):
    for path in room.iterdir():
        path.write_bytes(path.read_bytes()[:-40])
    for words in both(tmp_path, room):
        refused(*words, saying=["0.png", "truncated or damaged"])


@pytest.mark.parametrize(
    ("content", "reason"), [(b"dear diary", "not an image"), (b"", "0 bytes"), (b"\xff\xd8\xff\xe0", "not an image")]
)
def test_what_is_no_picture(hdrkit, refused, tmp_path, room, curve, content, reason):
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "a.jpg").write_bytes(content)
    for words in both(tmp_path, tmp_path / "alone"):
        refused(*words, saying=["a.jpg", reason])
    refused("info", tmp_path / "alone" / "a.jpg", saying=["a.jpg", reason])
    shutil.copy(tmp_path / "alone" / "a.jpg", room / "a.jpg")
    done = hdrkit("merge", room, "-o", tmp_path / "out.exr", "--response", curve)
    assert done.code == 1
    assert done.err.startswith(f"error: {room / 'a.jpg'}: ")
    assert "4 frames" in done.out


def test_pictures_of_one_pixel(hdrkit, tmp_path, curve):
    (tmp_path / "in").mkdir()
    for k, value in enumerate((40, 90, 180)):
        cv2.imwrite(str(tmp_path / "in" / f"a_{4**k}.png"), np.full((1, 1, 3), value, np.uint8))
    with_curve = ("merge", tmp_path / "in", "-o", tmp_path / "o.hdr", "--response", curve, "--preview")
    for words in (*both(tmp_path, tmp_path / "in"), with_curve):
        done = hdrkit(*words)
        assert done.code in (0, 1)
        assert len([line for line in done.err.splitlines() if line.startswith("error: ")]) == done.code
        assert "Traceback" not in done.err
    assert done.code == 0


ODD = [b"words quote'\" line\nbreak latin\xe9\xff [red]:smile:[b] " + "h\u00f6he \u65e5\u672c".encode(), b"-dash"]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_work_everywhere(hdrkit, tmp_path, room, name):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    room.rename(folder)
    for path in sorted(folder.iterdir()):
        path.rename(folder / (os.fsdecode(name) + path.name))
    curve, out = tmp_path / (os.fsdecode(name) + ".npz"), tmp_path / "out"
    assert hdrkit("calibrate", folder, "-o", curve)[::2] == (0, "")
    done = hdrkit("merge", folder, "-o", out, "--response", curve, "--preview")
    assert done[::2] == (0, "")
    assert len(done.out.splitlines()) == 2
    assert (out / (os.fsdecode(name) + ".exr")).exists()
    assert (out / (os.fsdecode(name) + "_preview.jpg")).exists()
    done = hdrkit("info", folder / (os.fsdecode(name) + "1.png"), curve, out / (os.fsdecode(name) + ".exr"))
    assert done[::2] == (0, "")
    done = hdrkit("merge", folder, "-o", out, "--response", curve, "--json")
    assert json.loads(done.out)["brackets"][0]["output"] == str(out / (os.fsdecode(name) + ".exr"))


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_told_on_one_line(refused, tmp_path, name):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    folder.mkdir()
    for k in range(2):
        Image.fromarray(np.full((6, 8), 90, np.uint8)).save(folder / f"{os.fsdecode(name)}{k}.png")
    shown = name.decode("utf-8", "backslashreplace").replace("\n", "\\n")
    for words in both(tmp_path, folder):
        refused(*words, saying=[f"{shown}0.png", "no exposure time"])


@pytest.mark.parametrize("output", ["file/out.exr", "file/deep/out.hdr", "file"])
def test_a_target_below_a_file(hdrkit, tmp_path, room, curve, output):
    (tmp_path / "file").write_bytes(b"precious")
    before = listing(tmp_path)
    done = hdrkit("merge", room, "-o", tmp_path / output, "--response", curve)
    assert done.code == 1
    assert done.err.startswith(f"error: {tmp_path / 'file'}")
    assert "part of its path is a file" in done.err
    assert len(done.err.splitlines()) == 1
    assert listing(tmp_path) == before
    done = hdrkit("calibrate", room, "-o", tmp_path / "file" / "out.npz")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert listing(tmp_path) == before


def test_a_target_that_is_a_folder(refused, hdrkit, tmp_path, room, curve):
    (tmp_path / "out.npz").mkdir()
    refused("calibrate", room, "-o", tmp_path / "out.npz", saying=["out.npz", "it is a folder"])
    (tmp_path / "out.exr").mkdir()
    assert hdrkit("merge", room, "-o", tmp_path / "out.exr", "--response", curve).code == 0  # a folder of that name
    assert (tmp_path / "out.exr" / "room.exr").is_file()
    (tmp_path / "taken" / "room.exr").mkdir(parents=True)
    done = hdrkit("merge", room, "-o", tmp_path / "taken", "--response", curve)
    assert done.code == 1
    assert "it is a folder" in done.err
    assert list((tmp_path / "taken").glob("[!.]*")) == [tmp_path / "taken" / "room.exr"]


def test_a_full_disk(hdrkit, tmp_path, room, curve, monkeypatch):
    old = tmp_path / "out.exr"
    old.write_bytes(b"old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    before = listing(tmp_path)
    for words in (
        ("merge", room, "-o", old, "--response", curve),
        ("merge", room, "-o", tmp_path / "out.hdr", "--response", curve),
        ("merge", room, "-o", tmp_path / "out.png", "--estimator", "mertens"),
        ("calibrate", room, "-o", tmp_path / "out.npz"),
    ):
        done = hdrkit(*words)
        assert done.code == 1
        assert len(done.err.splitlines()) == 1
        assert str(words[3]) in done.err
        assert "the disk is full" in done.err
        assert listing(tmp_path) == before
    assert old.read_bytes() == b"old"


def test_a_folder_loop(hdrkit, tmp_path, room, curve):
    (room / "loop").symlink_to(room)
    (room / "self").symlink_to(room / "self")
    done = hdrkit("merge", room, "-o", tmp_path / "out.exr", "--response", curve, "--json")
    assert done.code == 0
    assert len(json.loads(done.out)["brackets"]) == 1


def test_a_decompression_bomb(refused, hdrkit, tmp_path, room, curve):
    path = tmp_path / "bomb.png"
    Image.fromarray(np.zeros((6, 8), np.uint8)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 40_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    refused("info", path, saying=["bomb.png", "40000 x 40000", "--max-pixels"])
    for words in both(tmp_path, path):
        refused(*words, saying=["bomb.png", "40000 x 40000", "--max-pixels"])
    for words in both(tmp_path, room, "--max-pixels", 72 * 48 - 1):
        refused(*words, saying=["0.png", "72 x 48", "3,455"])
    assert hdrkit("merge", room, "-o", tmp_path / "o.exr", "--response", curve, "--max-pixels", 72 * 48).code == 0


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("file,exposure_time_s\n0.png,1\n", ["no column 'filename'"]),
        ("filename,seconds\n0.png,1\n", ["no column 'exposure_time_s'"]),
        ("filename,exposure_time_s\n0.png,1\n1.png,quick\n", ["line 3", "'quick'"]),
        ("filename,exposure_time_s\n0.png,0\n", ["line 2", "'0'"]),
        ("filename,exposure_time_s\n\n0.png,\n", ["line 3", "''"]),
        ("filename,exposure_time_s\n,1\n", ["line 2", "no file name"]),
        ("filename,exposure_time_s,iso\n0.png,1,-100\n", ["line 2", "iso", "'-100'"]),
        ("filename,exposure_time_s,f_number\n0.png,1,f/8\n", ["line 2", "f_number", "'f/8'"]),
        ("filename,exposure_time_s\n0.png,1\n0.png,2\n", ["line 3", "already listed"]),
        ("filename,exposure_time_s\nother.png,1\n", ["none of its file names"]),
        ("", ["no column"]),
        ("\x00\x01\xff", ["no column"]),
    ],
)
def test_bad_lists_of_exposures(refused, tmp_path, room, text, saying):
    (tmp_path / "times.csv").write_text(text, encoding="latin-1")
    for words in both(tmp_path, room, "--exposures", tmp_path / "times.csv"):
        refused(*words, saying=["times.csv", *saying])


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("photo,bracket\n0.png,a\n", ["no column 'path'"]),
        ("path,bracket\n0.png,a\n0.png,b\n", ["line 3", "already"]),
        ("path,bracket\n0.png,../a\n", ["line 2", "leads out"]),
    ],
)
def test_bad_lists_of_groups(refused, tmp_path, room, text, saying):
    (room / "groups.csv").write_text(text)
    for words in both(tmp_path, room):
        refused(*words, saying=["groups.csv", *saying])


@pytest.mark.parametrize("option", ["--exposures", "--groups"])
def test_lists_that_are_not_there(refused, tmp_path, room, option):
    for words in both(tmp_path, room, option, tmp_path / "gone.csv"):
        refused(*words, saying=["gone.csv", "no such file"])


def test_a_response_of_another_kind(refused, tmp_path, room):
    np.savez(tmp_path / "other.npz", weights=np.ones(3))
    np.savez(tmp_path / "kind.npz", response=np.zeros((256, 3)), metadata=json.dumps({"kind": "noise-model", "version": 1}))
    np.save(tmp_path / "flat.npy", np.ones(7))
    (tmp_path / "text.m").write_text("hello")
    (tmp_path / "text.rsp").write_text("hello")
    (tmp_path / "broken.npz").write_bytes(b"PK\3\4 and no more")
    for name in ("other.npz", "kind.npz", "flat.npy", "text.m", "text.rsp", "broken.npz", "gone.npz"):
        refused("merge", room, "-o", tmp_path / "out.exr", "--response", tmp_path / name, saying=[name])
    refused("merge", room, "-o", tmp_path / "out.exr", "--response", room / "0.png", saying=["0.png", "not a response curve"])
    refused("info", tmp_path / "other.npz", saying=["other.npz", "not a response curve"])


@pytest.mark.parametrize("name", ["out.csv", "out.dng"])
def test_outputs_that_do_not_fit(hdrkit, tmp_path, room, name):
    before = listing(tmp_path)
    done = hdrkit("calibrate", room, "-o", tmp_path / name)
    assert (done.code, done.out) == (2, "")
    assert "is not a response format" in done.err
    assert listing(tmp_path) == before


@pytest.mark.parametrize(
    "words",
    [
        ["-o", "OUT.jpg", "--half"],
        ["-o", "OUT.exr", "--estimator", "mertens"],
        ["-o", "OUT", "--format", "png", "--variance"],
        ["-o", "OUT.hdr", "--half"],
        ["-o", "OUT.hdr", "--variance"],
        ["-o", "OUT", "--format", "hdr", "--variance"],
    ],
)
def test_file_types_that_do_not_fit_are_wrong_usage(hdrkit, tmp_path, words):
    done = hdrkit("merge", tmp_path / "not looked at", *(word.replace("OUT", str(tmp_path / "out")) for word in words))
    assert done.code == 2
    assert not list(tmp_path.iterdir())


def test_several_brackets_do_not_go_into_one_file(refused, tmp_path, shoot):
    for name in "ab":
        shoot(tmp_path / "in" / name)
    refused("merge", tmp_path / "in", "-o", tmp_path / "out.exr", saying=["out.exr", "2 brackets", "give a folder"])


def test_photographs_are_never_overwritten(refused, tmp_path, room):
    refused("merge", room, "-o", room / "0.png", "--estimator", "mertens", saying=["0.png", "one of the photographs"])


def test_in_a_batch_the_others_are_done(hdrkit, tmp_path, shoot, curve):
    for seed, name in enumerate(("a", "b", "c", "d")):
        paths = shoot(tmp_path / "in" / name, seed=seed)
        if name == "b":
            for path in paths[1:]:
                path.write_bytes(path.read_bytes()[:-40])
        if name == "c":
            for path in paths[1:]:
                path.unlink()
    done = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", "--response", curve, "--jobs", 1, "--json")
    assert done.code == 1
    assert sorted(path.name for path in (tmp_path / "out").glob("[!.]*")) == ["a.exr", "d.exr"]
    lines = done.err.splitlines()
    assert len(lines) == 2
    assert "b/1.png" in lines[0]
    assert "c/0.png" in lines[1]
    assert [bool(o["error"]) for o in json.loads(done.out)["brackets"]] == [False, True, True, False]


def test_info_tells_the_rest(hdrkit, tmp_path, room):
    (tmp_path / "text.jpg").write_text("dear diary")
    done = hdrkit("info", tmp_path / "text.jpg", room / "1.png", tmp_path / "gone.exr", room, "--json")
    assert done.code == 1
    assert len(json.loads(done.out)["files"]) == 1
    lines = done.err.splitlines()
    assert len(lines) == 3
    for line, name in zip(lines, ("text.jpg", "gone.exr", "room"), strict=True):
        assert line.startswith(f"error: {tmp_path / name}: ")


def test_a_range_for_encoded_pictures_needs_a_curve(refused, tmp_path, room):
    refused("range", room, saying=["0.png", "--response"])
    refused("merge", room, "-o", tmp_path / "o.exr", "--preview", "--range", "auto", saying=["0.png", "--response"])


@pytest.mark.data
def test_truncated_raw_files(hdrkit, data_folder, tmp_path):
    folder = data_folder / "originals" / "raw_truncated_nef"
    done = hdrkit("merge", folder, "-o", tmp_path / "out.exr", "--align", "none")
    assert done.code == 1
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert errors
    assert all(".nef" in line for line in errors)
    assert "Traceback" not in done.err
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
