"""The timeline: pictures of a series on an even grid of times, shown at one exposure. Keogram and film are made from it."""

from __future__ import annotations

import math
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.exposure import exposure_from_name
from hdrkit.files.text import show
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.pixels import read_frame
from hdrkit.formats.radiance import read_radiance
from hdrkit.formats.suffixes import FileKind, format_of, kind_of, suffixes_of
from hdrkit.imaging.depth import eight_bit, three_channels
from hdrkit.imaging.threads import ahead
from hdrkit.inputs.timestamps import before_timestamp, instant, timestamp_in_name
from hdrkit.tonemapping.adaptation import adapt_to_scene
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.tonemapping.render import render
from hdrkit.types import RadianceMap

_LONGEST = 50_000  # most times on a grid: more than two weeks at one every 30 seconds
_REACH = 0.75  # largest distance in steps between a time and its picture
_PROBES = 24  # pictures from which the common range is computed
_PROBE_PIXELS = 40_000  # pixels that are taken from each of them
_SHADOWS = math.log(2)  # the middle of the range lies so far below the average, to keep the shadows

Picture = NDArray[np.uint8]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Timeline:
    """Times at even steps, and the picture of each time; None for a missing picture.

    Times have no zone. They are UTC if file names state a zone (`utc`), else they follow the clock of the camera. A picture is
    at most three quarters of a step from its time.
    """

    start: datetime
    step: timedelta
    pictures: tuple[Path | None, ...]
    utc: bool = False

    @property
    def times(self) -> list[datetime]:
        """The time of each picture."""
        return [self.start + self.step * k for k in range(len(self.pictures))]

    @property
    def found(self) -> list[Path]:
        """The pictures that exist."""
        return [path for path in self.pictures if path is not None]


def timeline(source: Path | str, exposure: float | None = None, camera: str | None = None) -> Timeline:
    """The pictures below a folder by the YYYYmmddHHMMSS in their names: merged radiance, or else pictures for the display.

    `camera` chooses the camera whose name comes before the time. `exposure` chooses frames named YYYYmmddHHMMSS_<EXPO>. If a
    picture exists in several formats, the best format is used. The step is the median step between pictures.
    Raises InputError if there are fewer than two times, if two pictures show one time, if there are several cameras or exposures
    and none is chosen, or if more than 50,000 steps lie between the first and the last picture.
    """
    named = [(stamp, path) for path in _pictures(Path(source)) if (stamp := timestamp_in_name(path))]
    named = _of_one_exposure(_of_one_camera(named, camera, source), exposure, source)
    stamped = sorted((instant(stamp), path) for stamp, path in named)
    for (stamp, path), (next_stamp, other) in pairwise(stamped):
        if stamp == next_stamp:
            raise InputError(f"{show(path)} and {show(other)} show one time; give the folder of one camera")
    if len(stamped) < 2:
        raise InputError(f"{show(source)}: a series takes two pictures with YYYYmmddHHMMSS in their names, not {len(stamped)}")
    stamps = [stamp for stamp, _ in stamped]
    step = timedelta(seconds=median((later - earlier).total_seconds() for earlier, later in pairwise(stamps)))
    count = round((stamps[-1] - stamps[0]) / step) + 1
    if count > _LONGEST:
        raise InputError(
            f"{show(source)}: {count:,} steps of {step} from {stamps[0]} to {stamps[-1]}, more than {_LONGEST:,}; "
            "give the folder of a shorter time"
        )
    pictures = tuple(_nearest(stamped, stamps, stamps[0] + step * k, step) for k in range(count))
    return Timeline(stamps[0], step, pictures, utc=any(stamp.tzinfo for stamp, _ in named))


def _pictures(folder: Path) -> list[Path]:
    """The radiance files of a folder and its subfolders, else the merged pictures for the display, else the photographs."""
    if not folder.is_dir():
        raise InputError(f"{show(folder)}: no such folder; give the one with the merged pictures")
    pictures, floats = suffixes_of(FileKind.RADIANCE, FileKind.ENCODED), suffixes_of(FileKind.RADIANCE)
    found = sorted(path for path in folder.rglob("[!.]*") if path.suffix.lower() in pictures)
    radiance = [path for path in found if path.suffix.lower() in floats]
    merged = [path for path in found if path.stem.endswith("_hdr")]
    best = {path.with_suffix(""): path for path in sorted(radiance or merged or found, key=_worth)}
    return list(best.values())


def _worth(path: Path) -> tuple[int, int]:
    """A sort key: larger for a format that holds more of a picture, then for the usual suffix of the format."""
    suffix = path.suffix.lower()
    found = format_of(suffix, *FileKind)
    return (found.worth, -found.suffixes.index(suffix)) if found else (0, 0)


