"""The sections that a configuration file may have. They are the same for every command."""

from __future__ import annotations

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.faces.options import PersonOptions, ScoringOptions
from hdrkit.files.configuration import Sections
from hdrkit.grouping.options import SECTIONS as GROUPING
from hdrkit.inputs.options import InputOptions
from hdrkit.jobs.options import OutputOptions
from hdrkit.jobs.request import MergeRequest
from hdrkit.merging.options import MergeOptions
from hdrkit.ranking.options import RankingOptions
from hdrkit.semantics.options import MapOptions
from hdrkit.series.watch.options import WatchOptions
from hdrkit.tonemapping.options import RenderOptions


def sections() -> Sections:
    """The dataclasses of each section. A command uses the sections that it has options for."""
    return {
        "inputs": (InputOptions,),
        "calibration": (CalibrationOptions,),
        "alignment": (AlignmentOptions,),
        "merging": (MergeOptions,),
        "output": (MergeRequest, OutputOptions),
        "rendering": (RenderOptions,),
        **GROUPING,
        "map": (MapOptions,),
        "persons": (PersonOptions,),
        "ranking": (RankingOptions,),
        "scoring": (ScoringOptions,),
        "watching": (WatchOptions,),
    }
