"""File -> Photo. Only this module knows what cameras write into their files."""

from __future__ import annotations

import io
import logging
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import IFD, Base

from hdrkit.errors import ExposureError, InputError
from hdrkit.exposure import as_listed, exact_exposure, exposure_from_name
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.formats.maker_notes import Release, read_release
from hdrkit.formats.pillow import without_pillow_limit
from hdrkit.formats.suffixes import TIFF, FileKind, kind_of
from hdrkit.types import Drive, Encoding, Exposure, ExposureSource, Photo

HEAD_BYTES = 4096  # where `stated_bits` looks
MAX_PIXELS = 500_000_000  # of a picture, unless the caller knows of an option that sets another limit


def read_photo(
    path: Path | str,
    *,
    override: Exposure | None = None,
    literal: bool = False,
    max_pixels: int | None = None,
    data: bytes | None = None,
) -> Photo:
    """The metadata of the photograph in a file. The pixels stay on disk.

    The exposure comes from `override`, else from EXIF or RAW metadata, else from a file name that ends in `_<EXPO>`.
    Nominal values of EXIF and RAW become the exact ones that they stand for unless `literal`. `data` is the content of the
    file if `read_content` has read it already. Raises InputError for a file that is missing, empty, not an image, or larger
    than `max_pixels`.
    """
    return with_exposure(read_header(path, max_pixels, data), override, literal)


def read_header(path: Path | str, max_pixels: int | None = None, data: bytes | None = None) -> Photo:
    """As `read_photo`, but with the exposure exactly as the metadata state it, None if they state none."""
    path = Path(path)
    if data is None:
        _require_file(path)
    match kind_of(path.suffix):
        case FileKind.RAW:
            photo = _read_raw_header(path, data)
        case FileKind.RADIANCE:
            photo = _read_float_header(path)
        case _:
            photo = _read_encoded_header(path, max_pixels, data)
    _require_size(path, photo.width, photo.height, max_pixels)
    return photo


def with_exposure(header: Photo, override: Exposure | None = None, literal: bool = False) -> Photo:
    """The photo of a header from `read_header`, with the exposure that `read_photo` chooses."""
    own = header.exposure if literal or header.exposure is None else exact_exposure(header.exposure)
    exposure = own or exposure_from_name(header.path.stem) if override is None else as_listed(override, own)
    return replace(header, exposure=exposure)


def read_content(path: Path | str) -> bytes:
    """All bytes of the file of a photograph. Its metadata, digest and pixels can be taken from them without another read.

    Raises InputError for a file that is missing, empty, not a regular file, or not readable.
    """
    path = Path(path)
    _require_file(path)
    return read_bytes(path)


def _require_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{show(path)}: cannot be read ({error.strerror})", error.errno or 0) from error
    if path.is_dir():
        raise InputError(f"{show(path)}: it is a folder; give a file")
    if not path.is_file():
        raise InputError(f"{show(path)}: it is a pipe or a device, not a file; take it out")
    if size == 0:
        raise InputError(f"{show(path)}: the file is empty (0 bytes); copy it again from the card")


def _require_size(path: Path, width: int, height: int, max_pixels: int | None) -> None:
    limit = MAX_PIXELS if max_pixels is None else max_pixels
    if width * height > limit:
        advice = "if you trust the file, raise the limit with --max-pixels"
        if max_pixels is None:
            advice = "take it out, or make it smaller"
        raise InputError(f"{show(path)}: {width} x {height} pixels are more than the limit of {limit:,}; {advice}")


def _opened(path: Path, data: bytes | None) -> BinaryIO:
    return path.open("rb") if data is None else io.BytesIO(data)


