"""The plan of a merge of one bracket: everything is decided, and no pixel is merged yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hdrkit.files.text import show
from hdrkit.imaging.warping import Area
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.trust import Trust
from hdrkit.types import (
    Frame,
    MergeReport,
    ResponseCurve,
    Stack,
)

if TYPE_CHECKING:
    from hdrkit.merging.radiance import MergedPixels, Tally
    from hdrkit.merging.weights import Tables


@dataclass(frozen=True)
class MergePlan:
    """The plan of a merge of one bracket.

    The first six fields are the arguments of `merge_frames`. `report` lacks the counts of pixels. `metadata` is the provenance
    of the result, for the header of its file.
    """

    frames: Sequence[Frame]
    exposures: tuple[float, ...]
    response: ResponseCurve | None
    options: MergeOptions
    trust: Sequence[Trust | None] | None
    area: Area
    report: MergeReport
    metadata: dict[str, Any]

    @cached_property
    def tables(self) -> Tables | None:
        """The lookup tables. They are the same for all rows."""
        from hdrkit.merging.radiance import tables_of

        return tables_of(self.frames, self.exposures, self.response, self.options)

    def normalised(self) -> MergePlan:
        """The plan whose file holds scaled values: white of the frame of middle exposure becomes 1."""
        middle = sorted(self.exposures)[len(self.exposures) // 2]
        white = 1.0 if self.response is None else float(np.exp(self.response.ln_exposure[-1].mean()))
        return replace(self, metadata=self.metadata | {"scale": middle / white})

    def rows(self, top: int, bottom: int) -> MergedPixels:
        """Rows `top` to `bottom` (exclusive) of the result. They do not depend on the other rows."""
        from hdrkit.merging.radiance import merge_frames

        first, _, left, right = self.area
        area = first + top, first + bottom, left, right
        merged = merge_frames(self.frames, self.exposures, self.response, self.options, self.trust, area, self.tables)
        return replace(merged, radiance=replace(merged.radiance, metadata=self.metadata))

    def report_with(self, tallies: Sequence[Tally]) -> MergeReport:
        """The report with the counts of the pixels of all rows."""
        pixels = sum(tally.pixels for tally in tallies)
        return replace(
            self.report,
            saturated=sum(tally.saturated for tally in tallies),
            black=sum(tally.black for tally in tallies),
            frame_use=tuple(sum(used) / pixels for used in zip(*(tally.used for tally in tallies), strict=True)),
        )


def provenance(stack: Stack, report: MergeReport) -> dict[str, Any]:
    """The provenance of a result, for its header: sources, exposures, response, estimator, alignment, camera and time."""
    photo = stack.bracket.photos[stack.bracket.reference]
    times = [p.exposure.time_s for p in stack.bracket.photos if p.exposure is not None]
    metadata: dict[str, Any] = {
        "sources": [Path(show(frame)).name for frame in report.frames],
        "exposure_times": times,
        "relative_exposures": list(report.exposures),
        "response": report.response,
        "estimator": report.estimator,
        "alignment": [frame.matrix for frame in report.alignment.frames] if report.alignment else [],
    }
    if photo.camera:
        metadata["camera"] = photo.camera
    if photo.taken_at is not None:
        metadata["capdate"] = f"{photo.taken_at:%Y:%m:%d %H:%M:%S}"
    return metadata
