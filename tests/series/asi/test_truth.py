"""Series whose light is known: what is merged is that light, and does not change with the exposures."""

import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from hdrkit import read_radiance
from hdrkit.simulate import allsky
from hdrkit.types import Validity

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "allsky"
SIZE = 640
STEP = 2  # of the sample, whose sky is known


@pytest.fixture(scope="module")
def sample_truth():
    """Radiance of one timestamp of the sample, as `samples/make_samples.py` has it, and where sky is, above roofs and trees."""
    moved = (0.035 * STEP, 0.012 * STEP)
    radiance = 16 * allsky(38 + 0.09 * STEP, 112 + 0.13 * STEP, SIZE, cloud_seed=7, cloud_shift=moved)
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    return radiance, np.hypot(x, y) < 0.85 * SIZE / 2


def test_the_sample_series_comes_out_as_the_sky_that_was_photographed(hdrkit, tmp_path, sky, sample_truth, within):
    series = tmp_path / "in"
    shutil.copytree(SAMPLES, series)
    calibrated = hdrkit("calibrate", series, "--by", "time", "--round", "30s", "--max-groups", 4, "-o", tmp_path / "r.npz")
    assert calibrated.code == 0, calibrated.err
    for path in series.iterdir():
        if not path.name.startswith("20240614093100"):
            path.unlink()
    words = ("--by", "time", "--response", tmp_path / "r.npz", "--exposure-unit", "us", "--align", "none")
    assert hdrkit("merge", series, "-o", tmp_path / "out", *words).code == 0
    found = read_radiance(tmp_path / "out" / "20240614093100_hdr.exr")
    truth, above = sample_truth

    off = within(found.pixels / sky.scale(), truth, above & (found.validity == 0))
    assert len(off) > 3000
    assert (np.median(off, axis=0) < 0.007).all()
    assert ((off < 0.03).mean(axis=0) > 0.99).all()

    sun = (found.validity & Validity.SATURATED) > 0
    assert 1 <= sun.sum() < 100
    row, column = np.argwhere(truth.max(axis=2) == truth.max())[0]
    assert np.hypot(*(np.argwhere(sun) - (row, column)).T).max() < 12
    around = found.pixels[row - 12 : row + 13, column - 12 : column + 13].mean(axis=2)
    assert found.pixels[sun].mean(axis=1).min() >= np.percentile(around, 90)  # no black sun
    assert np.isfinite(found.pixels).all()


@pytest.mark.parametrize("seed", [3, 7])
def test_a_patch_keeps_its_brightness_whatever_the_exposures(hdrkit, tmp_path, sky, seed):
    """Eight timestamps of one sky; exposures drift and frames come and go, as by an automatic that adapts."""
    light = 16 * allsky(38, 112, 192, cloud_seed=None)
    rng = np.random.default_rng(seed)
    for step in range(8):
        start = int(rng.integers(60, 400))
        times = [start * 6**k for k in range(int(rng.integers(3, 5)))]
        times = times if start * 6 ** (len(times) - 1) > 4000 else [*times, times[-1] * 6]
        stamp = f"{sky.start + timedelta(seconds=30 * step):%Y%m%d%H%M%S}"
        names = [tmp_path / "in" / f"{stamp}_{time}.jpg" for time in times]
        sky.shoot(light, names, [1e-6 * time for time in times], seed=100 * seed + step)
    assert hdrkit("calibrate", tmp_path / "in", "--by", "time", "--max-groups", 10, "-o", tmp_path / "r.npz").code == 0
    merged = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", "--by", "time", "--response", tmp_path / "r.npz")
    assert merged.code == 0, merged.err
    patches = {"zenith": np.s_[88:104, 88:104], "north": np.s_[40:56, 88:104], "towards the sun": np.s_[110:126, 60:76]}
    pictures = [read_radiance(path).pixels for path in sorted((tmp_path / "out").glob("*_hdr.exr"))]
    assert len(pictures) == 8
    for name, patch in patches.items():
        means = np.array([picture[patch].mean(axis=(0, 1)) for picture in pictures])
        brightness = means @ [0.2126, 0.7152, 0.0722]
        assert np.abs(brightness / brightness.mean() - 1).max() < 0.01, name
        assert np.abs(means / means.mean(axis=0) - 1).max() < 0.015, name


@pytest.mark.data
def test_a_real_sky_renamed_into_the_convention(hdrkit, tmp_path, data_folder):
    folder = data_folder / "originals" / "allsky_wahrsis_3"
    for path in sorted(folder.glob("*.JPG")):
        microseconds = round(1e6 / int(path.stem.rsplit("_", 1)[1]))
        (tmp_path / "2014" / "06").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tmp_path / "2014" / "06" / f"20140615120000_{microseconds}.JPG")
    words = ("--by", "time", "--exposure-unit", "us", "--align", "none")
    done = hdrkit("merge", tmp_path, "-o", tmp_path / "out", *words, "--preview")
    assert done.code == 0, done.err
    found = read_radiance(tmp_path / "out" / "2014" / "06" / "20140615120000_hdr.exr")
    assert found.metadata["exposure_times"] == pytest.approx([0.00025, 0.001, 0.004])
    assert np.isfinite(found.pixels).all()
    assert found.pixels.max() / np.median(found.pixels[found.pixels > 0]) > 30
    assert (tmp_path / "out" / "2014" / "06" / "20140615120000_hdr_preview.jpg").is_file()
