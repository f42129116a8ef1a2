"""What moved between the frames: how far each frame is trusted where it shows something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.merging.options import MergeOptions
from hdrkit.types import Frame, GhostReport, ResponseCurve

_STRANGE = 0.5  # share of the picture with ghosts from which on it is not things that moved
_NOTABLE = 0.001  # share of the picture that deghosting leaves clipped


def without_ghosts(
    frames: Sequence[Frame], exposures: Sequence[float], curve: ResponseCurve | None, options: MergeOptions
) -> tuple[Sequence[NDArray[np.uint8] | None] | None, GhostReport | None]:
    """How far each frame is to be trusted where something moved, if that is asked for."""
    if options.deghost == "off":
        return None, None
    from hdrkit.merging.ghosts import find_ghosts

    names = [Path(frame.name).name for frame in frames]
    if options.deghost != "auto" and options.deghost not in names:
        raise InputError(f"{options.deghost}: no frame of this bracket to take moving things from; there are {', '.join(names)}")
    reference = None if options.deghost == "auto" else names.index(options.deghost)
    found = find_ghosts(frames, exposures, curve, options, reference)
    return found.trust, GhostReport(frames[found.reference].name, found.share, found.refused, found.clipped)


def ghost_warnings(ghosts: GhostReport | None) -> Iterable[str]:
    """What is odd about the ghosts of a bracket, if they were looked for."""
    if ghosts is None:
        return
    if ghosts.share > _STRANGE:
        yield f"{100 * ghosts.share:.0f} % of the picture differs from frame to frame: do they show one view?"
    if ghosts.clipped > _NOTABLE:
        yield (
            f"{100 * ghosts.clipped:.1f} % of the picture is clipped in {Path(ghosts.reference).name}, and what other frames "
            "show there has moved: it is too dark and its colours are wrong; name a shorter frame with --deghost"
        )
