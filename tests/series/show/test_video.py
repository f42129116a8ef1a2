import re
import subprocess
import sys
from datetime import datetime, timedelta

import numpy as np
import pytest

from hdrkit import RadianceMap, write_radiance
from hdrkit.errors import InputError, OutputError
from hdrkit.series.show.timeline import one_exposure, timeline
from hdrkit.series.show.video import write_video
from hdrkit.tonemapping.options import Operator, RenderOptions
from hdrkit.tonemapping.render import render

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

PATCH = np.array([3.0, 1.0, 0.5], np.float32)
START = datetime(2024, 6, 14, 5, 0)
MISSING = (7, 8, 20)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("day")
    for k in range(30):
        if k not in MISSING:
            pixels = np.full((181, 241, 3), 0.2 + 0.3 * k, np.float32)
            pixels[60:120, 80:160] = PATCH
            stamp = START + k * timedelta(minutes=30)
            write_radiance(RadianceMap(pixels), folder / f"{stamp:%Y%m%d%H%M%S}_hdr.exr")
    return folder


def decoded(path):
    """What ffmpeg says of a film, and its frames."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    facts = next(line for line in done.stderr.decode().splitlines() if "Video: h264" in line)
    width, height = map(int, re.search(r" (\d+)x(\d+)[, ]", facts).groups())
    return facts, np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


def test_a_constant_patch_keeps_its_code_and_gaps_are_dark(day, tmp_path):
    film = write_video(timeline(day), tmp_path / "day.mp4", RenderOptions("reinhard"), fps=10)
    facts, frames = decoded(tmp_path / "day.mp4")
    assert frames.shape == (30, 180, 240, 3)
    assert "yuv420p(tv, bt709" in facts
    assert " 10 fps" in facts
    assert film.failures == ()
    truth = 255 * render(RadianceMap(PATCH.reshape(1, 1, 3)), film.render)[0, 0]
    for k, frame in enumerate(frames):
        middle = frame[70:110, 90:150].reshape(-1, 3).mean(axis=0)
        if k in MISSING:
            assert middle.max() < 40
        else:
            assert middle == pytest.approx(truth, abs=3)
    background = [frame[20, 20].mean() for k, frame in enumerate(frames) if k not in MISSING]
    assert (np.diff(background) > 0).all()  # each time by its own light
    assert all(frame[165:178, 3:100].max() > 180 for frame in frames)  # the time is written into every one


def test_the_same_series_gives_the_same_bytes_by_command(day, tmp_path, hdrkit):
    for name in ("a.mp4", "b.mp4"):
        code, out, err = hdrkit("video", day, "-o", tmp_path / name, "--fps", 5, "--range", -2, 3)
        assert (code, err) == (0, "")
        assert "30 times from 2024-06-14 05:00:00, every 0:30:00; 3 without a picture" in out
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.mp4", "b.mp4"]


def test_keogram_and_video_have_one_exposure(day):
    options = one_exposure(timeline(day), RenderOptions())
    assert options.range_ln is not None
    assert one_exposure(timeline(day), options) == options


def test_a_broken_picture_is_a_gap_and_told_of(tmp_path):
    for k in range(4):
        write_radiance(RadianceMap(np.ones((64, 64, 3), np.float32)), tmp_path / f"2024061412{k:02d}00_hdr.hdr")
    (tmp_path / "20240614120100_hdr.hdr").write_bytes(b"#?RADIANCE")
    film = write_video(timeline(tmp_path), tmp_path / "day.mp4")
    assert [failure.path.name for failure in film.failures] == ["20240614120100_hdr.hdr"]
    assert [frame[32, 32].max() < 40 for frame in decoded(tmp_path / "day.mp4")[1]] == [False, True, False, False]


def test_a_film_that_ffmpeg_does_not_finish_is_none(day, tmp_path, monkeypatch):
    monkeypatch.setattr("imageio_ffmpeg.count_frames_and_secs", lambda _: (29, 1.0))
    with pytest.raises(OutputError, match="is there room on the disk"):
        write_video(timeline(day), tmp_path / "day.mp4")
    assert not list(tmp_path.iterdir())


def test_without_ffmpeg_one_line_says_what_to_install(day, tmp_path, monkeypatch, hdrkit):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match=r"pip install 'hdrkit\[video\]'"):
        write_video(timeline(day), tmp_path / "day.mp4")
    code, _, err = hdrkit("video", day, "-o", tmp_path / "day.mp4")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_films_are_mp4(day, tmp_path, hdrkit):
    with pytest.raises(OutputError, match="written as .mp4"):
        write_video(timeline(day), tmp_path / "day.avi")
    assert hdrkit("video", day, "-o", tmp_path / "day.avi").code == 2


def test_without_a_tone_curve_frames_are_rendered_locally_and_do_not_flicker(day, tmp_path):
    film = write_video(timeline(day), tmp_path / "day.mp4", fps=10)
    assert film.render.operator is Operator.LOCAL
    _, frames = decoded(tmp_path / "day.mp4")
    patch = np.array([frame[70:110, 90:150].mean() for k, frame in enumerate(frames) if k not in MISSING])
    assert np.abs(np.diff(patch)).max() < 6
