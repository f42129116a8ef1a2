"""Scenes and cameras with known truth, for tests, samples and users."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hdrkit.simulate.bracket import handheld_transforms, metered_times, simulate_bracket, warp
    from hdrkit.simulate.camera import SimulatedCamera
    from hdrkit.simulate.charts import chart
    from hdrkit.simulate.interior import room
    from hdrkit.simulate.motion import moving_object
    from hdrkit.simulate.sky import allsky, cie_clear_sky

_HOME = {
    "SimulatedCamera": "camera",
    "handheld_transforms": "bracket",
    "metered_times": "bracket",
    "simulate_bracket": "bracket",
    "warp": "bracket",
    "chart": "charts",
    "room": "interior",
    "moving_object": "motion",
    "allsky": "sky",
    "cie_clear_sky": "sky",
}

__all__ = [
    "SimulatedCamera",
    "allsky",
    "chart",
    "cie_clear_sky",
    "handheld_transforms",
    "metered_times",
    "moving_object",
    "room",
    "simulate_bracket",
    "warp",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
