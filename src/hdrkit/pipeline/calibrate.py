"""`calibrate`: brackets -> the response curve of their camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.errors import HdrkitError, InputError, NothingUsableError
from hdrkit.files.text import show
from hdrkit.inputs.find import Paths, find_brackets, load_readable
from hdrkit.inputs.options import InputOptions
from hdrkit.pipeline.merging.frames import require_several
from hdrkit.pipeline.stated_exposures import in_seconds, require_exposures, timed
from hdrkit.types import Bracket, BracketFailure, CalibrationResult, Exposure, Failure, Progress, ResponseCurve, Stack


def calibrate(
    source: Stack | Sequence[Stack] | Sequence[Bracket] | Paths,
    options: CalibrationOptions | None = None,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    progress: Progress | None = None,
) -> CalibrationResult:
    """The response curve of the camera that took these brackets. `source` is stacks, or brackets or paths to read them from.

    Each bracket is aligned. Then one curve is fitted to all brackets, each with its own exposure times.
    `inputs.estimate_exposures` applies to stacks too. The report lists the brackets that cannot be used.
    Raises CalibrationError or InputError if no bracket can be used.
    """
    from hdrkit.alignment.chain import align
    from hdrkit.calibration.calibrate import calibrate_samples
    from hdrkit.calibration.exposures import guessed_exposures
    from hdrkit.calibration.sampling import Samples, take_samples

    options, estimate = options or CalibrationOptions(), (inputs or InputOptions()).estimate_exposures
    skipped: list[Failure | BracketFailure] = []
    samples: list[Samples] = []
    times: dict[str, Exposure] = {}
    items: Sequence[Stack | Bracket]
    ignored = 0
    notes: tuple[str, ...] = ()
    if isinstance(source, Stack):
        items = [source]
    elif isinstance(source, (str, Path)) or not all(isinstance(one, (Stack, Bracket)) for one in source):
        found = find_brackets(cast(Paths, source), inputs)
        items, skipped, ignored, notes = found.brackets, list(found.failures), found.ignored, tuple(map(str, found.notes))
    else:
        items = cast("Sequence[Stack | Bracket]", source)
    for done, item in enumerate(items):
        if progress:
            progress("reading brackets", done, len(items))
        try:
            stack = _loaded(item, skipped)
            require_several(stack, (inputs or InputOptions()).min_frames)
            _require_codes(stack)
            if not estimate:
                require_exposures(stack.bracket, curve_is_known=False, fusing=False)
            stated = stack.bracket.stated_exposures()
            times |= in_seconds(stack)
            frames, _ = align(stack.frames, stack.bracket.reference, alignment or AlignmentOptions())
            exposures, unknown = guessed_exposures(frames, stated), [one is None for one in stated]
            seed = options.seed + done
            samples.append(take_samples(stack.bracket.name, frames, exposures, options.sampling, options.samples, seed, unknown))
        except HdrkitError as error:
            name = (item.bracket if isinstance(item, Stack) else item).name
            skipped.append(BracketFailure(name, str(error), names_file=True))
            if len(items) == 1:
                raise
    if progress:
        progress("reading brackets", len(items), len(items))
    if not samples:
        raise NothingUsableError(f"none of {len(items)} brackets can be used; the first: {skipped[0]}", skipped)
    result = calibrate_samples(samples, options, estimate)
    estimated, notes = timed(result.report.estimated, times), (*notes, *result.report.notes)
    report = replace(result.report, skipped=tuple(skipped), ignored=ignored, notes=notes, estimated=estimated)
    return replace(result, report=report)


def stamped(curve: ResponseCurve, inputs: Sequence[Path | str]) -> ResponseCurve:
    """The curve with the time of calibration and the input folders in its metadata, as its file holds them."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(curve, metadata=curve.metadata | {"timestamp_utc": now, "input_directory": ", ".join(show(p) for p in inputs)})


def _loaded(item: Stack | Bracket, skipped: list[Failure | BracketFailure]) -> Stack:
    """The bracket with its pixels. Files that cannot be read are added to `skipped`."""
    if isinstance(item, Stack):
        return item
    stack, failures = load_readable(item)
    skipped.extend(failures)
    return stack


def _require_codes(stack: Stack) -> None:
    for frame in stack.frames:
        if frame.pixels.dtype == np.float32:
            raise InputError(f"{frame.name}: a float picture holds light, so it has no response curve; merge it without one")
