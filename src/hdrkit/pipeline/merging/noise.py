"""The noise of the camera, which the weights of a merge depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hdrkit.merging.options import MergeOptions
from hdrkit.types import Frame, NoiseModel, NoiseReport, ResponseCurve


def with_noise(
    frames: Sequence[Frame], exposures: Sequence[float], curve: ResponseCurve | None, options: MergeOptions
) -> tuple[MergeOptions, NoiseReport]:
    """The options with the noise of the camera in them, measured from the frames where none is given and they show it."""
    if options.noise is not None:
        return options, NoiseReport("given", options.noise)
    measured = None
    if curve is not None:
        from hdrkit.calibration.noise import measure_noise

        measured = measure_noise(frames, exposures, curve, options.clip_codes(frames[0])[1])
    noise = measured or NoiseModel()
    return replace(options, noise=noise), NoiseReport("measured" if measured else "default", noise)