def _read_encoded_header(path: Path, max_pixels: int | None, data: bytes | None) -> Photo:
    try:
        with without_pillow_limit(), _opened(path, data) as file, Image.open(file) as image:
            width, height = image.size
            _require_size(path, width, height, max_pixels)
            if image.mode == "F":
                return _read_float_header(path)
            # Pillow opens deep colour as plain RGB.
            deep = image.mode[0] == "I" or ";16" in str(image.tile) or (stated_bits(_head(file)) or 8) > 8
            turned = image.format == "TIFF"  # Pillow and OpenCV turn these upright themselves
            tags = _exif(image, file)
            release = _release(image.info.get("exif", b""), _text(tags.get(Base.Make)))
    except UnidentifiedImageError:
        if path.suffix.lower() in TIFF.suffixes:
            return _read_float_header(path)  # Pillow does not know float RGB
        raise InputError(f"{show(path)}: not an image, or damaged beyond recognition; remove it or copy it again") from None
    except PermissionError as error:
        raise InputError(f"{show(path)}: permission to read it is denied; change its permissions") from error
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, Image.DecompressionBombError) as error:
        raise InputError(f"{show(path)}: the image header cannot be read ({error}); the file is damaged") from error
    orientation = tags.get(Base.Orientation, 1)
    orientation = orientation if orientation in range(1, 9) and not turned else 1
    if orientation >= 5:
        width, height = height, width
    return Photo(
        path=path,
        width=width,
        height=height,
        encoding=Encoding.ENCODED16 if deep else Encoding.ENCODED8,
        exposure=_exif_exposure(tags, ExposureSource.EXIF),
        camera=_camera_name(tags.get(Base.Make), tags.get(Base.Model)),
        lens=_text(tags.get(Base.LensModel)),
        taken_at=_taken_at(tags),
        orientation=orientation,
        software=_text(tags.get(Base.Software)),
        **_circumstances(tags, release),
    )


def _release(block: bytes, maker: str) -> Release:
    start = min((at for at in (block.find(b"II*\0"), block.find(b"MM\0*")) if at >= 0), default=len(block))
    return read_release(block[start:], maker)


def _circumstances(tags: Mapping[int, Any], release: Release) -> dict[str, Any]:
    """How the camera was set, as fields of `Photo`."""
    flash = _number(tags.get(Base.Flash), positive=False)
    return {
        "serial": _text(tags.get(Base.BodySerialNumber)),
        "focal_length_mm": _number(tags.get(Base.FocalLength)),
        "focus_distance_m": _number(tags.get(Base.SubjectDistance)),
        "flash": None if flash is None else bool(int(flash) & 1),
        "drive": Drive.EXPOSURE_BRACKET if _number(tags.get(Base.ExposureMode)) == 2 else release.drive,
        "shot": release.shot,
        "shutter_count": release.shutter_count,
        "manual": _manual(_number(tags.get(Base.ExposureProgram)), _number(tags.get(Base.ExposureMode), positive=False)),
    }


def _manual(program: float | None, mode: float | None) -> bool | None:
    """Whether ExposureProgram or ExposureMode says manual; None if neither says anything."""
    return None if program is None and mode is None else program == 1 or mode == 1


def stated_bits(head: bytes) -> int | None:
    """The bit depth stated by the first bytes of an AVIF (box `pixi`) or JPEG 2000 (box `ihdr`) file; None for other files."""
    if head[4:8] == b"ftyp" and (at := head.find(b"pixi")) > 0:
        return head[at + 9]
    if head[4:8] == b"jP  " and (at := head.find(b"ihdr")) > 0:
        return (head[at + 14] & 0x7F) + 1
    return None


def _head(file: BinaryIO) -> bytes:
    before = file.tell()
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(before)
    return head


def _exif(image: Image.Image, file: BinaryIO) -> dict[int, Any]:
    """The tags of the main and the EXIF directory; no tags if they are damaged, because the picture may still be good."""
    if image.format == "PNG" and "exif" not in image.info and has_chunk(file, b"eXIf"):
        image.load()  # EXIF after the pixels is found only by decoding them
    try:
        exif = Image.Image.getexif(image)
        return dict(exif) | exif.get_ifd(IFD.Exif)
    except (SyntaxError, ValueError, TypeError, KeyError, EOFError, struct.error):
        return {}


def has_chunk(file: BinaryIO, kind: bytes) -> bool:
    """Whether a PNG file has a chunk of this kind anywhere. The position in the file stays."""
    before = file.tell()
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != kind:
        file.seek(int.from_bytes(head[:4]) + 4, os.SEEK_CUR)
    file.seek(before)
    return head[4:] == kind


