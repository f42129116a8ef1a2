"""Response curves as figures."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.figure import Figure

from hdrkit.types import CalibrationResult, ResponseCurve

DPI = 130  # dots per inch of a figure in a PNG file

_COLOURS = {1: ("#444444",), 3: ("#c0392b", "#27803b", "#2a5db0")}
_NAMES = {1: ("gray",), 3: ("red", "green", "blue")}


def plot_response(response: ResponseCurve, result: CalibrationResult | None = None) -> Figure:
    """A figure of the curve of each channel, with the codes that data cover shaded, and the residuals of the samples below."""
    figure = Figure(figsize=(7.5, 6.5 if result else 4.5), layout="constrained")
    if result is None:
        axes = figure.subplots()
    else:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    codes = np.arange(response.levels)
    colours, names = _COLOURS[response.channels], _NAMES[response.channels]
    if response.covered is not None:
        axes.axvspan(*_span(response.covered), color="#f3ead2", label="covered by data")
    for c in range(response.channels):
        g = response.ln_exposure[:, c]
        axes.plot(codes, g, color=colours[c], label=names[c], linewidth=1.5)
        if response.sigma is not None:
            axes.fill_between(codes, g - response.sigma[:, c], g + response.sigma[:, c], color=colours[c], alpha=0.2, linewidth=0)
    axes.set_ylabel("g(z), ln exposure")
    axes.set_title(f"Response of {response.camera}" if response.camera else "Camera response")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="lower right")
    if result is None:
        axes.set_xlabel("code z")
        return figure
    code, rest, channel = result.residuals
    rng = np.random.default_rng(0)  # jitter separates samples of one code
    for c in range(response.channels):
        mine = channel == c
        at = code[mine] + rng.uniform(-0.4, 0.4, int(mine.sum()))
        below.plot(at, rest[mine], ".", color=colours[c], markersize=1.5, alpha=0.25, rasterized=True)
    reach = float(np.percentile(np.abs(rest), 99)) if rest.size else 1.0
    below.set_ylim(-1.5 * reach, 1.5 * reach)
    below.set(xlabel="code z", ylabel="g(z) - ln E - ln t")
    below.grid(alpha=0.25)
    return figure


def as_png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file, which are the same each time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def _span(covered: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> tuple[float, float]:
    return float(covered[:, 0].min()), float(covered[:, 1].max())
