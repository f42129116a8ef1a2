import json
import os
import shutil
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from hdrkit import AlignmentOptions, MergeOptions, find_brackets, read_radiance
from hdrkit.errors import OutputError
from hdrkit.files.json_text import to_json
from hdrkit.inputs import find as inputs
from hdrkit.jobs import batch
from hdrkit.jobs.batch import LostError, merge_all, merge_each
from hdrkit.jobs.job import MergeJob, MergeOutcome, run_job
from hdrkit.jobs.options import OutputOptions
from hdrkit.jobs.outputs import output_paths
from hdrkit.pipeline import merge as merging
from hdrkit.simulate import SimulatedCamera
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.types import Bracket, BracketFailure, Encoding, Failure, Photo

CURVE = SimulatedCamera().response_curve()
MERTENS = MergeOptions(estimator="mertens")


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
        ("out.exr", MERTENS, None, "fusion gives a picture for the display"),
        ("out.jpg", MergeOptions(variance=True), None, "only .exr holds a variance"),
        ("out", MERTENS, "exr", r"out: \.exr holds radiance"),
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


def test_no_jobs_have_no_outcomes():
    assert merge_all([], 1) == []


def test_a_bad_bracket_does_not_take_the_others_down(tmp_path, shoot):
    for seed, name in enumerate(("a", "b", "c")):
        paths = shoot(tmp_path / "in" / name, seed=seed)
        if name == "b":
            for path in paths[1:]:
                path.write_bytes(path.read_bytes()[:-40])
    jobs = jobs_for(tmp_path / "in", tmp_path / "out")
    outcomes = merge_all(jobs, 1)
    assert [bool(outcome.error) for outcome in outcomes] == [False, True, False]
    assert "b/1.png" in str(outcomes[1].error)
    assert list(files_below(tmp_path / "out")) == ["a.exr", "c.exr"]


def test_one_unreadable_frame_is_left_out_and_named(tmp_path, shoot):
    broken = shoot(tmp_path / "in", times_s=(1 / 64, 1 / 16, 1 / 4, 1))[2]
    jobs = jobs_for(tmp_path / "in", tmp_path / "out.exr")
    broken.write_bytes(broken.read_bytes()[:-40])
    (outcome,) = merge_all(jobs, 4)
    assert outcome.error is None
    assert [failure.path.name for failure in outcome.failures] == ["2.png"]
    assert len(outcome.report.frames) == 3


@pytest.fixture
def read(monkeypatch):
    """The names of the brackets whose photographs have been read, or are being read."""
    names = []
    real = inputs.load_readable

    def noting(bracket, keep):
        names.append(bracket.name)
        return real(bracket, keep)

    monkeypatch.setattr(inputs, "load_readable", noting)
    return names


def before_planning(monkeypatch, do):
    real = merging.plan_merge

    def plan(stack, *rest):
        do(stack.bracket.name)
        return real(stack, *rest)

    monkeypatch.setattr(merging, "plan_merge", plan)


def wait_for(condition):
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_the_next_bracket_is_read_while_one_is_merged(tmp_path, shoot, read, monkeypatch):
    for name in "abc":
        shoot(tmp_path / "in" / name)
    expected = {"a": ["a", "b"], "b": ["a", "b", "c"], "c": ["a", "b", "c"]}  # and never more than one ahead
    seen = {}

    def look(name):
        wait_for(lambda: read == expected[name])
        seen[name] = list(read)

    before_planning(monkeypatch, look)
    outcomes = merge_all(jobs_for(tmp_path / "in", tmp_path / "out"), 1)
    assert not any(outcome.error for outcome in outcomes)
    assert seen == expected


def test_nothing_is_read_ahead_where_memory_is_limited(tmp_path, shoot, read, monkeypatch):
    for name in "abc":
        shoot(tmp_path / "in" / name)
    seen = {}

    def look(name):
        time.sleep(0.1)
        seen[name] = list(read)

    before_planning(monkeypatch, look)
    merge_all(jobs_for(tmp_path / "in", tmp_path / "out", max_memory=1 << 33), 1)
    assert seen == {"a": ["a"], "b": ["a", "b"], "c": ["a", "b", "c"]}


def test_jobs_are_asked_for_as_they_can_be_begun(tmp_path, shoot):
    for name in "abcd":
        shoot(tmp_path / "in" / name)
    asked = []

    def jobs():
        for job in jobs_for(tmp_path / "in", tmp_path / "out"):
            asked.append(job.bracket.name)
            yield job
            yield f"known {job.bracket.name}"

    told = []
    for index, outcome in merge_each(jobs(), 1):
        told.append((index, outcome if isinstance(outcome, str) else outcome.bracket))
        assert len(asked) <= index // 2 + 2
    assert asked == list("abcd")
    assert sorted(told) == [(k, f"known {name}" if k % 2 else name) for k, name in enumerate("aabbccdd")]


def test_an_executor_holds_a_limited_number_of_jobs(tmp_path, shoot, monkeypatch):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "out.exr")
    asked = count()
    handed = []

    class Slow(ThreadPoolExecutor):
        def submit(self, *_):
            handed.append(Future())
            if len(handed) == 5:  # so many are held, and one ends only now
                handed[2].set_result(MergeOutcome("third"))
            return handed[-1]

    monkeypatch.setattr(batch, "executor", lambda *_: Slow(1))
    ended = merge_each((job for _ in asked), 2, ahead=5)
    assert next(ended) == (2, MergeOutcome("third"))
    assert next(asked) == 5
    ended.close()
    assert all(future.cancelled() for future in handed if future is not handed[2])