def _of_one_camera(
    stamped: Sequence[tuple[datetime, Path]], camera: str | None, source: Path | str
) -> list[tuple[datetime, Path]]:
    """The pictures whose names begin with `camera`, or all if there is one camera. A beginning that occurs once is a counter."""
    times = Counter(before_timestamp(path) for _, path in stamped)
    name = {before: before.rstrip("_") if count > 1 else "" for before, count in times.items()}
    there = ", ".join(one or "'' (no name)" for one in sorted(set(name.values())))
    if camera is None and "," in there:
        raise InputError(f"{show(source)}: pictures of several cameras; choose one of them with --camera ({there})")
    chosen = [(stamp, path) for stamp, path in stamped if camera in (None, name[before_timestamp(path)])]
    if stamped and not chosen:
        raise InputError(f"{show(source)}: no pictures of a camera {camera!r}, but of {there}")
    return chosen


def _of_one_exposure(
    stamped: Sequence[tuple[datetime, Path]], exposure: float | None, source: Path | str
) -> list[tuple[datetime, Path]]:
    """The pictures with `exposure` in their names, or all if the names have no exposure or the same one."""
    named = {path: named.time_s for _, path in stamped if (named := exposure_from_name(path.stem))}
    there = ", ".join(f"{value:g}" for value in sorted(set(named.values())))
    if exposure is None and "," in there:
        raise InputError(f"{show(source)}: frames of several exposures; choose one of them ({there}), or give merged pictures")
    chosen = [(stamp, path) for stamp, path in stamped if exposure is None or named.get(path) == exposure]
    if stamped and not chosen:
        raise InputError(f"{show(source)}: no picture with the exposure {exposure:g} in its name ({there or 'none has one'})")
    return chosen


def _nearest(
    stamped: Sequence[tuple[datetime, Path]], stamps: Sequence[datetime], time: datetime, step: timedelta
) -> Path | None:
    after = bisect_left(stamps, time)
    stamp, path = min(stamped[max(0, after - 1) : after + 1], key=lambda one: abs(one[0] - time))
    return path if abs(stamp - time) <= _REACH * step else None


def one_exposure(series: Timeline, options: RenderOptions) -> RenderOptions:
    """The options with one range for all pictures: the given range, or one from the average and the white of some pictures."""
    found = series.found
    if options.range_ln is not None or kind_of(found[0].suffix) is not FileKind.RADIANCE:
        return options
    probes = [found[round(at)] for at in np.linspace(0, len(found) - 1, min(_PROBES, len(found)))]
    parts = [part for path in probes if (part := _thinned(path)) is not None]
    if not parts:
        raise InputError(f"{show(found[0])} and others: no picture can be read; are they complete?")
    seen = adapt_to_scene(
        RadianceMap(np.concatenate([part.pixels for part in parts]), validity=np.concatenate([part.validity for part in parts]))
    )
    average, high = math.log(seen.average) - _SHADOWS, math.log(seen.white)
    return replace(options, range_ln=(2 * average - high, high))


def _thinned(path: Path) -> RadianceMap | None:
    """Pixels of a picture on an even grid, (N, 1, 3); None if it cannot be read."""
    try:
        radiance = read_radiance(path)
    except InputError:
        return None
    pixels = radiance.pixels
    validity = np.zeros(pixels.shape[:2], np.uint8) if radiance.validity is None else radiance.validity
    step = math.isqrt(validity.size // _PROBE_PIXELS) + 1
    return RadianceMap(
        np.ascontiguousarray(pixels[::step, ::step].reshape(-1, 1, 3)),
        validity=np.ascontiguousarray(validity[::step, ::step].reshape(-1, 1)),
    )


def common_size(series: Timeline) -> tuple[int, int]:
    """Height and width of the first picture that can be read. Raises InputError if none can."""
    for path in series.found:
        with suppress(InputError):
            height, width, _ = read_pixels(path).shape
            return height, width
    raise InputError(f"{show(series.found[0])} and others: no picture can be read; are they complete?")


def read_pixels(path: Path, size: tuple[int, int] | None = None) -> NDArray[Any]:
    """The pixels (H, W, 3) of a picture: float32 radiance, or 8-bit codes of a picture for the display.

    Raises InputError if the picture cannot be read, or if it does not have this size.
    """
    if kind_of(path.suffix) is FileKind.RADIANCE:
        pixels: NDArray[Any] = read_radiance(path).pixels
    else:
        frame = read_frame(read_photo(path))
        pixels = np.ascontiguousarray(three_channels(eight_bit(frame.pixels, frame.white)))
    height, width, _ = pixels.shape
    if size not in (None, (height, width)):
        raise InputError(
            f"{show(path)}: {width} x {height} pixels, which differs from other pictures; give pictures of one camera"
        )
    return pixels


def shown(pixels: NDArray[Any], options: RenderOptions) -> Picture:
    """The pixels of `read_pixels` as codes for the display. Radiance is rendered with `options`; codes stay as they are."""
    return pixels if pixels.dtype == np.uint8 else eight_bit(render(RadianceMap(pixels), options), 1)


def drawn(draw: Callable[[T], R], pictures: Iterable[T]) -> Iterator[R]:
    """The results of `draw` for each picture, in order. It uses one thread for each core and holds few pictures at a time."""
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        yield from ahead(pool, draw, pictures, threads)
