"""Cards of several cameras: one response curve for each, learned by `calibrate`, or by `merge` itself."""

import json

import numpy as np
import pytest

from hdrkit import read_curve, read_radiance
from hdrkit.jobs.card import kept_curves
from hdrkit.simulate import SimulatedCamera

HARD, SOFT = {"name": "Maker Hard"}, {"name": "Maker Soft", "response": "gamma", "exponent": 1.8}
TIMES = (1 / 64, 1 / 16, 1 / 4, 1)


@pytest.fixture
def card(shoot, tmp_path):
    for number, camera in enumerate((HARD, SOFT, HARD, SOFT)):
        shoot(tmp_path / "card" / f"b{number}", times_s=TIMES, seed=number, size=(144, 96), **camera)
    return tmp_path / "card"


def seen(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("[!.]*") if path.is_file())


def is_of(path, camera):
    truth = SimulatedCamera(**camera).response_curve().anchored().ln_exposure[20:240]
    return np.abs(read_curve(path).ln_exposure[20:240] - truth).max() < 0.1


def test_calibrate_gives_each_camera_its_curve(hdrkit, card, tmp_path):
    done = hdrkit("calibrate", card, "-o", tmp_path / "curves", "--align", "none")
    assert done.code == 0, done.err
    assert seen(tmp_path / "curves") == ["Maker_Hard.npz", "Maker_Hard.png", "Maker_Soft.npz", "Maker_Soft.png"]
    assert "Maker Hard: patches from 2 bracket(s), 8 frames" in done.out
    assert is_of(tmp_path / "curves" / "Maker_Hard.npz", HARD)
    assert is_of(tmp_path / "curves" / "Maker_Soft.npz", SOFT)
    told = hdrkit("calibrate", card, "-o", tmp_path / "one" / "c.npz", "--align", "none", "--no-plot", "--json")
    assert seen(tmp_path / "one") == ["c_Maker_Hard.npz", "c_Maker_Soft.npz"]
    assert [one["camera"] for one in json.loads(told.out)["curves"]] == ["Maker Hard", "Maker Soft"]


def test_merge_takes_the_curve_of_each_camera_from_a_folder(hdrkit, card, tmp_path):
    assert hdrkit("calibrate", card, "-o", tmp_path / "curves", "--align", "none", "--no-plot").code == 0
    words = ("-o", tmp_path / "out", "--response", tmp_path / "curves", "--align", "none", "--jobs", 1)
    done = hdrkit("merge", card, *words)
    assert (done.code, done.err) == (0, "")
    used = [read_radiance(tmp_path / "out" / f"b{number}.exr").metadata["response"] for number in range(4)]
    assert used == ["Maker_Hard.npz", "Maker_Soft.npz", "Maker_Hard.npz", "Maker_Soft.npz"]
    (tmp_path / "empty").mkdir()
    done = hdrkit("merge", card, "-o", tmp_path / "out", "--response", tmp_path / "empty")
    assert done.code == 1
    assert "empty: no response curve in this folder" in done.err


def test_merge_learns_one_curve_for_each_camera_and_keeps_it(hdrkit, card, shoot, tmp_path, monkeypatch):
    shoot(card / "lone", name="Maker Lone")
    words = ("merge", card, "-o", tmp_path / "out", "--align", "none", "--jobs", 1)
    done = hdrkit(*words)
    assert done.code == 0, done.err
    kept = tmp_path / "out" / "response_Maker_Hard.npz"
    assert f"Maker Hard: response curve learned from 2 brackets, kept as {kept}" in done.out.splitlines()
    assert "response response_Maker_Soft.npz (learned from 2 brackets of this camera)" in done.out
    assert [line for line in done.out.splitlines() if "calibrated from this bracket" in line][0].startswith("lone: ")
    assert is_of(kept, HARD)
    shoot(card / "new", seed=9, size=(144, 96), **HARD)

    def again(*_, **__):
        raise AssertionError("a curve that is kept is not learned again")

    monkeypatch.setattr("hdrkit.jobs.card.learned", again)
    done = hdrkit(*words)
    assert done.code == 0, done.err
    assert "6 brackets: 1 merged, 5 of 6 were there already" in done.out
    monkeypatch.undo()
    shoot(card / "b0", times_s=TIMES, seed=11, size=(144, 96), **HARD)  # the curve was learned from it
    done = hdrkit(*words)
    assert "Maker Hard: response curve learned from 3 brackets" in done.out
    assert "6 brackets: 3 merged, 3 of 6 were there already" in done.out


def test_all_pictures_have_one_range_without_a_curve(hdrkit, card, tmp_path):
    words = ("-o", tmp_path / "out", "--align", "none", "--jobs", 1, "--format", "jpg", "--range", "auto")
    assert hdrkit("merge", card, *words).code == 0


def test_a_bracket_that_contradicts_the_curve_of_its_camera_is_calibrated_by_itself(hdrkit, shoot, tmp_path):
    for number in range(5):
        shoot(tmp_path / "card" / f"a{number}", times_s=TIMES, seed=number, size=(144, 96), **HARD)
    odd = SOFT | {"exponent": 1.0, "name": HARD["name"]}
    shoot(tmp_path / "card" / "odd", times_s=(1 / 16, 1 / 4, 1), seed=7, size=(144, 96), **odd)
    done = hdrkit("merge", tmp_path / "card", "-o", tmp_path / "out", "--align", "none", "--jobs", 1)
    assert done.code == 0
    assert [line.split(":")[0] for line in done.out.splitlines() if "calibrated from this bracket" in line] == ["odd"]
    assert "does not fit this bracket" in done.err


def test_a_file_type_that_no_curve_has_is_told_before_any_work(hdrkit, card, tmp_path):
    done = hdrkit("calibrate", card, "-o", tmp_path / "curve.txt")
    assert (done.code, done.out) == (2, "")
    assert "is not a response format" in done.err


def test_a_series_has_one_curve_although_its_camera_has_no_name(hdrkit, sky, tmp_path):
    sky.series(tmp_path / "in", 3)
    done = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", "--by", "time", "--align", "none", "--jobs", 1)
    assert done.code == 0, done.err
    assert "unknown camera: response curve learned from 3 brackets" in done.out
    used = {read_radiance(path).metadata["response"] for path in (tmp_path / "out").glob("*.exr")}
    assert used == {"response_unknown_camera.npz (learned from 3 brackets of this camera)"}
    ((curve, name),) = kept_curves(tmp_path / "out").curves.values()  # as a watch takes it
    assert {name} == used
    assert np.array_equal(curve.ln_exposure, read_curve(tmp_path / "out" / "response_unknown_camera.npz").ln_exposure)
