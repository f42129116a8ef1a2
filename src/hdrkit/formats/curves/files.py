"""Response curves as files: our NPZ, and what OpenCV, pfstools and hdrgen write."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import HdrkitWarning, InputError, OutputError
from hdrkit.files.atomic import read_bytes, write_bytes
from hdrkit.files.json_text import plain
from hdrkit.files.text import show
from hdrkit.formats.curves.repair import usable_curve
from hdrkit.formats.curves.text import hdrgen_curve, hdrgen_text, pfstools_curve, pfstools_text
from hdrkit.types import ResponseCurve

KIND = "hdrkit-response"
VERSION = 1

# What scripts for sky cameras look for in the metadata; null where it is not known.
_SERIES_KEYS = (
    *("timestamp_utc", "input_directory", "samples_per_image", "sample_technique", "max_processed_groups", "smoothness"),
    *("weight_type", "low_clip", "high_clip", "seed", "num_groups_used", "lnE_range", "algorithm"),
)
_STRUCTURE = ("kind", "version", "camera", "covered", "absolute", "channels", "channel_order", "file_format")


def write_curve(curve: ResponseCurve, path: Path | str) -> Path:
    """Write a response curve in the format that the suffix names, and give the path back.

    - `.npz`: `response` float32 (levels, C), natural logarithm, `metadata` JSON, `sigma` where known.
    - `.npy`: linear float32 (256, 1, C) as OpenCV's CalibrateDebevec returns it, for images in its order blue, green, red.
    - `.m`: pfstools, one table a channel: log10 response, code, response.
    - `.rsp`: hdrgen, one polynomial a channel; an HdrkitWarning tells of a fit that is off by more than 1 %.

    Raises OutputError for another suffix, and for a place that cannot be written to.
    """
    encode: dict[str, Callable[[ResponseCurve], bytes]] = {
        ".npz": _npz,
        ".npy": _npy,
        ".m": pfstools_text,
        ".rsp": lambda curve: hdrgen_text(curve, show(path)),
    }
    suffix = Path(path).suffix.lower()
    if suffix not in encode:
        raise OutputError(f"{show(path)}: {suffix or 'no suffix'} is no response format; choose .npz, .npy, .m or .rsp")
    return write_bytes(path, encode[suffix](curve))


def read_curve(path: Path | str, camera: str | None = None) -> ResponseCurve:
    """Read a response curve written by `write_curve`, OpenCV, pfstools or hdrgen, or an NPZ without our extra keys.

    NPZ arrays may be (levels, C), (levels, 1, C) or (levels,). The curve is anchored at its middle code unless it says
    that it is absolute. A curve that falls, or lacks codes, is repaired with an HdrkitWarning; so is one warned of that
    belongs to another `camera` than the one given. Raises InputError for a file that is no response curve.
    """
    decode: dict[str, Callable[[bytes], ResponseCurve]] = {
        ".npz": lambda data: _from_npz(data, show(path)),
        ".npy": lambda data: _curve(_from_npy(data), show(path)),
        ".m": lambda data: _curve(pfstools_curve(data), show(path)),
        ".rsp": lambda data: _curve(hdrgen_curve(data), show(path)),
    }
    suffix = Path(path).suffix.lower()
    if suffix not in decode:
        raise InputError(f"{show(path)}: {suffix or 'no suffix'} is no response curve; give .npz, .npy, .m or .rsp")
    data = read_bytes(path)
    try:
        curve = decode[suffix](data)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error) or "it cannot be decoded"
        raise InputError(f"{show(path)}: not a response curve ({reason}); make one with hdrkit calibrate") from error
    if camera and curve.camera and curve.camera != camera:
        warnings.warn(f"{show(path)}: the curve is of {curve.camera}, the photographs of {camera}", HdrkitWarning, stacklevel=2)
    return curve


def _npz(curve: ResponseCurve) -> bytes:
    metadata = {
        **dict.fromkeys(_SERIES_KEYS),
        **curve.metadata,
        "kind": KIND,
        "version": VERSION,
        "camera": curve.camera,
        "covered": curve.covered,
        "absolute": curve.absolute,
        "channels": curve.channels,
        "channel_order": "RGB" if curve.channels == 3 else "gray",
        "file_format": "log-response",
    }
    arrays = {"response": curve.ln_exposure.astype(np.float32), "metadata": np.array(json.dumps(plain(metadata)))}
    if curve.sigma is not None:
        arrays["sigma"] = curve.sigma.astype(np.float32)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _from_npz(data: bytes, name: str) -> ResponseCurve:
    file = np.load(io.BytesIO(data), allow_pickle=False)
    arrays = dict(file) if isinstance(file, np.lib.npyio.NpzFile) else {}
    if "response" not in arrays:
        raise ValueError(f"it holds {', '.join(sorted(arrays)) or 'nothing'} and no 'response'")
    metadata = json.loads(str(arrays["metadata"])) if "metadata" in arrays else {}
    if not isinstance(metadata, dict):
        raise ValueError("its metadata is no JSON object")
    if "kind" in metadata and (metadata["kind"], metadata.get("version")) != (KIND, VERSION):
        raise ValueError(f"it is {metadata['kind']!r} of version {metadata.get('version')}, not {KIND!r} of version {VERSION}")
    covered, sigma = metadata.get("covered"), arrays.get("sigma")
    return _curve(
        arrays["response"],
        name,
        camera=metadata.get("camera") or "",
        covered=None if covered is None else np.array(covered, np.int64),
        sigma=None if sigma is None else sigma.astype(float),
        absolute=bool(metadata.get("absolute")),
        metadata={key: value for key, value in metadata.items() if value is not None and key not in _STRUCTURE},
    )


def _npy(curve: ResponseCurve) -> bytes:
    linear = np.exp(curve.for_levels(256).ln_exposure).astype(np.float32)
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(linear[:, None, ::-1]), allow_pickle=False)
    return buffer.getvalue()


def _from_npy(data: bytes) -> NDArray[np.float64]:
    linear = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(linear, np.ndarray) or linear.dtype.kind != "f" or linear.ndim != 3:
        raise ValueError("it is not a floating-point array (256, 1, C)")
    if (linear < 0).any():
        raise ValueError("it has negative values where OpenCV keeps linear exposure")
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(linear[:, :, ::-1].astype(float)))


def _curve(ln_exposure: NDArray[Any], name: str, absolute: bool = False, **fields: Any) -> ResponseCurve:
    """A curve from (levels, C), (levels, 1, C) or (levels,) of which codes may be missing or out of order."""
    squeezed = ln_exposure[:, 0, :] if ln_exposure.ndim == 3 and ln_exposure.shape[1] == 1 else ln_exposure
    g = squeezed[:, None] if squeezed.ndim == 1 else squeezed
    if g.dtype.kind != "f" or g.ndim != 2 or g.shape[0] < 2 or g.shape[1] not in (1, 3):
        raise ValueError(f"its array is {ln_exposure.dtype} {ln_exposure.shape}, not float (levels, 1 or 3)")
    repaired, count = usable_curve(g.astype(float))
    if count:
        warnings.warn(
            f"{name}: {count} values of the curve were missing or not increasing, and are repaired", HdrkitWarning, stacklevel=4
        )
    curve = ResponseCurve(repaired, absolute=absolute, **fields)
    return curve if absolute else curve.anchored()
