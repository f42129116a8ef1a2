"""A bracket -> radiance: everything decided first, then the pixels, row by row."""

from __future__ import annotations

from collections.abc import Iterable

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.inputs.find import Paths
from hdrkit.inputs.options import InputOptions
from hdrkit.merging.options import MergeOptions, Product
from hdrkit.pipeline.fuse import fuse
from hdrkit.pipeline.merging.plan import plan_merge
from hdrkit.types import Bracket, Encoding, MergeResult, ResponseCurve, Stack


def merge(
    source: Stack | Paths,
    response: ResponseCurve | None = None,
    options: MergeOptions | None = None,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    response_name: str = "given",
) -> MergeResult:
    """Align and merge one bracket (a stack, or paths to read it from) into radiance, or with `mertens` do what `fuse` does.

    Without a response curve RAW and float pictures are taken as linear, and for others the curve is calibrated from the
    bracket itself, which the report says. `inputs.estimate_exposures` holds for a stack as well.
    Raises HdrkitError of the kind that fits.
    """
    if options is not None and options.product is Product.FUSION:
        fusion = fuse(source, alignment, inputs)
        return MergeResult(None, fusion.report, fusion.picture)
    plan = plan_merge(source, response, options, alignment, inputs, response_name)
    merged = plan.rows(0, plan.report.size[1])
    return MergeResult(merged.radiance, plan.told([merged.tally]))


def ln_range(brackets: Iterable[Bracket], response: ResponseCurve | None) -> tuple[float, float]:
    """The range of ln radiance that these brackets can record with a response curve; RAW needs none.

    Raises InputError where coded pictures come without a curve, ExposureError where times are missing.
    """
    from hdrkit.merging.range import ln_exposure_range

    exposures: set[float] = set()
    for bracket in brackets:
        first = bracket.photos[0]
        if response is None and first.encoding is not Encoding.RAW:
            raise InputError(f"{show(first.path)}: a range for encoded pictures needs one curve for all: --response R.npz")
        exposures.update(bracket.relative_exposures())
    return ln_exposure_range(response or ResponseCurve.identity(), exposures)
