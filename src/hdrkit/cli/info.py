"""`hdrkit info`: print what a photograph, a response curve or a radiance file holds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.inputs.options import InputOptions

if TYPE_CHECKING:
    from hdrkit.inputs.lists import ExposureList

EXAMPLES = "Example:  hdrkit info IMG_0412.JPG response.npz room.exr"


@takes
def show_info(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Photographs, response curves, .exr or .hdr files.")],
    source: Annotated[InputOptions, Part(only=("exposures", "literal", "max_pixels"))],
    json: shared.Json = False,
) -> None:
    """Print what files hold: photographs (exposure, camera), response curves (coverage), radiance (range, origin)."""
    from hdrkit.cli.console import out, print_json, say, table, trouble
    from hdrkit.errors import HdrkitError
    from hdrkit.files.text import show
    from hdrkit.inputs.lists import ExposureList

    listed = ExposureList(source.exposures)
    listed.require_any(files)
    found: list[dict[str, Any]] = []
    failures: list[str] = []
    for path in files:
        try:
            found.append({"path": path} | _describe(path, source, listed))
        except HdrkitError as error:
            failures.append(str(error))
    if json:
        print_json({"files": found, "failures": failures})
    else:
        for facts in found:
            say(str(facts.pop("path")), style="bold")
            rows = table("", "")
            rows.show_header = False
            for name, value in facts.items():
                rows.add_row(f"  {name.replace('_', ' ')}", show(str(value)))
            out.print(rows)
    for line in failures:
        trouble(line)
    if failures:
        raise typer.Exit(1)


def _describe(path: Path, source: InputOptions, listed: ExposureList) -> dict[str, Any]:
    from hdrkit.formats.suffixes import FileKind, kind_of

    kind = kind_of(path.suffix)
    if kind is FileKind.CURVE:
        return _curve_facts(path)
    return _radiance_facts(path) if kind is FileKind.RADIANCE else _photo_facts(path, source, listed)


def _photo_facts(path: Path, source: InputOptions, listed: ExposureList) -> dict[str, Any]:
    from hdrkit.exposure import format_time
    from hdrkit.formats.metadata import read_photo
    from hdrkit.formats.pixels import read_frame

    photo = read_photo(path, override=listed.of(path), literal=source.literal, max_pixels=source.max_pixels)
    facts: dict[str, Any] = {"kind": "photo", "size": f"{photo.width} x {photo.height}", "encoding": photo.encoding.value}
    facts |= {name: value for name in ("camera", "lens", "taken_at") if (value := getattr(photo, name))}
    if (exposure := photo.exposure) is None:
        facts["exposure"] = "unknown"
    else:
        facts |= {"exposure_time": format_time(exposure.time_s), "exposure_source": exposure.source.value}
        facts |= {
            name: f"{value:.4g}" for name in ("f_number", "iso", "bias_ev") if (value := getattr(exposure, name)) is not None
        }
        facts |= {"relative_exposure": f"{exposure.relative:.6g}"}
        facts |= {} if exposure.ev100 is None else {"ev100": f"{exposure.ev100:.2f}"}
    frame = read_frame(photo)
    pixels = frame.pixels
    top = pixels.max(axis=2)
    facts["pixels"] = f"{pixels.dtype} {'gray' if pixels.shape[2] == 1 else 'RGB'}, {pixels.min()} .. {pixels.max()}"
    facts["clipped"] = f"{100 * float((top >= frame.white).mean()):.2f} %"
    facts["black"] = f"{100 * float((top <= frame.black).mean()):.2f} %"
    return facts


def _curve_facts(path: Path) -> dict[str, Any]:
    from hdrkit.formats.curves.files import read_curve

    curve = read_curve(path)
    facts: dict[str, Any] = {"kind": "response curve", "levels": curve.levels, "channels": curve.channels}
    if curve.camera:
        facts["camera"] = curve.camera
    if curve.covered is not None:
        facts["covered"] = ", ".join(f"{low} .. {high}" for low, high in curve.covered.tolist())
    low, high = float(curve.ln_exposure.min()), float(curve.ln_exposure.max())
    facts["ln_exposure"] = f"{low:.3f} .. {high:.3f} ({(high - low) / math.log(2):.1f} EV)"
    return facts | {name: value for name, value in curve.metadata.items() if value is not None}


def _radiance_facts(path: Path) -> dict[str, Any]:
    import numpy as np

    from hdrkit.formats.radiance import read_radiance
    from hdrkit.imaging.colour import luminance_of
    from hdrkit.types import Validity

    radiance = read_radiance(path)
    luminance = luminance_of(radiance.pixels)
    lit = luminance[luminance > 0]
    height, width = luminance.shape
    facts: dict[str, Any] = {"kind": "radiance", "size": f"{width} x {height}", "unit": radiance.unit}
    if lit.size:
        low, high = (float(v) for v in np.percentile(lit, (0.1, 99.9)))
        facts["luminance"] = f"{lit.min():.4g} .. {lit.max():.4g}, mean {luminance.mean():.4g}"
        facts["range"] = f"{np.log2(high / low):.1f} stops between the 0.1 and 99.9 percentiles"
    if radiance.validity is not None:
        for name, flag in (("saturated", Validity.SATURATED), ("black", Validity.BLACK)):
            facts[name] = f"{100 * float(((radiance.validity & flag) > 0).mean()):.3f} %"
    facts["chromaticities"] = " ".join(f"{value:.4g}" for value in radiance.chromaticities)
    return facts | radiance.metadata
