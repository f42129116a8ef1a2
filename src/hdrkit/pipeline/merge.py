"""`merge`: a bracket -> radiance. First everything is decided in a plan, then the pixels are merged, row by row."""

from __future__ import annotations

from collections.abc import Iterable

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.inputs.find import Paths, read_bracket
from hdrkit.inputs.options import InputOptions
from hdrkit.merging.options import MergeOptions, Product
from hdrkit.pipeline.fuse import fuse
from hdrkit.pipeline.merging.exposures import exposure_warnings, exposures_of
from hdrkit.pipeline.merging.frames import aligned, alignment_warnings, area_of, require_several, size_of
from hdrkit.pipeline.merging.ghosts import ghost_warnings, without_ghosts
from hdrkit.pipeline.merging.noise import with_noise
from hdrkit.pipeline.merging.plan import MergePlan, provenance
from hdrkit.pipeline.merging.response import response_of, response_warnings
from hdrkit.pipeline.stated_exposures import in_seconds, require_exposures, timed
from hdrkit.types import Bracket, Encoding, MergeReport, MergeResult, ResponseCurve, Stack


def merge(
    source: Stack | Paths,
    response: ResponseCurve | None = None,
    options: MergeOptions | None = None,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    response_name: str = "given",
) -> MergeResult:
    """Align and merge one bracket (a stack, or paths to read it from) into radiance. With `mertens` it does the same as `fuse`.

    Without a response curve, RAW and float pictures count as linear; for other pictures the curve is learned from the bracket
    itself, and the report says so. `inputs.estimate_exposures` applies to a stack too. Raises a subclass of HdrkitError.
    """
    if options is not None and options.product is Product.FUSION:
        fusion = fuse(source, alignment, inputs, options.deghost)
        return MergeResult(None, fusion.report, fusion.picture)
    plan = plan_merge(source, response, options, alignment, inputs, response_name)
    merged = plan.rows(0, plan.report.size[1])
    return MergeResult(merged.radiance, plan.report_with([merged.tally]))


def plan_merge(
    source: Stack | Paths,
    response: ResponseCurve | None = None,
    options: MergeOptions | None = None,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    response_name: str = "given",
) -> MergePlan:
    """Everything of a merge but the pixels: frames are read and aligned, curve and noise are known. Arguments as in `merge`."""
    options, alignment, inputs = options or MergeOptions(), alignment or AlignmentOptions(), inputs or InputOptions()
    stack = source if isinstance(source, Stack) else read_bracket(source, inputs)
    require_several(stack, inputs.min_frames)
    if not inputs.estimate_exposures:
        require_exposures(stack.bracket, curve_is_known=response is not None or stack.frames[0].is_linear)  # before any work
    stack, alignment_report, left_out = aligned(stack, alignment)
    area = area_of(stack, alignment)
    used = response_of(stack, response, response_name, inputs)
    exposed = exposures_of(stack, used, inputs.estimate_exposures)
    frames, exposures = exposed.stack.frames, exposed.stack.bracket.relative_exposures()
    options, noise = with_noise(frames, exposures, used.curve, options)
    trust, ghosts = without_ghosts(frames, exposures, used.curve, options)
    report = MergeReport(
        bracket=stack.bracket.name,
        estimator=options.estimator.value,
        response=used.name,
        frames=tuple(frame.name for frame in frames),
        exposures=exposures,
        size=size_of(area),
        noise=noise,
        ghosts=ghosts,
        alignment=alignment_report,
        calibration=used.calibration,
        warnings=(
            *alignment_warnings(alignment_report),
            *response_warnings(used, stack),
            *exposure_warnings(stack, exposed, inputs.estimate_exposures, used.calibration is not None),
            *ghost_warnings(ghosts),
        ),
        left_out=left_out,
        steps=exposed.steps,
        estimated=timed(exposed.estimated, in_seconds(stack)),
        prediction=exposed.prediction,
        trusted=exposed.trusted,
    )
    return MergePlan(frames, exposures, used.curve, options, trust, area, report, provenance(exposed.stack, report))


def ln_range(brackets: Iterable[Bracket], response: ResponseCurve | None) -> tuple[float, float]:
    """The range of ln radiance that these brackets can record with a response curve. RAW files need no curve.

    Raises InputError if encoded pictures come without a curve, ExposureError if exposures are missing.
    """
    from hdrkit.merging.range import ln_exposure_range

    exposures: set[float] = set()
    for bracket in brackets:
        first = bracket.photos[0]
        if response is None and first.encoding is not Encoding.RAW:
            raise InputError(
                f"{show(first.path)}: the range of encoded pictures needs a response curve; give one with --response"
            )
        exposures.update(bracket.relative_exposures())
    return ln_exposure_range(response or ResponseCurve.identity(), exposures)
