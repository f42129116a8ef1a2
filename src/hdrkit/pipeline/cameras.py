"""The cameras of a set of brackets, and one response curve for each, learned from a sample of its brackets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.errors import HdrkitError
from hdrkit.inputs.options import InputOptions
from hdrkit.types import Bracket, CalibrationResult, Encoding, MergeReport, Progress

SAMPLE = 3  # brackets from which a curve is learned: more of them cost more than they add
_ENOUGH = 5  # different exposures; more of them make no better bracket
_RANGE_EV = 8.0
_DEPTHS = {Encoding.ENCODED8: "", Encoding.ENCODED16: "16bit", Encoding.RAW: "raw", Encoding.FLOAT: "float"}


@dataclass(frozen=True, order=True)
class CameraKind:
    """What one response curve describes: a camera, and the depth of its pictures. An unknown camera has no name."""

    camera: str
    encoding: Encoding

    @property
    def file_stem(self) -> str:
        """A name for files: the camera without spaces and slashes."""
        stem = re.sub(r"[^\w.-]+", "_", self.camera).strip("_.") or "unknown_camera"
        return stem if self.encoding is Encoding.ENCODED8 else f"{stem}_{_DEPTHS[self.encoding]}"

    @property
    def needs_curve(self) -> bool:
        """Whether the codes are encoded. Those of RAW files are linear, and floats are light."""
        return self.encoding in (Encoding.ENCODED8, Encoding.ENCODED16)

    def __str__(self) -> str:
        return (self.camera or "unknown camera") + (f", {depth}" if (depth := _DEPTHS[self.encoding]) else "")


def kind_of(bracket: Bracket) -> CameraKind | None:
    """The kind of camera of a bracket, None if its photographs are of several kinds."""
    kinds = {CameraKind(photo.camera, photo.encoding) for photo in bracket.photos}
    return kinds.pop() if len(kinds) == 1 else None


def by_camera(brackets: Iterable[Bracket]) -> dict[CameraKind, list[Bracket]]:
    """The brackets of each kind of camera. A bracket of several kinds counts as one of the camera of its first photograph."""
    found: dict[CameraKind, list[Bracket]] = {}
    for bracket in brackets:
        first = bracket.photos[0]
        found.setdefault(kind_of(bracket) or CameraKind(first.camera, first.encoding), []).append(bracket)
    return found


def best_brackets(brackets: Sequence[Bracket], most: int = SAMPLE) -> list[Bracket]:
    """At most so many brackets of a camera from which its curve is learned, in their order.

    Brackets with a step that is too large do not count: nothing shows how the curve goes on beyond it. Those with more different
    exposures, over a wider range, come first; among equally good ones they are spread evenly.
    """
    whole = [bracket for bracket in brackets if not bracket.holes]
    if len(whole) <= most:
        return whole
    worth = [_worth(bracket) for bracket in whole]
    least = sorted(worth, reverse=True)[most - 1]
    better = [k for k, value in enumerate(worth) if value > least]
    equal = [k for k, value in enumerate(worth) if value == least]
    free = most - len(better)
    spread = [equal[(2 * k + 1) * len(equal) // (2 * free)] for k in range(free)]
    return [whole[k] for k in sorted(better + spread)]


def _worth(bracket: Bracket) -> tuple[int, float]:
    stated = {round(math.log2(exposure), 1) for exposure in bracket.stated_exposures() if exposure}
    if not stated:
        return 0, 0.0
    return min(len(stated), _ENOUGH), round(min(max(stated) - min(stated), _RANGE_EV))


def learned(
    brackets: Sequence[Bracket], alignment: AlignmentOptions, inputs: InputOptions, progress: Progress | None = None
) -> CalibrationResult | None:
    """The curve of the camera of these brackets, from the best of them. None if they give none, or one that is not trusted."""
    from hdrkit.pipeline.calibrate import calibrate

    chosen = best_brackets(brackets)
    if not chosen:
        return None
    try:
        result = calibrate(chosen, CalibrationOptions(), replace(alignment, crop=False), inputs, progress)
    except HdrkitError:
        return None  # each bracket then says what is wrong with it
    return result if result.report.trusted else None


def doubted(report: MergeReport, estimated: bool) -> bool:
    """Whether a bracket that was planned with the curve of its camera contradicts it, so that its own may be better.

    `estimated` says that the user asked for measured exposures. Otherwise they are a doubt too.
    """
    from hdrkit.calibration.prediction import DOUBTFUL

    lost = report.prediction is not None and report.prediction.error > DOUBTFUL
    return not report.trusted or lost or (bool(report.estimated) and not estimated)


def predicts_better(own: MergeReport, shared: MergeReport) -> bool:
    """Whether the own curve of a bracket lets its frames predict each other better than the curve of its camera."""
    if own.prediction is None or shared.prediction is None:
        return own.trusted and not shared.trusted
    return own.prediction.error < shared.prediction.error


def with_unknown(found: Mapping[CameraKind, list[Bracket]]) -> dict[CameraKind, list[Bracket]]:
    """The brackets of each camera. If one camera is known, brackets of an unknown camera count as its own."""
    named = [kind for kind in found if kind.camera]
    joined: dict[CameraKind, list[Bracket]] = {}
    for kind, brackets in found.items():
        alike = [one for one in named if one.encoding is kind.encoding]
        joined.setdefault(alike[0] if not kind.camera and len(named) == len(alike) == 1 else kind, []).extend(brackets)
    return joined
