"""Merging within a limit of memory gives the same pixels, stays below the limit, and leaves nothing behind."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import hdrkit.jobs.streaming as streaming
from hdrkit import AlignmentOptions, MergeOptions, find_brackets, read_radiance
from hdrkit.errors import OutputError
from hdrkit.files.spool import spooled
from hdrkit.jobs.job import MergeJob, load_job, run_job
from hdrkit.jobs.options import OutputOptions
from hdrkit.merging.options import Estimator
from hdrkit.pipeline.merge import plan_merge
from hdrkit.simulate import SimulatedCamera
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.types import Frame

CURVE = SimulatedCamera().response_curve()
SIZE = 300, 200
TIGHT = streaming.FLOOR_BYTES + 1_200_000  # less than the three frames, or the result, of that size


@pytest.fixture
def folder(tmp_path, shoot):
    shoot(tmp_path / "in", suffix="jpg", size=SIZE, exif=False)
    return tmp_path / "in"


def job(folder, out, limit, merge=None, **options):
    (bracket,) = find_brackets(folder).brackets
    more = {"alignment": AlignmentOptions(), **options}
    return MergeJob(bracket, out, CURVE, "given", merge or MergeOptions(), out=OutputOptions(max_memory=limit), **more)


def bands(monkeypatch):
    """Counts how often rows are merged."""
    calls = []
    rows = streaming.MergePlan.rows
    monkeypatch.setattr(streaming.MergePlan, "rows", lambda plan, *band: calls.append(band) or rows(plan, *band))
    return calls


@pytest.mark.parametrize("options", [{}, {"variance": True}, {"estimator": Estimator.DEBEVEC}])
@pytest.mark.parametrize("crop", [False, True])
def test_bands_make_the_same_file(folder, tmp_path, monkeypatch, options, crop):
    longest = max(folder.iterdir(), key=lambda path: int(path.stem.split("_")[1]))
    motion = np.float32([[1, 0.01, -4], [-0.01, 1, 3]])
    turned = cv2.warpAffine(cv2.imread(str(longest)), motion, SIZE, borderMode=cv2.BORDER_REFLECT)
    cv2.imwrite(str(longest), turned)
    alignment, merge = AlignmentOptions(crop=crop), MergeOptions(**options)
    calls = bands(monkeypatch)
    free = run_job(job(folder, tmp_path / "free.exr", None, merge, alignment=alignment))
    assert len(calls) == 1
    tight = run_job(job(folder, tmp_path / "tight.exr", TIGHT, merge, alignment=alignment))
    assert len(calls) >= 3
    assert free.error is None
    assert tight.error is None
    assert any(frame.method == "ecc" for frame in free.report.alignment.frames)
    assert (tmp_path / "tight.exr").read_bytes() == (tmp_path / "free.exr").read_bytes()
    assert tight.report == free.report
    assert sorted(path.name for path in tmp_path.iterdir()) == ["free.exr", "in", "tight.exr"]


def test_bands_make_the_same_hdr(folder, tmp_path):
    for name, limit in (("free", None), ("tight", TIGHT)):
        assert run_job(job(folder, tmp_path / f"{name}.hdr", limit)).error is None
    assert (tmp_path / "tight.hdr").read_bytes() == (tmp_path / "free.hdr").read_bytes()


def test_a_limit_that_holds_everything_is_one_band_without_a_scratch_file(folder, tmp_path, monkeypatch):
    calls = bands(monkeypatch)
    monkeypatch.setattr(streaming, "spooled", None)
    assert run_job(job(folder, tmp_path / "a.exr", 1 << 33)).error is None
    assert len(calls) == 1


@pytest.mark.parametrize("preview", [None, RenderOptions()])
def test_without_a_limit_only_a_preview_needs_the_whole_picture(folder, tmp_path, monkeypatch, preview):
    one = job(folder, tmp_path / "one.exr", None)
    run_job(one)
    calls = bands(monkeypatch)
    plan = plan_merge(load_job(one).stack, CURVE, one.merge, one.alignment, one.inputs, "given")
    streaming.write_merged(plan, tmp_path / "many.exr", False, None, one.bracket, bool(preview), band_pixels=64 * SIZE[0])
    assert len(calls) == (1 if preview else 4)
    assert (tmp_path / "many.exr").read_bytes() == (tmp_path / "one.exr").read_bytes()


def test_the_preview_comes_from_a_reduced_version(folder, tmp_path):
    one = job(folder, tmp_path / "a.exr", TIGHT)
    run_job(replace(one, out=replace(one.out, preview=RenderOptions())))
    whole = job(folder, tmp_path / "b.exr", None)
    run_job(replace(whole, out=replace(whole.out, preview=RenderOptions())))
    small, large = (cv2.imread(str(tmp_path / f"{name}_preview.jpg")).astype(float) for name in "ab")
    assert large.shape == (*SIZE[::-1], 3)
    assert small.shape[0] in {SIZE[1] // n for n in (1, 2, 4, 8)}
    expected = cv2.resize(large, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small - expected).mean() < 4


def test_reduction_is_the_mean_of_blocks_and_all_their_flags():
    rng = np.random.default_rng(0)
    pixels, flags = rng.random((200, 90, 3), np.float32), rng.choice([0, 0, 0, 1, 2, 4], (200, 90)).astype(np.uint8)
    reduced = streaming.Reduced(90, 200, 13 * 90 * 200 // 9)
    for top in range(0, 200, 64):
        reduced.add(streaming.RadianceMap(pixels[top : top + 64], validity=flags[top : top + 64]))
    np.testing.assert_allclose(reduced.radiance.pixels[7, 5], pixels[28:32, 20:24].mean(axis=(0, 1)), rtol=1e-5)
    assert reduced.radiance.pixels.shape == (50, 22, 3)
    assert reduced.radiance.validity[7, 5] == np.bitwise_or.reduce(flags[28:32, 20:24], axis=None)


@pytest.mark.parametrize(("limit", "reason"), [(1 << 20, "cannot be met"), (streaming.FLOOR_BYTES + 1, "cannot be met")])
def test_a_limit_that_cannot_be_met_is_one_line(folder, tmp_path, limit, reason):
    outcome = run_job(job(folder, tmp_path / "a.exr", limit))
    assert reason in str(outcome.error)
    assert "give" in str(outcome.error)
    assert "\n" not in str(outcome.error)
    assert not (tmp_path / "a.exr").exists()


@pytest.mark.parametrize(("name", "estimator"), [("a.jpg", "inverse-variance"), ("a.png", "mertens")])
def test_a_picture_for_the_display_is_made_in_one_piece_or_not_at_all(folder, tmp_path, name, estimator):
    merge = MergeOptions(estimator)
    assert "is made in one piece" in str(run_job(job(folder, tmp_path / name, TIGHT, merge)).error)
    assert run_job(job(folder, tmp_path / name, 1 << 33, merge)).output == tmp_path / name


def test_the_command_line_takes_a_size(hdrkit, folder, tmp_path):
    assert hdrkit("merge", folder, "-o", tmp_path / "a.exr", "--max-memory", "2G").code == 0
    refused = hdrkit("merge", folder, "-o", tmp_path / "b.exr", "--max-memory", "10M")
    assert refused.code == 1
    assert "10M cannot be met" in refused.err
    assert hdrkit("merge", folder, "-o", tmp_path / "b.exr", "--max-memory", "much").code == 2


def test_a_spooled_frame_is_the_same_frame(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (30, 40, 3)).astype(np.uint16)
    frame = spooled(Frame(pixels, white=65535.0), tmp_path / "deep")
    np.testing.assert_array_equal(frame.pixels, pixels)
    assert frame.white == 65535.0
    assert type(frame.pixels) is np.ndarray
    assert not list((tmp_path / "deep").iterdir())  # it has no name


def test_a_disk_without_room_is_one_line(monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(OutputError, match="no room for the 0.0 GB that frame takes.*free some space"):
        spooled(Frame(np.zeros((2, 2, 3), np.uint8)), tmp_path)


def own_memory(pid):
    """Bytes that a process holds apart from files that it reads."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_bracket_larger_than_the_limit_is_merged_below_it(tmp_path, shoot):
    width, height, count, limit = 4096, 3072, 13, 420 << 20
    shoot(tmp_path / "warm", suffix="jpg", exif=False)
    rng = np.random.default_rng(0)
    scene = cv2.resize(rng.random((30, 40, 3), np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    (tmp_path / "in").mkdir()
    for k in range(count):
        codes = np.clip(255 * (scene * 2.0 ** (k / 2 - 3)) ** (1 / 2.2), 0, 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "in" / f"f_{round(1000 * 2 ** (k / 2))}.jpg"), codes)
    assert count * width * height * 3 > limit
    out = tmp_path / "out.exr"
    for folder in ("warm", "in"):  # the first compiles, which takes memory of its own
        options = ["--align", "none", "--max-memory", str(limit)]
        command = [sys.executable, "-m", "hdrkit", "merge", tmp_path / folder, "-o", out, *options]
        process = subprocess.Popen(command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            peak = max(peak, own_memory(process.pid))
            time.sleep(0.005)
        assert process.returncode == 0
    assert 0 < peak < limit
    assert read_radiance(out).pixels.shape == (height, width, 3)
