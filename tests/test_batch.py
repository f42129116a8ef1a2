import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from hdrkit import AlignmentOptions, MergeOptions, find_brackets, read_radiance
from hdrkit.batch import MergeJob, MergeOutcome, OutputOptions, merge_all, output_paths, run_job
from hdrkit.errors import OutputError
from hdrkit.io.artifacts import to_json
from hdrkit.merging.options import Estimator
from hdrkit.simulate import SimulatedCamera
from hdrkit.tonemapping.render import RenderOptions
from hdrkit.types import Bracket, Encoding, Photo

CURVE = SimulatedCamera().response_curve()
MERTENS = MergeOptions(estimator=Estimator.MERTENS)


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def bracket(name, *files):
    return Bracket(name, tuple(Photo(Path(file), 8, 6, Encoding.ENCODED8) for file in files or ("/in/x.jpg",)))


def jobs_for(folder, out, merge=None, **output):
    merge = merge or MergeOptions()
    brackets = find_brackets(folder).brackets
    still = AlignmentOptions(method="none")
    options = OutputOptions(**output)
    paths = output_paths(brackets, out, merge, None)
    return [MergeJob(b, path, CURVE, "given", merge, still, options) for b, path in zip(brackets, paths, strict=True)]


def test_one_bracket_becomes_the_file_that_is_named():
    for name in ("out.exr", "out.EXR", "out.hdr", "out.pic"):
        assert output_paths([bracket("a")], Path(name), MergeOptions(), None) == [Path(name)]
    for name in ("out.jpg", "out.jpeg", "out.png", "out.tif", "out.tiff"):
        for options in (MERTENS, MergeOptions()):
            assert output_paths([bracket("a")], Path(name), options, None) == [Path(name)]


def test_many_brackets_become_a_folder_with_nested_folders_kept():
    brackets = [bracket("a"), bracket("b/c"), bracket("v1.5")]
    names = [path.as_posix() for path in output_paths(brackets, Path("out"), MergeOptions(), None)]
    assert names == ["out/a.exr", "out/b/c.exr", "out/v1.5.exr"]
    assert output_paths(brackets, Path("out"), MergeOptions(), "hdr")[1] == Path("out/b/c.hdr")
    assert output_paths(brackets, Path("out"), MergeOptions(), "jpg")[0] == Path("out/a.jpg")
    assert output_paths(brackets, Path("out"), MERTENS, None)[0] == Path("out/a.png")
    assert output_paths(brackets, Path("out"), MERTENS, "jpg")[0] == Path("out/a.jpg")


@pytest.mark.parametrize(
    ("out", "options", "suffix", "reason"),
    [
        ("out.exr", MERTENS, None, "fusion is for display"),
        ("out.jpg", MergeOptions(variance=True), None, "only .exr holds a variance"),
        ("out", MERTENS, "exr", r"\.exr does not fit"),
    ],
)
def test_file_types_that_do_not_fit(out, options, suffix, reason):
    with pytest.raises(OutputError, match=reason):
        output_paths([bracket("a")], Path(out), options, suffix)


def test_many_brackets_do_not_go_into_one_file():
    with pytest.raises(OutputError, match=r"out\.exr: 2 brackets"):
        output_paths([bracket("a"), bracket("b")], Path("out.exr"), MergeOptions(), None)


def test_photographs_are_never_overwritten(tmp_path):
    photo = tmp_path / "room.png"
    photo.touch()
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OutputError, match=r"room\.png: it is one of the photographs"):
        output_paths([bracket("a", photo)], tmp_path / "link" / "room.png", MERTENS, None)
    with pytest.raises(OutputError, match=r"room\.png"):
        output_paths([bracket("room", photo)], tmp_path, MERTENS, None)


