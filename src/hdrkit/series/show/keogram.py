"""The keogram: the line of pixels through the middle of each picture of a series, side by side over time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.series.show.timeline import Picture, Timeline, common_size, drawn, one_exposure, read_pixels, shown
from hdrkit.tonemapping.options import Operator, RenderOptions
from hdrkit.types import Failure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 96  # gray of times without a picture

_MARGINS = 90, 30, 70, 40  # pixels left, right, below and above
_LEAST_WIDTH = 720


@dataclass(frozen=True)
class Keogram:
    """A column for each time: `pixels` uint8 RGB (H, N, 3) at one exposure, gray where `missing` (N,) is True.

    `failures` are the pictures that exist but cannot be used.
    """

    series: Timeline
    pixels: Picture
    missing: NDArray[np.bool_]
    render: RenderOptions
    failures: tuple[Failure, ...] = ()


def keogram(series: Timeline, render: RenderOptions | None = None, angle_deg: float = 0.0) -> Keogram:
    """The lines through the middle of the pictures of a series, all rendered with one range.

    `angle_deg` turns the line clockwise from upright; the end that it points to is at the top. Without a range in `render`, the
    range is computed from pictures of the whole series. Raises InputError if no picture can be read.

    Without `render` the tone curve is `reinhard`, and one radiance has one code at any place and time: brightness is compared.
    """
    render = one_exposure(series, render or RenderOptions(Operator.REINHARD))
    size = common_size(series)

    def line(path: Path | None) -> Picture | Failure | None:
        if path is None:
            return None
        try:
            return _line(read_pixels(path, size), render, angle_deg)
        except InputError as error:
            return Failure(path, str(error))

    pixels = np.full((min(size), len(series.pictures), 3), GAP, np.uint8)
    missing = np.ones(len(series.pictures), np.bool_)
    failures = []
    for at, found in enumerate(drawn(line, series.pictures)):
        if isinstance(found, Failure):
            failures.append(found)
        elif found is not None:
            pixels[:, at], missing[at] = found, False
    return Keogram(series, pixels, missing, render, tuple(failures))


def _line(pixels: NDArray[Any], render: RenderOptions, angle_deg: float) -> Picture:
    """Codes (N, 3) along the line at this angle. Its length is the diameter of the largest circle in the picture."""
    height, width, _ = pixels.shape
    length = min(height, width)
    along = np.arange(length) - (length - 1) / 2
    angle = math.radians(angle_deg)
    x = ((width - 1) / 2 - along * math.sin(angle)).astype(np.float32)
    y = ((height - 1) / 2 + along * math.cos(angle)).astype(np.float32)
    if render.operator is Operator.LOCAL:  # it looks at the whole picture
        pixels = shown(pixels, render)
    return shown(cv2.remap(pixels, x[:, None], y[:, None], cv2.INTER_LINEAR), render)[:, 0]


def plot_keogram(found: Keogram) -> Figure:
    """The keogram with an axis of time. Each column is a whole number of pixels wide, and codes are not resampled."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure

    from hdrkit.results.response_plot import DPI

    series = found.series
    times = len(series.pictures)
    wide = np.repeat(found.pixels, max(1, round(_LEAST_WIDTH / times)), axis=1)
    height, width, _ = wide.shape
    left, right, below, above = _MARGINS
    whole = width + left + right, height + below + above
    figure = Figure(figsize=((whole[0] + 1e-6) / DPI, (whole[1] + 1e-6) / DPI), dpi=DPI)
    figure.figimage(wide, left, below, origin="upper")  # not in axes, which would resample it
    axes = figure.add_axes((left / whole[0], below / whole[1], width / whole[0], height / whole[1]), facecolor="none")
    axes.spines[:].set_visible(False)  # they would cover the outermost pixels
    axes.set_xlim(*date2num([series.start, series.start + times * series.step]))  # type: ignore[no-untyped-call]
    axes.set_ylim(-height / 2, height / 2)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    clock = "UTC" if series.utc else "camera's clock"
    axes.set_xlabel(f"time ({clock}) from {series.start:%Y-%m-%d %H:%M:%S}, a column every {series.step}")
    axes.set_ylabel("pixels from the middle")
    if found.missing.any():
        axes.set_title(f"{found.missing.sum()} of {times} times missing (gray)", fontsize=9, loc="right")
    return figure
