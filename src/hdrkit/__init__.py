"""hdrkit turns a folder of photographs into radiance.

The public names, imported when they are first used:

    from hdrkit import calibrate, merge, read_bracket, write_radiance

    bracket = read_bracket("living_room")
    result = merge(bracket, response=calibrate(bracket).response)
    write_radiance(result.radiance, "living_room.exr")
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hdrkit.alignment.options import AlignmentOptions as AlignmentOptions
    from hdrkit.calibration.options import CalibrationOptions as CalibrationOptions
    from hdrkit.errors import HdrkitError as HdrkitError
    from hdrkit.errors import HdrkitWarning as HdrkitWarning
    from hdrkit.formats.curves.files import read_curve as read_curve
    from hdrkit.formats.curves.files import write_curve as write_curve
    from hdrkit.formats.display import write_display as write_display
    from hdrkit.formats.metadata import read_photo as read_photo
    from hdrkit.formats.radiance import read_radiance as read_radiance
    from hdrkit.formats.radiance import write_radiance as write_radiance
    from hdrkit.grouping.options import GroupingOptions as GroupingOptions
    from hdrkit.inputs.find import find_brackets as find_brackets
    from hdrkit.inputs.find import load as load
    from hdrkit.inputs.find import read_bracket as read_bracket
    from hdrkit.inputs.options import InputOptions as InputOptions
    from hdrkit.merging.options import MergeOptions as MergeOptions
    from hdrkit.pipeline.calibrate import calibrate as calibrate
    from hdrkit.pipeline.fuse import fuse as fuse
    from hdrkit.pipeline.group import group as group
    from hdrkit.pipeline.hdr_grouping import HDRGroupingPipeline as HDRGroupingPipeline
    from hdrkit.pipeline.map import MapSources as MapSources
    from hdrkit.pipeline.map import map_images as map_images
    from hdrkit.pipeline.merge import merge as merge
    from hdrkit.pipeline.rank import rank as rank
    from hdrkit.pipeline.rank import rank_folder as rank_folder
    from hdrkit.ranking.options import RankingOptions as RankingOptions
    from hdrkit.results.grouped import write_groups as write_groups
    from hdrkit.semantics.options import MapOptions as MapOptions
    from hdrkit.tonemapping.options import RenderOptions as RenderOptions
    from hdrkit.tonemapping.render import render as render
    from hdrkit.types import Bracket as Bracket
    from hdrkit.types import Exposure as Exposure
    from hdrkit.types import Frame as Frame
    from hdrkit.types import NoiseModel as NoiseModel
    from hdrkit.types import Photo as Photo
    from hdrkit.types import RadianceMap as RadianceMap
    from hdrkit.types import ResponseCurve as ResponseCurve
    from hdrkit.types import Stack as Stack

_HOMES = {
    "hdrkit.alignment.options": "AlignmentOptions",
    "hdrkit.calibration.options": "CalibrationOptions",
    "hdrkit.errors": "HdrkitError HdrkitWarning",
    "hdrkit.formats.curves.files": "read_curve write_curve",
    "hdrkit.formats.display": "write_display",
    "hdrkit.results.grouped": "write_groups",
    "hdrkit.formats.metadata": "read_photo",
    "hdrkit.formats.radiance": "read_radiance write_radiance",
    "hdrkit.merging.options": "MergeOptions",
    "hdrkit.inputs.options": "InputOptions",
    "hdrkit.grouping.options": "GroupingOptions",
    "hdrkit.inputs.find": "find_brackets load read_bracket",
    "hdrkit.pipeline.calibrate": "calibrate",
    "hdrkit.pipeline.fuse": "fuse",
    "hdrkit.pipeline.map": "MapSources map_images",
    "hdrkit.pipeline.merge": "merge",
    "hdrkit.pipeline.group": "group",
    "hdrkit.pipeline.hdr_grouping": "HDRGroupingPipeline",
    "hdrkit.pipeline.rank": "rank rank_folder",
    "hdrkit.ranking.options": "RankingOptions",
    "hdrkit.semantics.options": "MapOptions",
    "hdrkit.tonemapping.options": "RenderOptions",
    "hdrkit.tonemapping.render": "render",
    "hdrkit.types": "Bracket Exposure Frame NoiseModel Photo RadianceMap ResponseCurve Stack",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'hdrkit' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