class Fatal(str):
    """What ends the process that unpacks it."""

    def __reduce__(self):
        return os._exit, (9,)


def test_a_job_that_takes_its_process_down_takes_no_other_with_it(tmp_path, shoot):
    for name in "abcdefg":
        shoot(tmp_path / "in" / name)
    jobs = [
        replace(job, response_name=Fatal("given")) if job.bracket.name in "be" else job
        for job in jobs_for(tmp_path / "in", tmp_path / "out")
    ]
    outcomes = merge_all(jobs, 2)
    assert [outcome.bracket for outcome in outcomes if outcome.error] == ["b", "e"]
    assert str(outcomes[1].error) == "b: a worker process was killed, perhaps because memory ran out; try fewer --jobs"
    assert list(files_below(tmp_path / "out")) == [f"{name}.exr" for name in "acdfg"]


def test_a_bracket_that_cannot_be_read_ahead_is_its_own_outcome(tmp_path, shoot):
    for name in "abc":
        shoot(tmp_path / "in" / name)
    jobs = jobs_for(tmp_path / "in", tmp_path / "out")
    shutil.rmtree(tmp_path / "in" / "b")
    first, second, third = merge_all(jobs, 1)
    assert "b/0.png" in str(second.error)
    assert first.error is None
    assert third.error is None


def test_nothing_is_read_after_an_interruption(tmp_path, shoot, read, monkeypatch):
    for name in "abcd":
        shoot(tmp_path / "in" / name)

    def interrupt(_):
        raise KeyboardInterrupt

    before_planning(monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt):
        merge_all(jobs_for(tmp_path / "in", tmp_path / "out"), 1)
    at_the_end = list(read)
    time.sleep(0.2)
    assert read == at_the_end
    assert "c" not in read


def test_seconds_are_those_of_reading_and_merging(tmp_path, shoot, monkeypatch):
    for name in "ab":
        shoot(tmp_path / "in" / name)
    real = inputs.load_readable

    def slow(*arguments):
        time.sleep(0.3)
        return real(*arguments)

    monkeypatch.setattr(inputs, "load_readable", slow)
    before_planning(monkeypatch, lambda _: time.sleep(0.3))
    start = time.perf_counter()
    outcomes = merge_all(jobs_for(tmp_path / "in", tmp_path / "out"), 1)
    elapsed = time.perf_counter() - start
    assert all(outcome.seconds > 0.6 for outcome in outcomes)
    assert sum(outcome.seconds for outcome in outcomes) > elapsed + 0.2  # for b is read while a is merged


@pytest.mark.parametrize("error", [ValueError("odd\nthing"), MemoryError(), RuntimeError("worse")])
def test_an_error_of_any_kind_is_the_outcome_of_its_own_job(tmp_path, shoot, monkeypatch, error):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "out.exr")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("hdrkit.pipeline.merge.plan_merge", fail)
    outcome = run_job(job)
    assert str(outcome.error).startswith("in: ")
    assert not (tmp_path / "out.exr").exists()


def test_an_interruption_is_no_outcome(tmp_path, shoot, monkeypatch):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "out.exr")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("hdrkit.pipeline.merge.plan_merge", interrupt)
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


def test_failures_in_json_are_the_lines_that_people_read():
    left_out = Failure(Path("a/2.png"), "a/2.png: not an image")
    for error, line in (
        (BracketFailure("a", "not enough memory"), "a: not enough memory"),
        (BracketFailure("a", "a/1.png: not an image", names_file=True), "a/1.png: not an image"),
    ):
        told = json.loads(to_json(MergeOutcome("a", failures=(left_out,), error=error)))
        assert (told["failures"], told["error"]) == (["a/2.png: not an image"], line)


def test_a_folder_that_vanishes_midway_is_an_outcome(tmp_path, shoot):
    shoot(tmp_path / "in")
    (job,) = jobs_for(tmp_path / "in", tmp_path / "out.exr")
    shutil.rmtree(tmp_path / "in")
    assert "0.png" in str(run_job(job).error)


class LostAfter(Executor):
    """Does so many jobs, and has lost its scheduler then."""

    def __init__(self, jobs):
        self._left = jobs

    def submit(self, run, *arguments):
        if not self._left:
            raise BrokenExecutor("the scheduler was lost")
        self._left -= 1
        future = Future()
        future.set_result(run(*arguments))
        return future


def test_a_lost_scheduler_ends_the_walk_through_what_is_left(tmp_path, monkeypatch):
    jobs = [MergeJob(bracket(name), tmp_path / f"{name}.exr", None, "", MERTENS, None, OutputOptions()) for name in "abcdef"]
    monkeypatch.setattr("hdrkit.jobs.batch.executor", lambda *_: nullcontext(LostAfter(2)))
    monkeypatch.setattr("hdrkit.jobs.batch.run_job", lambda job: MergeOutcome(job.bracket.name))
    asked, told = [], []
    walk = merge_each((asked.append(job) or job for job in jobs), 1, "tcp://nowhere")
    with pytest.raises(LostError, match="the scheduler was lost"):
        told.extend(walk)
    assert [number for number, _ in told] == [0, 1]
    assert len(asked) == 3
    outcomes = merge_all(jobs, 1, scheduler="tcp://nowhere")  # which promises one for each
    lost = [BracketFailure(name, "the scheduler was lost") for name in "cdef"]
    assert [outcome.error for outcome in outcomes] == [None, None, *lost]
