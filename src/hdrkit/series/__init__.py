"""Timestamped series of all-sky and timelapse cameras: response curves, brackets by time, and runs that can be resumed.

The functions here are for scripts of sky cameras. They take and return pandas objects, and they call the same calibration and
merging as the commands. Each is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hdrkit.series.asi.calibration import calibrate_camera as calibrate_camera
    from hdrkit.series.asi.calibration import get_lne_range as get_lne_range
    from hdrkit.series.asi.naming import _EXPO_RE as _EXPO_RE
    from hdrkit.series.asi.naming import _group_files_by_time as _group_files_by_time
    from hdrkit.series.asi.naming import _parse_exposure_from_name as _parse_exposure_from_name
    from hdrkit.series.asi.processing import create_and_save_hdr as create_and_save_hdr
    from hdrkit.series.asi.processing import process_directory as process_directory
    from hdrkit.series.asi.processing import process_hdr_series as process_hdr_series
    from hdrkit.series.asi.processing import process_timestamp as process_timestamp
    from hdrkit.series.asi.responses import _save_response_plot as _save_response_plot
    from hdrkit.series.asi.responses import load_response_curve as load_response_curve
    from hdrkit.series.asi.responses import save_response_curve as save_response_curve

_HOMES = {
    "asi.calibration": "calibrate_camera get_lne_range",
    "asi.naming": "_EXPO_RE _group_files_by_time _parse_exposure_from_name",
    "asi.processing": "create_and_save_hdr process_directory process_hdr_series process_timestamp",
    "asi.responses": "_save_response_plot load_response_curve save_response_curve",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(name for name in _HOME_OF if not name.startswith("_"))  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'hdrkit.series' has no attribute {name!r}")
    return getattr(import_module(f"hdrkit.series.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOME_OF)
