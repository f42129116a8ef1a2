"""Deghosting: how far each frame is trusted where something moved between the frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.trust import Trust
from hdrkit.types import Frame, GhostReport, ResponseCurve

_STRANGE = 0.5  # share of ghosts in the picture above which the frames probably show different views
_MANY = 0.02  # share of ghosts above which the report says what was done
_NOTABLE = 0.001  # share of the picture left clipped by deghosting above which a warning is given


def without_ghosts(
    frames: Sequence[Frame], exposures: Sequence[float], curve: ResponseCurve | None, options: MergeOptions
) -> tuple[Sequence[Trust | None] | None, GhostReport | None]:
    """The trust of each frame in each pixel, 0 to 255, and the report; None if deghosting is off. Raises InputError."""
    if options.deghost == "off":
        return None, None
    from hdrkit.merging.ghosts import find_ghosts

    reference = None if options.deghost == "auto" else frame_named(options.deghost, frames)
    found = find_ghosts(frames, exposures, curve, options, reference)
    return found.trust, GhostReport(frames[found.reference].name, found.share, found.refused, found.clipped)


def frame_named(name: str, frames: Sequence[Frame]) -> int:
    """The number of the frame that --deghost names. Raises InputError."""
    names = [Path(frame.name).name for frame in frames]
    if name not in names:
        raise InputError(f"{name}: not a frame of this bracket; --deghost takes one of {', '.join(names)}")
    return names.index(name)


def ghost_warnings(ghosts: GhostReport | None) -> Iterable[str]:
    """Warnings about the ghosts of a bracket."""
    if ghosts is None:
        return
    if ghosts.share > _STRANGE:
        yield f"{100 * ghosts.share:.0f} % of the picture differs from frame to frame; check that the frames show one view"
    elif ghosts.share > _MANY:
        yield (
            f"something moved in {100 * ghosts.share:.0f} % of the picture; it is shown as in one frame, with its noise "
            "(--deghost off merges all frames)"
        )
    if ghosts.clipped > _NOTABLE:
        yield (
            f"{100 * ghosts.clipped:.1f} % of the picture is clipped in {Path(ghosts.reference).name}, and the other frames show "
            "something else there, so it is too dark and its colours are wrong; name a shorter frame with --deghost"
        )