def _read_raw_header(path: Path, data: bytes | None) -> Photo:
    import exifread  # only RAW files need these two
    import rawpy

    logging.getLogger("exifread").addHandler(logging.NullHandler())
    try:
        with _opened(path, data) as file, rawpy.imread(file) as raw:
            sizes, other = raw.sizes, raw.other
        with _opened(path, data) as file:
            named = exifread.process_file(file, details=False)
        with _mapped(path) if data is None else nullcontext(data) as content:
            release = read_release(content, _text(named.get("Image Make")))
    except (rawpy.LibRawError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        cut = isinstance(error, rawpy.LibRawIOError)  # the file ends too early
        why = ": it ends too early, as if cut off; copy it again from the card" if cut else f" ({_reason(error)})"
        raise InputError(f"{show(path)}: not a RAW file that LibRaw reads{why}") from error
    tags: dict[int, Any] = {
        Base.Make: named.get("Image Make"),
        Base.Model: named.get("Image Model"),
        Base.LensModel: named.get("EXIF LensModel"),
        Base.ExposureTime: _ratio(named.get("EXIF ExposureTime")) or other.shutter_speed,
        Base.FNumber: _ratio(named.get("EXIF FNumber")) or other.aperture,
        Base.ISOSpeedRatings: _ratio(named.get("EXIF ISOSpeedRatings")) or other.iso_speed,
        Base.ExposureBiasValue: _ratio(named.get("EXIF ExposureBiasValue")),
        Base.DateTimeOriginal: named.get("EXIF DateTimeOriginal"),
        Base.OffsetTimeOriginal: named.get("EXIF OffsetTimeOriginal"),
        Base.SubsecTimeOriginal: named.get("EXIF SubSecTimeOriginal"),
        Base.BodySerialNumber: named.get("EXIF BodySerialNumber"),
        Base.FocalLength: _ratio(named.get("EXIF FocalLength")),
        Base.SubjectDistance: _ratio(named.get("EXIF SubjectDistance")),
        Base.Flash: _first(named.get("EXIF Flash")),
        Base.ExposureProgram: _first(named.get("EXIF ExposureProgram")),
        Base.ExposureMode: _first(named.get("EXIF ExposureMode")),
    }
    known = bool(_ratio(named.get("EXIF ExposureTime"))) or other.iso_speed > 0
    turned = sizes.flip in (5, 6)
    return Photo(
        path=path,
        width=sizes.height if turned else sizes.width,
        height=sizes.width if turned else sizes.height,
        encoding=Encoding.RAW,
        exposure=_exif_exposure(tags, ExposureSource.RAW) if known else None,
        camera=_camera_name(tags[Base.Make], tags[Base.Model]),
        lens=_text(tags[Base.LensModel]),
        taken_at=_taken_at(tags),
        orientation={0: 1, 3: 3, 5: 8, 6: 6}.get(sizes.flip, 1),
        **_circumstances(tags, release),
    )


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def _read_float_header(path: Path) -> Photo:
    from hdrkit.formats.radiance import radiance_size

    width, height = radiance_size(path)
    return Photo(path=path, width=width, height=height, encoding=Encoding.FLOAT)


def _exif_exposure(tags: Mapping[int, Any], source: ExposureSource) -> Exposure | None:
    time_s = _number(tags.get(Base.ExposureTime))
    if time_s is None:
        return None
    iso = tags.get(Base.ISOSpeedRatings)
    try:
        return Exposure(
            time_s=time_s,
            f_number=_number(tags.get(Base.FNumber)),
            iso=_number(iso[0] if isinstance(iso, tuple) and iso else iso),
            bias_ev=_number(tags.get(Base.ExposureBiasValue), positive=False),
            source=source,
        )
    except ExposureError:
        return None


def _number(value: Any, positive: bool = True) -> float | None:
    """A tag as a finite number, or None if the camera wrote nonsense (0/0, text, infinity)."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    usable = number > 0 if positive else True
    return number if usable and abs(number) < 1e9 else None


def _first(tag: Any) -> Any:
    """The first value of a tag of exifread, None if it has none."""
    return tag.values[0] if tag is not None and getattr(tag, "values", None) else None


def _ratio(tag: Any) -> float:
    return _number(_first(tag), positive=False) or 0.0


def _text(value: Any) -> str:
    return str(value).replace("\x00", " ").strip() if value is not None else ""


def _camera_name(make: Any, model: Any) -> str:
    maker, name = _text(make), _text(model)
    return name if name.lower().startswith(maker.lower().split(" ")[0]) and maker else f"{maker} {name}".strip()


def _taken_at(tags: Mapping[int, Any]) -> datetime | None:
    """The time when the shutter opened, with its zone if the camera wrote one, else naive."""
    stated = (tags.get(tag) for tag in (Base.DateTimeOriginal, Base.OffsetTimeOriginal, Base.SubsecTimeOriginal))
    stamp, offset, fraction = map(_text, stated)
    try:
        taken = datetime.strptime(f"{stamp}.{fraction}" if fraction.isdigit() else f"{stamp}.0", "%Y:%m:%d %H:%M:%S.%f")
    except ValueError:
        return None
    try:
        return taken.replace(tzinfo=datetime.strptime(offset, "%z").tzinfo) if offset else taken
    except ValueError:
        return taken


def _reason(error: Exception) -> str:
    detail = error.args[0] if error.args else type(error).__name__
    return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
