"""The film of a series, as H.264 that plays everywhere. Each time is shown equally long, also if its picture is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import atomic_write
from hdrkit.files.packages import load_package
from hdrkit.files.text import show
from hdrkit.series.show.timeline import Picture, Timeline, common_size, drawn, one_exposure, read_pixels, shown
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.types import Failure

_CRF = "18"  # visually lossless
_COLOURS = "scale=in_range=full:out_range=tv:out_color_matrix=bt709,setparams=" + ":".join(
    ("colorspace=bt709", "color_primaries=bt709", "color_trc=iec61966-2-1")
)
_SAME_BYTES = ["-fflags", "+bitexact", "-flags:v", "+bitexact"]
_GAP = 24  # gray of a time without a picture


@dataclass(frozen=True)
class Film:
    """How the pictures of a film were rendered, and the failures of pictures that exist but cannot be used."""

    render: RenderOptions
    failures: tuple[Failure, ...]


def write_video(
    series: Timeline,
    path: Path | str,
    render: RenderOptions | None = None,
    fps: float = 24.0,
    on_done: Callable[[int], None] | None = None,
) -> Film:
    """Write a series as an MP4 of libx264 in yuv420p.

    Without a range in `render`, the range is computed from pictures of the whole series. Every picture shows its time. A missing
    picture becomes a dark frame with its time, so that time passes evenly. Codecs need even sizes, so an odd last row or column
    is cut off. Raises InputError if imageio-ffmpeg is not installed, or if no picture can be read. Raises OutputError for another
    suffix, or if the file cannot be written.
    """
    if Path(path).suffix.lower() != ".mp4":
        raise OutputError(f"{show(path)}: a film is written as .mp4; choose that suffix")
    render = one_exposure(series, render or RenderOptions())
    size = common_size(series)
    failures = []

    def frame(at: tuple[datetime, Path | None]) -> Picture:
        time, picture = at
        if picture is None:
            return _with_time(None, time, size)
        try:
            codes = shown(read_pixels(picture, size), render)
        except InputError as error:
            failures.append(Failure(picture, str(error)))
            codes = None
        return _with_time(codes, time, size)

    with atomic_write(path) as temporary, _encoder(temporary, size, fps, len(series.pictures)) as send:
        for done, picture in enumerate(drawn(frame, zip(series.times, series.pictures, strict=True)), 1):
            send(picture)
            if on_done is not None:
                on_done(done)
    return Film(render, tuple(sorted(failures, key=str)))


def _with_time(codes: Picture | None, time: datetime, size: tuple[int, int]) -> Picture:
    """The picture with even height and width and its time in the lower left corner; a dark frame if it is missing."""
    height, width = size[0] // 2 * 2, size[1] // 2 * 2
    picture = np.full((height, width, 3), _GAP, np.uint8) if codes is None else codes[:height, :width].copy()
    words = f"{time:%Y-%m-%d %H:%M:%S}" + ("  no picture" if codes is None else "")
    scale = height / 900
    at = round(10 * scale), height - round(12 * scale)
    thickness = max(1, round(2 * scale))
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), thickness, cv2.LINE_AA)
    return picture


@contextmanager
def _encoder(path: Path, size: tuple[int, int], fps: float, count: int) -> Iterator[Callable[[Picture], Any]]:
    """Yields the function that takes the pictures one by one. Raises OutputError if the file lacks some at the end."""
    ffmpeg = load_package("imageio_ffmpeg", "a film", "hdrkit[video]")
    height, width = size[0] // 2 * 2, size[1] // 2 * 2
    more = ["-crf", _CRF, "-vf", _COLOURS, "-movflags", "+faststart", *_SAME_BYTES]
    encoder = ffmpeg.write_frames(
        path,
        (width, height),
        fps=fps,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=more,
        ffmpeg_log_level="error",
    )
    failed = OutputError(f"{show(path)}: ffmpeg could not write the film; is there room on the disk?")
    with closing(encoder):
        encoder.send(None)
        try:
            yield encoder.send
        except OSError as error:
            raise failed from error
    try:
        written, _ = ffmpeg.count_frames_and_secs(path)
    except RuntimeError:
        written = 0
    if written != count:
        raise failed
