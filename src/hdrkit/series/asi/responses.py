"""Response curves for scripts of sky cameras: an array and metadata in an NPZ file, and a plot beside it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes, write_bytes
from hdrkit.files.json_text import plain
from hdrkit.files.text import show

_COLOURS = {1: ("#444444",), 3: ("#c0392b", "#27803b", "#2a5db0")}


def save_response_curve(
    path: str | Path,
    response: NDArray[Any],
    metadata: dict[str, Any] | None = None,
    save_plot: bool = True,
    plot_filename: str = "response_curve.jpg",
) -> None:
    """Save a response curve, natural logarithm g(z), (256, C) or (256, 1, C), as `.npz`. The suffix is added if it is missing.

    Key `response` holds float32 (256, C), key `metadata` a JSON object as text. With `save_plot` a plot named `plot_filename`
    is written to the same folder. A missing folder is created. Raises InputError for another shape, OutputError if a file cannot
    be written.
    """
    path, curve = with_npz(path), as_columns(response, "the response")
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        response=curve.astype(np.float32),
        metadata=np.array(json.dumps(plain(metadata or {}), ensure_ascii=False)),
    )
    write_bytes(path, buffer.getvalue())
    if save_plot:
        _save_response_plot(curve, path.parent / plot_filename)


def load_response_curve(path: str | Path) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The response curve of an `.npz` file, float32 (256, C), natural logarithm, and its metadata (empty if it has none).

    Curves stored as (256, 1, C) or (256,) are read too. Raises InputError for a file that is not a response curve.
    """
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as file:
            curve = as_columns(file["response"], show(path)).astype(np.float32)
            metadata = json.loads(str(file["metadata"])) if "metadata" in file else {}
    except (ValueError, KeyError, EOFError, OSError, TypeError, AttributeError) as error:
        raise InputError(f"{show(path)}: not a response curve ({error}); make one with calibrate_camera") from error
    return curve, metadata


def _save_response_plot(response: NDArray[Any], out_path: str | Path, include_mean: bool = True, dpi: int = 150) -> Path:
    """Plot g(z) of each channel, (256, 1, C) or (256, C), and with `include_mean` their mean. Returns the path of the picture."""
    from matplotlib.figure import Figure

    curve = as_columns(response, "the response")
    channels = curve.shape[1]
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    for c in range(channels):
        axes.plot(curve[:, c], color=_COLOURS[channels][c], label=f"ch {c}")
    if include_mean and channels > 1:
        axes.plot(curve.mean(axis=1), "k--", linewidth=1, label="mean")
    axes.set(title="Camera Log-Response g(z)", xlabel="Intensity z (0-255)", ylabel="g(z)  (log exposure)")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(out_path).suffix.lstrip(".").lower() or "png", dpi=dpi)
    return write_bytes(out_path, buffer.getvalue())


def with_npz(path: str | Path) -> Path:
    """The path with the suffix .npz, added if it is missing, as NumPy does."""
    path = Path(path)
    return path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")


def as_columns(response: NDArray[Any], name: str) -> NDArray[Any]:
    """A curve (256, 1, C), (256, C) or (256,) as (256, C). Raises InputError."""
    curve = np.asarray(response)
    if curve.ndim == 3 and curve.shape[1] == 1:
        curve = curve[:, 0]
    if curve.ndim == 1:
        curve = curve[:, None]
    if curve.ndim != 2 or curve.shape[0] != 256 or curve.shape[1] not in _COLOURS or curve.dtype.kind not in "fiu":
        raise InputError(f"{name}: a response curve is (256, C) or (256, 1, C) with 1 or 3 channels, not {np.shape(response)}")
    return curve
