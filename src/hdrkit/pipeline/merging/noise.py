"""The noise of the camera. The weights of a merge depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hdrkit.merging.options import MergeOptions
from hdrkit.types import Frame, NoiseModel, NoiseReport, ResponseCurve


def with_noise(
    frames: Sequence[Frame], exposures: Sequence[float], curve: ResponseCurve | None, options: MergeOptions
) -> tuple[MergeOptions, NoiseReport]:
    """The options with a noise model, and its report. The model is given, else measured from the frames, else the default."""
    if options.noise is not None:
        return options, NoiseReport("given", options.noise)
    measured = None
    if curve is not None:
        from hdrkit.calibration.noise import measure_noise

        measured = measure_noise(frames, exposures, curve, options.clip_codes(frames[0])[1])
    noise = measured or NoiseModel()
    return replace(options, noise=noise), NoiseReport("measured" if measured else "default", noise)
