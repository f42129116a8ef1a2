"""The values that flow between the stages: frozen dataclasses, validated when they are built."""

from hdrkit.types.image import Frame, RadianceMap, Stack, Validity
from hdrkit.types.photo import Bracket, Encoding, Exposure, ExposureSource, Photo
from hdrkit.types.response import NoiseModel, ResponseCurve
from hdrkit.types.results import (
    AlignmentReport,
    BracketReport,
    CalibrationReport,
    CalibrationResult,
    ExposureEstimate,
    FrameAlignment,
    GhostReport,
    MergeReport,
    MergeResult,
    NoiseReport,
    StepCheck,
)

__all__ = [
    "AlignmentReport",
    "Bracket",
    "BracketReport",
    "CalibrationReport",
    "CalibrationResult",
    "Encoding",
    "Exposure",
    "ExposureEstimate",
    "ExposureSource",
    "Frame",
    "FrameAlignment",
    "GhostReport",
    "MergeReport",
    "MergeResult",
    "NoiseModel",
    "NoiseReport",
    "Photo",
    "RadianceMap",
    "ResponseCurve",
    "Stack",
    "StepCheck",
    "Validity",
]
