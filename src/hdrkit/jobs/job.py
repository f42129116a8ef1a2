"""Merges one bracket to its files: the job, and its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, assert_never

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.errors import HdrkitError, OutputError
from hdrkit.imaging.memory import keep_freed_memory
from hdrkit.imaging.small import is_small
from hdrkit.inputs.options import InputOptions
from hdrkit.jobs.options import OutputOptions, Scale
from hdrkit.jobs.outputs import in_one_piece, is_display
from hdrkit.merging.options import MergeOptions, Product
from hdrkit.types import Bracket, BracketFailure, Failure, MergeReport, ResponseCurve, Stack

if TYPE_CHECKING:
    from hdrkit.pipeline.merging.plan import MergePlan


@dataclass(frozen=True)
class MergeJob:
    """One bracket, the destination of its result, and everything that the merge needs. A worker process gets one job.

    `response_is_learned` says that the curve was learned from other brackets of the camera, and may not fit this one.
    """

    bracket: Bracket
    output: Path
    response: ResponseCurve | None
    response_name: str
    merge: MergeOptions
    alignment: AlignmentOptions
    out: OutputOptions
    inputs: InputOptions = field(default_factory=InputOptions)
    response_is_learned: bool = False

    @property
    def product(self) -> Product:
        """The kind of result: radiance, or a fused picture."""
        return self.merge.product

    @property
    def preview(self) -> Path | None:
        """The destination of the preview beside a radiance file; None without a preview."""
        if self.out.preview is None or is_display(self.output):
            return None
        return self.output.with_name(f"{self.output.stem}_preview.{self.out.preview_type}")

    @property
    def results(self) -> tuple[Path, ...]:
        """The files that the job writes."""
        return (self.output,) if self.preview is None else (self.output, self.preview)


@dataclass(frozen=True)
class MergeOutcome:
    """The outcome of a job: the written files and the report, or the `error`. `failures` are the frames that were left out.

    `seconds` is the working time, without waiting. `unwritable` means that the file system refused the result, so that a later
    attempt may succeed. `done_before` means that an earlier run made the result.
    """

    bracket: str
    output: Path | None = None
    preview: Path | None = None
    report: MergeReport | None = None
    failures: tuple[Failure, ...] = ()
    error: BracketFailure | None = None
    seconds: float = 0.0
    unwritable: bool = False
    done_before: bool = False


@dataclass(frozen=True)
class Loaded:
    """The photographs of a job, the failures of those that cannot be read, and the seconds that reading took."""

    stack: Stack
    failures: tuple[Failure, ...]
    seconds: float


def run_job(job: MergeJob, load: Callable[[], Loaded] | None = None) -> MergeOutcome:
    """Load (or call `load`), align, merge and write one bracket. An error becomes the outcome; none is raised."""
    name = job.bracket.name
    try:
        loaded = load() if load else load_job(job)
        start = time.perf_counter()
        return replace(_outcome_of(job, loaded), seconds=loaded.seconds + time.perf_counter() - start)
    except HdrkitError as error:
        unwritable = isinstance(error, OutputError) and error.errno is not None
        return MergeOutcome(name, error=BracketFailure(name, str(error), names_file=True), unwritable=unwritable)
    except MemoryError:
        return MergeOutcome(name, error=BracketFailure(name, "not enough memory; try fewer --jobs"))
    except Exception as error:  # a fault of hdrkit, which must not stop the other brackets
        reason = f"{type(error).__name__}: {error}; please report this fault of hdrkit"
        return MergeOutcome(name, error=BracketFailure(name, reason))


def load_job(job: MergeJob) -> Loaded:
    """Read the photographs of a job. Raises InputError if fewer than two can be read, ExposureError for a missing exposure."""
    from hdrkit.inputs.find import load_readable
    from hdrkit.jobs.streaming import frame_storage

    start = time.perf_counter()
    if job.product is Product.RADIANCE:
        photo = job.bracket.photos[0]
        _preload(is_small((photo.height, photo.width)))
    store = frame_storage(job.bracket, job.merge, job.out.max_memory, job.output.parent, in_one_piece=in_one_piece(job.output))
    stack, failures = load_readable(job.bracket, store)
    return Loaded(stack, failures, time.perf_counter() - start)


def _outcome_of(job: MergeJob, loaded: Loaded) -> MergeOutcome:
    match job.product:
        case Product.FUSION:
            return _fused(job, loaded)
        case Product.RADIANCE:
            return _merged(job, loaded)
        case unknown:
            assert_never(unknown)


def _fused(job: MergeJob, loaded: Loaded) -> MergeOutcome:
    from hdrkit.formats.display import most_bits, write_display
    from hdrkit.pipeline.fuse import fuse

    fusion = fuse(loaded.stack, job.alignment, job.inputs, job.merge.deghost, job.out.preview)
    write_display(fusion.picture, job.output, most_bits(job.output), job.out.quality)
    return MergeOutcome(job.bracket.name, job.output, None, fusion.report, loaded.failures + fusion.report.left_out)


def _merged(job: MergeJob, loaded: Loaded) -> MergeOutcome:
    from hdrkit.formats.display import most_bits, write_display
    from hdrkit.jobs.streaming import write_merged
    from hdrkit.tonemapping.render import render

    plan = _planned(job, loaded.stack)
    plan = plan.normalised() if job.out.scale is Scale.NORMAL else plan
    preview = None
    if is_display(job.output):
        merged = plan.rows(0, plan.report.size[1])
        report = plan.report_with([merged.tally])
        write_display(render(merged.radiance, job.out.preview), job.output, most_bits(job.output), job.out.quality)
    else:
        report, radiance = write_merged(plan, job.output, job.out.half, job.out.max_memory, job.bracket, bool(job.out.preview))
        if job.preview is not None and radiance is not None:
            preview = write_display(render(radiance, job.out.preview), job.preview, quality=job.out.quality)
    return MergeOutcome(job.bracket.name, job.output, preview, report, loaded.failures + report.left_out)


def _planned(job: MergeJob, stack: Stack) -> MergePlan:
    """The plan of a merge, with the own curve of the bracket if it describes the frames better than a learned one."""
    from hdrkit.pipeline.cameras import doubted, predicts_better
    from hdrkit.pipeline.merge import plan_merge

    plan = plan_merge(stack, job.response, job.merge, job.alignment, job.inputs, job.response_name)
    if not job.response_is_learned or not doubted(plan.report, job.inputs.estimate_exposures):
        return plan
    try:
        own = plan_merge(stack, None, job.merge, job.alignment, job.inputs)
    except HdrkitError:
        return plan
    if not predicts_better(own.report, plan.report):
        return plan
    note = f"the curve of its camera ({job.response_name}) does not fit this bracket"
    return replace(own, report=replace(own.report, warnings=(note, *own.report.warnings)))


@cache
def _preload(small: bool) -> None:
    """Load the modules of the merge in a thread while photographs are decoded. The first compiled loop takes most of the time."""

    def preload() -> None:
        import numpy as np

        import hdrkit.calibration.noise  # noqa: F401

        if small:
            keep_freed_memory()
        else:
            from hdrkit.imaging.resampling_loops import resample_rows

            pixels = np.zeros((1, 1, 3), np.uint8)
            resample_rows(pixels, None, np.eye(3), 0, 0, np.float32(255), pixels.copy(), np.zeros((1, 1), np.bool_))

    Thread(target=preload).start()
