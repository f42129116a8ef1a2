"""`fuse`: a bracket -> a picture for the display, by exposure fusion. It needs no exposure times and no response curve."""

from __future__ import annotations

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.inputs.find import Paths, read_bracket
from hdrkit.inputs.options import InputOptions
from hdrkit.merging.options import Fusion, MergeOptions
from hdrkit.pipeline.merging.frames import aligned, alignment_warnings, area_of, by_brightness, require_several, size_of
from hdrkit.pipeline.merging.ghosts import frame_named
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.types import FusionResult, MergeReport, Stack


def fuse(
    source: Stack | Paths,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    deghost: str = MergeOptions().deghost,
    rendering: RenderOptions | None = None,
) -> FusionResult:
    """Align and fuse one bracket (a stack, or paths to read it from) into a picture for the display.

    Each part of the picture comes mostly from the frames that expose it best. The frames are ordered by brightness; their stated
    exposures are not used. Mertens, Kautz & Van Reeth 2007. `deghost` is that of a merge: with `auto`, what moved is shown as in
    the frame of middle brightness. The controls of `rendering` change the picture. Raises a subclass of HdrkitError.
    """
    from hdrkit.merging.fusion import fuse_frames
    from hdrkit.tonemapping.render import retouch

    stack = source if isinstance(source, Stack) else read_bracket(source, inputs)
    alignment = alignment or AlignmentOptions()
    require_several(stack, (inputs or InputOptions()).min_frames)
    stack, alignment_report, left_out = aligned(by_brightness(stack), alignment)
    area = area_of(stack, alignment)
    report = MergeReport(
        bracket=stack.bracket.name,
        estimator=Fusion.MERTENS.value,
        response="none needed",
        frames=tuple(frame.name for frame in stack.frames),
        exposures=(),
        size=size_of(area),
        alignment=alignment_report,
        warnings=tuple(alignment_warnings(alignment_report)),
        left_out=left_out,
    )
    moving = deghost != "off"
    reference = frame_named(deghost, stack.frames) if moving and deghost != "auto" else None
    return FusionResult(retouch(fuse_frames(stack.frames, area, moving, reference), rendering or RenderOptions()), report)
