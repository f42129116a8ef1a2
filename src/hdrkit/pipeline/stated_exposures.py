"""The exposures that a bracket states: all of them where none are measured, and in seconds for what people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hdrkit.errors import ExposureError
from hdrkit.types import Bracket, Exposure, ExposureEstimate, Stack


def require_exposures(bracket: Bracket, curve_is_known: bool, fusing: bool = True) -> None:
    """Raise ExposureError if a photograph states no exposure. The message names the ways out that lead on from here.

    The pixels give an exposure under a known curve, or beside two different exposures that are stated. `fusing` offers fusion.
    """
    try:
        bracket.relative_exposures()
    except ExposureError as error:
        stated = {one for one in bracket.stated_exposures() if one is not None}
        ways = ["measure them: --exposures estimate"] if curve_is_known or len(stated) > 1 else []
        ways += ["fuse a picture without them: --estimator mertens"] if fusing else []
        raise ExposureError(", or ".join([str(error), *ways])) from None


def in_seconds(stack: Stack) -> dict[str, Exposure]:
    """For each frame its exposure, or where it states none that of another frame; empty if no time is known in seconds."""
    known = [photo.exposure for photo in stack.bracket.photos if photo.exposure]
    if not known or not all(exposure.in_seconds for exposure in known):
        return {}
    return {frame.name: photo.exposure or known[0] for frame, photo in zip(stack.frames, stack.bracket.photos, strict=True)}


def timed(estimated: Iterable[ExposureEstimate], exposures: Mapping[str, Exposure]) -> tuple[ExposureEstimate, ...]:
    """The estimates with their shutter times, from the exposures of `in_seconds`."""

    def with_time(one: ExposureEstimate) -> ExposureEstimate:
        base = exposures.get(one.frame)
        return one if base is None else replace(one, time_s=base.time_s * one.estimated / base.relative)

    return tuple(map(with_time, estimated))
