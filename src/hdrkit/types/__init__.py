"""The values that stages exchange: frozen dataclasses that check their fields when they are built."""

from hdrkit.types.faces import NOBODY, Category, Face, FaceMeasures, KnownPerson, Label, SeenFace, SeenPhoto
from hdrkit.types.failure import BracketFailure, Failure
from hdrkit.types.grouping import Cluster, Flag, GroupingReport, GroupingResult, Kind, Member
from hdrkit.types.hole import Hole, holes_of
from hdrkit.types.image import Frame, RadianceMap, Stack, Validity
from hdrkit.types.people import FoundPerson, PeopleReport, PeopleResult
from hdrkit.types.photo import Bracket, Drive, Encoding, Exposure, ExposureSource, Photo, Remark
from hdrkit.types.progress import Progress
from hdrkit.types.ranking import RankedTake, RankingReport, RankingResult, Rated, Take
from hdrkit.types.response import NoiseModel, ResponseCurve
from hdrkit.types.results import (
    AlignmentReport,
    BracketReport,
    CalibrationReport,
    CalibrationResult,
    ExposureEstimate,
    FrameAlignment,
    FusionResult,
    GhostReport,
    MergeReport,
    MergeResult,
    NoiseReport,
    PredictionReport,
    StepCheck,
)
from hdrkit.types.scoring import PhotoScore, ScoringResult
from hdrkit.types.semantics import ALONE, Cohesion, MappedPicture, MapReport, MapResult, PictureGroup

__all__ = [
    "ALONE",
    "Cohesion",
    "MappedPicture",
    "MapReport",
    "MapResult",
    "PictureGroup",
    "NOBODY",
    "Hole",
    "holes_of",
    "AlignmentReport",
    "Bracket",
    "BracketFailure",
    "BracketReport",
    "CalibrationReport",
    "CalibrationResult",
    "Category",
    "Cluster",
    "Drive",
    "Encoding",
    "Exposure",
    "ExposureEstimate",
    "ExposureSource",
    "Face",
    "FaceMeasures",
    "Failure",
    "Flag",
    "FoundPerson",
    "Frame",
    "FrameAlignment",
    "GhostReport",
    "GroupingReport",
    "GroupingResult",
    "Kind",
    "KnownPerson",
    "Label",
    "Member",
    "MergeReport",
    "FusionResult",
    "MergeResult",
    "NoiseModel",
    "NoiseReport",
    "PhotoScore",
    "PredictionReport",
    "PeopleReport",
    "PeopleResult",
    "ScoringResult",
    "Photo",
    "Progress",
    "RadianceMap",
    "RankedTake",
    "RankingReport",
    "RankingResult",
    "Rated",
    "SeenFace",
    "SeenPhoto",
    "Remark",
    "ResponseCurve",
    "Stack",
    "StepCheck",
    "Take",
    "Validity",
]
