"""Response curves in our NPZ, and in an NPZ that has only the curve."""

from __future__ import annotations

import io
import json

import numpy as np

from hdrkit.files.json_text import plain
from hdrkit.formats.curves.repair import repaired_curve
from hdrkit.types import ResponseCurve

KIND = "hdrkit-response"
VERSION = 1

# Scripts for sky cameras look for these keys in the metadata. Unknown values are null.
_SERIES_KEYS = (
    *("timestamp_utc", "input_directory", "samples_per_image", "sample_technique", "max_processed_groups", "smoothness"),
    *("weight_type", "low_clip", "high_clip", "seed", "num_groups_used", "lnE_range", "algorithm"),
)
_STRUCTURE = ("kind", "version", "camera", "covered", "deviation", "absolute", "channels", "channel_order", "file_format")


def npz(curve: ResponseCurve, _name: str) -> bytes:
    """A curve as an NPZ: `response` float32 (levels, C), natural logarithm, `metadata` JSON, `sigma` if known."""
    metadata = {
        **dict.fromkeys(_SERIES_KEYS),
        **curve.metadata,
        "kind": KIND,
        "version": VERSION,
        "camera": curve.camera,
        "covered": curve.covered,
        "deviation": curve.deviation,
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


def read_npz(data: bytes, name: str) -> ResponseCurve:
    """The curve of an NPZ whose `response` is (levels, C), (levels, 1, C) or (levels,). Raises ValueError for another file."""
    file = np.load(io.BytesIO(data), allow_pickle=False)
    arrays = dict(file) if isinstance(file, np.lib.npyio.NpzFile) else {}
    if "response" not in arrays:
        raise ValueError(f"it holds {', '.join(sorted(arrays)) or 'nothing'} and no 'response'")
    metadata = json.loads(str(arrays["metadata"])) if "metadata" in arrays else {}
    if not isinstance(metadata, dict):
        raise ValueError("its metadata is not a JSON object")
    if "kind" in metadata and (metadata["kind"], metadata.get("version")) != (KIND, VERSION):
        raise ValueError(f"it is {metadata['kind']!r} of version {metadata.get('version')}, not {KIND!r} of version {VERSION}")
    covered, sigma = metadata.get("covered"), arrays.get("sigma")
    return repaired_curve(
        arrays["response"],
        name,
        camera=metadata.get("camera") or "",
        covered=None if covered is None else np.array(covered, np.int64),
        sigma=None if sigma is None else sigma.astype(float),
        deviation=float(metadata.get("deviation") or 0.0),
        absolute=bool(metadata.get("absolute")),
        metadata={key: value for key, value in metadata.items() if value is not None and key not in _STRUCTURE},
    )
