"""What a user expects of the documented functions where the reference implementation does something else."""

import logging
import random
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hdrkit import read_curve, read_radiance
from hdrkit import series as api
from hdrkit.errors import ExposureError
from hdrkit.exposure import exposure_from_name


def indexed(root, paths):
    stamps = [pd.Timestamp(f"{path.name[:8]}T{path.name[8:14]}") for path in paths]
    exposures = [exposure_from_name(path.stem).time_s for path in paths]
    return pd.Series([str(path.relative_to(root)) for path in paths], index=pd.MultiIndex.from_arrays([stamps, exposures]))


def test_colour_pictures_calibrate_with_every_technique(tmp_path, sky):
    sky.series(tmp_path / "in", 2)
    for technique in ("random", "histogram"):
        assert api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz", sample_technique=technique).shape == (256, 1, 3)


def test_a_directory_needs_no_response_file(tmp_path, sky, caplog):
    sky.series(tmp_path / "in", 2)
    with caplog.at_level(logging.WARNING):
        api.process_directory(tmp_path / "in", tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*_hdr.jpg"))) == 2
    assert caplog.text == ""
    learned = read_curve(tmp_path / "out" / "response_curve.npz").ln_exposure - sky.camera.response_curve().ln_exposure
    assert np.abs((learned - learned[10:246].mean(axis=0))[10:246]).max() < 0.1


def test_a_given_response_is_taken_as_the_logarithm_that_it_is(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 1)
    api.process_directory(tmp_path / "in", tmp_path / "out", response_file=sky_curve, filetype=".exr")
    found = read_radiance(tmp_path / "out" / "20240614093000_hdr.exr")
    assert np.isfinite(found.pixels).all()
    lit = (sky.radiance() > 0.5).all(axis=2) & (found.validity == 0)
    ratio = found.pixels[lit] / (sky.radiance()[lit] * sky.scale(1e-6))
    assert np.median(np.abs(ratio - 1)) < 0.02


def test_nested_folders_are_made(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in" / "2024" / "06" / "14", 1)
    api.process_directory(tmp_path / "in", tmp_path / "deep" / "out", response_file=sky_curve)
    assert (tmp_path / "deep" / "out" / "2024" / "06" / "14" / "20240614093000_hdr.jpg").is_file()


@pytest.mark.parametrize("suffix", ["png", "JPG", "tif", "jpeg"])
def test_every_kind_of_picture_is_read(tmp_path, sky, sky_curve, suffix):
    sky.series(tmp_path / "in", 1, suffix)
    api.process_directory(tmp_path / "in", tmp_path / "out", response_file=sky_curve)
    assert [path.name for path in (tmp_path / "out").glob("*.jpg")] == ["20240614093000_hdr.jpg"]


def test_the_order_of_a_series_does_not_matter(tmp_path, sky):
    paths = sky.series(tmp_path / "in", 2)
    series = indexed(tmp_path / "in", paths)
    shuffled = series.iloc[[6, 1, 3, 7, 0, 5, 2, 4]]
    for name, one in (("a", series), ("b", shuffled)):
        found = api.process_hdr_series(one, tmp_path / "in", tmp_path / name)
        assert found.index.is_monotonic_increasing
    for name in ("20240614093000_hdr.jpg", "20240614093030_hdr.jpg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


EXPONENTS = (1.6, 2.2, 2.8)  # of red, green and blue


def unlike_channels(folder):
    """A ramp of four stops in each channel, by a camera whose channels differ."""
    light = np.geomspace(1 / 400, 1, 160)[None, :, None] * np.array([1.0, 0.5, 0.25])
    times = (1, 4, 16, 64)
    folder.mkdir()
    for time_ in times:
        codes = np.clip(light * time_ / 16, 0, 1) ** (1 / np.array(EXPONENTS)) * 255
        Image.fromarray(np.repeat(np.rint(codes), 120, axis=0).astype(np.uint8)).save(folder / f"20240614093000_{time_}.png")
    return light


def test_channels_keep_their_own_response_from_calibration_to_merge(tmp_path):
    light = unlike_channels(tmp_path / "in")
    response = api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz", 4000)[:, 0]
    steep = response[200] - response[60]
    assert steep == pytest.approx(np.array(EXPONENTS) * np.log(200 / 60), rel=0.05)
    api.process_directory(tmp_path / "in", tmp_path / "out", response_file=tmp_path / "r.npz", filetype=".exr")
    found = read_radiance(tmp_path / "out" / "20240614093000_hdr.exr").pixels[60]
    for c in range(3):
        sound = (light[0, :, c] > 0.01) & (light[0, :, c] < 0.9)
        ratio = found[sound, c] / light[0, sound, c]
        assert np.abs(ratio / np.median(ratio) - 1).max() < 0.06, c


def test_one_axis_of_codes_from_calibration_to_merge(tmp_path, sky):
    """Clip limits of the calibration leave out codes, and do not move them: merged light is proportional to the truth."""
    sky.series(tmp_path / "in", 3, size=192)
    api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz", 4000, low_clip=20, high_clip=230)
    api.process_directory(tmp_path / "in", tmp_path / "out", response_file=tmp_path / "r.npz", filetype=".exr")
    found = read_radiance(tmp_path / "out" / "20240614093000_hdr.exr")
    truth = sky.radiance(192)
    lit = (truth > 0.2).all(axis=2) & (found.validity == 0)
    off = np.log(found.pixels[lit] / truth[lit])
    assert np.percentile(np.abs(off - np.median(off, axis=0)), 95) < 0.08


def test_the_default_calibration_takes_seconds(tmp_path, sky):
    sky.series(tmp_path / "in", 10)
    start = time.perf_counter()
    api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz")
    assert time.perf_counter() - start < 30  # the reference: more than half an hour, and 8 GB


def middle(path):
    return cv2.imread(str(path)).astype(float)[40:56, 40:56].mean(axis=(0, 1))


def test_brightness_depends_neither_on_the_bracket_nor_on_the_unit(tmp_path, sky):
    """A patch of clear sky, photographed every half minute with other exposures, in microseconds and in tenths of them."""
    light = np.repeat(sky.radiance(96)[48:49, 48:49], 96, axis=0).repeat(96, axis=1)
    light = (light * np.geomspace(0.05, 8, 96)[:, None, None]).astype(np.float32)
    brackets = [(100, 800, 6400, 51200), (200, 1600, 12800, 51200), (100, 1600, 12800, 51200)]
    for unit in (1, 10):
        for number, times in enumerate(brackets):
            names = [tmp_path / f"in{unit}" / f"2024061409300{number}_{unit * t}.png" for t in times]
            sky.shoot(light, names, [1e-6 * t for t in times], seed=number)
        api.process_directory(tmp_path / f"in{unit}", tmp_path / f"out{unit}", "1s")
    shown = [middle(tmp_path / f"out{unit}" / f"2024061409300{number}_hdr.jpg") for unit in (1, 10) for number in range(3)]
    assert all(np.abs(one - shown[0]).max() < 1.5 for one in shown)  # codes of 255


def test_seeds_are_its_own_and_repeat(tmp_path, sky):
    sky.series(tmp_path / "in", 2)
    random.seed(4)
    np.random.seed(4)  # noqa: NPY002
    state, drawn = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = api.calibrate_camera(tmp_path / "in", tmp_path / "a.npz", seed=7)
    assert random.getstate() == state
    assert (np.random.get_state()[1] == drawn).all()  # noqa: NPY002
    assert (api.calibrate_camera(tmp_path / "in", tmp_path / "b.npz", seed=7) == first).all()
    assert (api.calibrate_camera(tmp_path / "in", tmp_path / "c.npz", seed=8) != first).any()


def test_results_say_where_they_come_from(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 1)
    api.process_directory(tmp_path / "in", tmp_path / "out", response_file=sky_curve, filetype=".exr")
    metadata = read_radiance(tmp_path / "out" / "20240614093000_hdr.exr").metadata
    assert metadata["sources"] == [f"20240614093000_{time}.png" for time in sky.times_us]
    assert metadata["exposure_times"] == list(sky.times_us)
    assert metadata["software"].startswith("hdrkit ")
    assert metadata["response"] == "sky.npz"


def test_where_the_response_lies_changes_nothing(tmp_path, sky, sky_curve, hdrkit, monkeypatch):
    sky.series(tmp_path / "in", 1)
    shutil.copy(sky_curve, tmp_path / "sky.npz")
    shutil.copy(sky_curve, tmp_path / "renamed.npz")
    monkeypatch.chdir(tmp_path)

    def merge(response):
        return hdrkit("merge", "in", "-o", "out", "--by", "time", "--response", response, "--align", "none", "--jobs", 1).out

    assert "1 merged" in merge("sky.npz")
    for response in ("./sky.npz", tmp_path / "sky.npz", "renamed.npz", sky_curve):
        assert "0 merged, 1 done before" in merge(response), response
    assert read_radiance("out/20240614093000_hdr.exr").metadata["response"] == "sky.npz"
    api.process_directory("in", "out", response_file="sky.npz", filetype=".exr")
    written = Path("out/20240614093000_hdr.exr").stat().st_mtime_ns
    api.process_directory("in", "out", response_file=tmp_path / "renamed.npz", filetype=".exr")
    assert Path("out/20240614093000_hdr.exr").stat().st_mtime_ns == written


def test_equal_exposures_are_told_of(tmp_path, sky, caplog):
    pictures = [np.full((16, 16, 3), code, np.uint8) for code in (100, 101)]
    curve = sky.camera.response_curve().ln_exposure
    made = api.create_and_save_hdr(pictures, [100, 100], tmp_path / "a.exr", response=curve)
    assert f"{made}: all frames have the same exposure" in caplog.text
    with pytest.raises(ExposureError, match="all frames of bracket 'b' have the same exposure"):
        api.create_and_save_hdr(pictures, [100, 100], tmp_path / "b.exr")
    assert not (tmp_path / "b.exr").exists()


def test_two_exposures_are_a_bracket(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 1, times_us=(800, 6400))
    api.process_directory(tmp_path / "in", tmp_path / "out", response_file=sky_curve)
    assert (tmp_path / "out" / "20240614093000_hdr.jpg").is_file()


def test_results_among_the_photographs_are_no_photographs(tmp_path, sky, sky_curve):
    sky.series(tmp_path, 2)
    for _ in range(2):
        api.process_directory(tmp_path, tmp_path, response_file=sky_curve)
        assert len(list(tmp_path.glob("*_hdr.jpg"))) == 2
    api.save_response_curve(tmp_path / "curve.npz", *api.load_response_curve(sky_curve))
    assert len(api._group_files_by_time(tmp_path).obj) == 8