def test_two_processes_write_what_one_does(tmp_path, shoot):
    for seed, name in enumerate(("a", "n/b", "n/c")):
        shoot(tmp_path / "in" / name, seed=seed)
    told = []
    for workers, out in ((1, "one"), (2, "two")):
        jobs = jobs_for(tmp_path / "in", tmp_path / out, preview=RenderOptions())
        outcomes = merge_all(jobs, workers, told.append)
        assert [outcome.bracket for outcome in outcomes] == ["a", "n/b", "n/c"]
        assert not any(outcome.error for outcome in outcomes)
    assert sorted(outcome.bracket for outcome in told) == sorted(2 * ["a", "n/b", "n/c"])
    one, two = files_below(tmp_path / "one"), files_below(tmp_path / "two")
    assert list(one) == ["a.exr", "a_preview.jpg", "n/b.exr", "n/b_preview.jpg", "n/c.exr", "n/c_preview.jpg"]
    assert one == two


def test_a_bad_bracket_does_not_take_the_others_down(tmp_path, shoot):
    for seed, name in enumerate(("a", "b", "c")):
        paths = shoot(tmp_path / "in" / name, seed=seed)
        if name == "b":
            for path in paths[1:]:
                path.write_bytes(path.read_bytes()[:-40])
    jobs = jobs_for(tmp_path / "in", tmp_path / "out")
    outcomes = merge_all(jobs, 1)
    assert [bool(outcome.error) for outcome in outcomes] == [False, True, False]
    assert "b/1.png" in outcomes[1].error
    assert list(files_below(tmp_path / "out")) == ["a.exr", "c.exr"]


def test_one_unreadable_frame_is_left_out_and_named(tmp_path, shoot):
    broken = shoot(tmp_path / "in", times_s=(1 / 64, 1 / 16, 1 / 4, 1))[2]
    jobs = jobs_for(tmp_path / "in", tmp_path / "out.exr")
    broken.write_bytes(broken.read_bytes()[:-40])
    (outcome,) = merge_all(jobs, 4)
    assert outcome.error is None
    assert len(outcome.failures) == 1
    assert "2.png" in outcome.failures[0]
    assert len(outcome.report.frames) == 3


@pytest.mark.parametrize("error", [ValueError("odd\nthing"), MemoryError(), RuntimeError("worse")])
def test_an_error_of_any_kind_is_the_outcome_of_its_own_job(tmp_path, shoot, monkeypatch, error):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "out.exr")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("hdrkit.pipeline.plan_merge", fail)
    outcome = run_job(job)
    assert outcome.error.startswith("in: ")
    assert not (tmp_path / "out.exr").exists()


def test_an_interruption_is_no_outcome(tmp_path, shoot, monkeypatch):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "out.exr")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("hdrkit.pipeline.plan_merge", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_job(job)


def test_half_floats_and_variance(tmp_path, shoot):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "full.exr")
    (half,) = jobs_for(tmp_path / "in", tmp_path / "half.exr", half=True)
    (with_variance,) = jobs_for(tmp_path / "in", tmp_path / "variance.exr", MergeOptions(variance=True))
    assert not any(run_job(j).error for j in (job, half, with_variance))
    full = read_radiance(tmp_path / "full.exr")
    assert read_radiance(tmp_path / "half.exr").pixels == pytest.approx(full.pixels, rel=1e-3)
    assert (tmp_path / "half.exr").stat().st_size < (tmp_path / "full.exr").stat().st_size
    assert full.variance is None
    assert read_radiance(tmp_path / "variance.exr").variance.shape == full.pixels.shape


def test_fusion_goes_to_display_files(tmp_path, shoot):
    import cv2

    shoot(tmp_path / "in")
    for name, dtype in (("f.jpg", np.uint8), ("f.png", np.uint16), ("f.tif", np.uint16)):
        (job,) = jobs_for(tmp_path / "in", tmp_path / name, MERTENS)
        outcome = run_job(job)
        assert outcome.error is None
        assert outcome.preview is None
        assert cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED).dtype == dtype


def test_an_outcome_in_json_keeps_its_path(tmp_path):
    odd = Path(os.fsdecode(b"/out/a\xff\n.exr"))
    assert json.loads(to_json(MergeOutcome("a", odd)))["output"] == str(odd)


def test_a_folder_that_vanishes_midway_is_an_outcome(tmp_path, shoot):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "out.exr")
    shutil.rmtree(tmp_path / "in")
    assert "0.png" in run_job(job).error
