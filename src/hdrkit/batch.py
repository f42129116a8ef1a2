"""Many brackets to files, side by side: each is done or told of by itself, none takes another down."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.errors import HdrkitError, OutputError
from hdrkit.grouping.options import InputOptions
from hdrkit.io.discover import refuse_overwriting
from hdrkit.io.files import show
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.tonemapping.render import RenderOptions
from hdrkit.types import Bracket, MergeReport, ResponseCurve

RADIANCE_SUFFIXES = (".exr", ".hdr")
DISPLAY_SUFFIXES = (".jpg", ".png", ".tif")


class PreviewType(StrEnum):
    """The file format of a preview."""

    JPG = "jpg"
    PNG = "png"


@dataclass(frozen=True)
class OutputOptions:
    """What a merge leaves on disk beside the report; `preview` None renders nothing."""

    half: bool = field(
        default=False,
        metadata={"help": "write EXR with half floats: half the size, three digits from 6e-5 to 65504, nothing below 6e-8"},
    )
    preview: RenderOptions | None = None
    preview_type: PreviewType = field(default=PreviewType.JPG, metadata={"help": "file format of previews"})
    max_memory: int | None = field(
        default=None, metadata={"help": "memory to stay below, such as 2G: frames wait on disk and rows are merged in bands"}
    )


@dataclass(frozen=True)
class MergeJob:
    """One bracket and where its result goes, with everything that the merge needs: what a worker process is given."""

    bracket: Bracket
    output: Path
    response: ResponseCurve | None
    response_name: str
    merge: MergeOptions
    alignment: AlignmentOptions
    out: OutputOptions
    inputs: InputOptions = field(default_factory=InputOptions)


@dataclass(frozen=True)
class MergeOutcome:
    """What became of a job: files written and the report, or the error; `failures` lists frames that were left out."""

    bracket: str
    output: Path | None = None
    preview: Path | None = None
    report: MergeReport | None = None
    failures: tuple[str, ...] = ()
    error: str | None = None


def require_fitting(out: Path, options: MergeOptions, suffix: str | None, half: bool) -> None:
    """Raise OutputError where the file type that is asked for, by `out` or `suffix`, cannot hold what is asked for."""
    display = options.estimator is Estimator.MERTENS
    chosen = _file_suffix(out) or (f".{suffix}" if suffix else (".png" if display else ".exr"))
    allowed = DISPLAY_SUFFIXES if display else RADIANCE_SUFFIXES
    if chosen not in allowed:
        why = "fusion is for display, not radiance" if display else "radiance needs a file type that can hold it"
        raise OutputError(f"{show(out)}: {chosen} does not fit, {why}; choose {', '.join(allowed)}")
    for wanted, what in ((half, "half floats"), (options.variance, "a variance")):
        if wanted and chosen != ".exr":
            raise OutputError(f"{show(out)}: only .exr holds {what}; choose .exr or leave {what.removeprefix('a ')} out")


def _file_suffix(out: Path) -> str | None:
    """The file type that `out` names, None where it is a folder."""
    names = {".tiff": ".tif", ".jpeg": ".jpg", ".pic": ".hdr"}
    suffix = out.suffix.lower()
    return names.get(suffix, suffix) if suffix in (*RADIANCE_SUFFIXES, *DISPLAY_SUFFIXES, *names) and not out.is_dir() else None


def output_paths(brackets: Sequence[Bracket], out: Path, options: MergeOptions, suffix: str | None) -> list[Path]:
    """Where each bracket goes: `out` itself where it names a file, else a file a bracket in the folder `out`.

    Raises OutputError where several brackets would go into one file, the file type does not fit the estimator, or a
    photograph would be overwritten.
    """
    require_fitting(out, options, suffix, half=False)
    if _file_suffix(out):
        if len(brackets) > 1:
            raise OutputError(f"{show(out)}: {len(brackets)} brackets do not fit into one file; give a folder")
        paths = [out]
    else:
        chosen = suffix or ("png" if options.estimator is Estimator.MERTENS else "exr")
        paths = [out / f"{bracket.name}.{chosen}" for bracket in brackets]
    refuse_overwriting(paths, (photo.path for bracket in brackets for photo in bracket.photos))
    return paths


def merge_all(
    jobs: Sequence[MergeJob], workers: int, on_done: Callable[[MergeOutcome], None] | None = None
) -> list[MergeOutcome]:
    """Do the jobs in `workers` processes (one: in this one), and return their outcomes in the order of the jobs.

    An error of any kind becomes the outcome of its own job. `on_done` is called as each one ends.
    """
    workers = min(workers, len(jobs))
    if workers > 1:
        jobs = [_with_share(job, workers) for job in jobs]
    outcomes: dict[int, MergeOutcome] = {}
    for index, outcome in _here(jobs) if workers <= 1 else _in_processes(jobs, workers):
        outcomes[index] = outcome
        if on_done is not None:
            on_done(outcome)
    return [outcomes[index] for index in range(len(jobs))]


def _with_share(job: MergeJob, workers: int) -> MergeJob:
    """The job with the part of the memory that one of several workers may take."""
    limit = job.out.max_memory
    return job if limit is None else replace(job, out=replace(job.out, max_memory=limit // workers))


def _here(jobs: Sequence[MergeJob]) -> Iterator[tuple[int, MergeOutcome]]:
    for index, job in enumerate(jobs):
        yield index, run_job(job)


def _in_processes(jobs: Sequence[MergeJob], workers: int) -> Iterator[tuple[int, MergeOutcome]]:
    threads = max(1, (os.cpu_count() or 1) // workers)
    # Not forked: compiled code and its threads do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_share_cores, initargs=(threads,)) as pool:
        futures: dict[Future[MergeOutcome], int] = {pool.submit(run_job, job): index for index, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                index = futures[future]
                try:
                    yield index, future.result()
                except BrokenProcessPool:
                    name = jobs[index].bracket.name
                    error = f"{name}: a worker process was killed, for want of memory perhaps; try fewer --jobs"
                    yield index, MergeOutcome(name, error=error)
        finally:  # where we are interrupted, what has not begun is left
            pool.shutdown(cancel_futures=True)


def _share_cores(threads: int) -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends us
    cv2.setNumThreads(threads)


def run_job(job: MergeJob) -> MergeOutcome:
    """Load, align, merge and write one bracket. Errors of this bracket are its outcome."""
    name = job.bracket.name
    try:
        return _run(job)
    except HdrkitError as error:
        return MergeOutcome(name, error=str(error))
    except MemoryError:
        return MergeOutcome(name, error=f"{name}: not enough memory; try fewer --jobs")
    except Exception as error:  # a fault of ours, which must not take the other brackets down
        return MergeOutcome(name, error=f"{name}: {type(error).__name__}: {error}; please report this fault of hdrkit")


def _run(job: MergeJob) -> MergeOutcome:
    from hdrkit.inputs import load_readable
    from hdrkit.io.display import write_display
    from hdrkit.pipeline import plan_merge
    from hdrkit.streaming import keeper, write_merged
    from hdrkit.tonemapping.render import render

    if job.merge.estimator is not Estimator.MERTENS:
        Thread(target=_preload).start()
    keep = keeper(job.bracket, job.merge, job.out.max_memory, job.output.parent)
    stack, failures = load_readable(job.bracket, keep)
    plan = plan_merge(stack, job.response, job.merge, job.alignment, job.inputs, job.response_name)
    preview, report = None, plan.report
    if job.merge.estimator is Estimator.MERTENS:
        write_display(plan.fused(), job.output, bits=8 if job.output.suffix.lower() in (".jpg", ".jpeg") else 16)
    else:
        report, radiance = write_merged(plan, job.output, job.out.half, job.out.max_memory, job.bracket, bool(job.out.preview))
        if job.out.preview is not None and radiance is not None:
            preview = job.output.with_name(f"{job.output.stem}_preview.{job.out.preview_type}")
            write_display(render(radiance, job.out.preview), preview)
    return MergeOutcome(job.bracket.name, job.output, preview, report, failures + report.left_out)


def _preload() -> None:
    """Load, while photographs are decoded, what the merge needs: most of it comes with the first compiled loop that runs."""
    import numpy as np

    import hdrkit.calibration.noise  # noqa: F401
    from hdrkit.resampling import see_points

    nowhere = np.zeros(1, np.int64)
    see_points(1, 1, None, np.eye(3), nowhere, nowhere, np.empty(1, np.bool_))
