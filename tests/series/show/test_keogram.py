import json
import subprocess
import sys
from datetime import datetime, timedelta

import cv2
import numpy as np
import pytest
from PIL import Image

from hdrkit import RadianceMap, write_radiance
from hdrkit.errors import InputError
from hdrkit.series.show.keogram import GAP, keogram, plot_keogram
from hdrkit.series.show.timeline import timeline
from hdrkit.tonemapping.options import Operator, RenderOptions
from hdrkit.tonemapping.render import render

PATCH = np.array([0.5, 1.0, 2.0], np.float32)
START = datetime(2024, 6, 14, 5, 0)
STEP = timedelta(minutes=5)
MISSING = (40, 41, 42, 100)


def sky(hour, height=41, width=61):
    """Light that follows the sun, a patch in the middle that does not, and marks at the top and on the right."""
    pixels = np.full((height, width, 3), 20 * np.sin(np.pi * (hour - 4) / 17), np.float32)
    pixels[height // 2 - 3 : height // 2 + 4, width // 2 - 3 : width // 2 + 4] = PATCH
    pixels[:4] = (9.0, 0.1, 0.1)
    pixels[:, width // 2 + 17 :] = (0.1, 9.0, 0.1)
    return pixels


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("day")
    for k in range(180):
        if k not in MISSING:
            stamp = START + k * STEP
            pixels = sky(stamp.hour + stamp.minute / 60)
            write_radiance(RadianceMap(pixels), folder / f"{stamp:%m}" / f"{stamp:%Y%m%d%H%M%S}_hdr.exr")
    return folder


def test_a_constant_patch_keeps_its_code_and_gaps_lie_at_the_missing_times(day):
    found = keogram(timeline(day))
    assert found.pixels.shape == (41, 180, 3)
    assert tuple(np.flatnonzero(found.missing)) == MISSING
    assert (found.pixels[:, list(MISSING)] == GAP).all()
    patch = found.pixels[20, ~found.missing]
    assert (patch == patch[0]).all()
    truth = render(RadianceMap(PATCH.reshape(1, 1, 3)), found.render)[0, 0]
    assert patch[0] == pytest.approx(255 * truth, abs=0.51)
    assert patch[0][2] > patch[0][1] > patch[0][0]
    around = found.pixels[10, ~found.missing, 1].astype(int)
    noon = np.argmax(around)
    assert (np.diff(around[: noon + 1]) >= 0).all()  # brightness as the sun's, not evened out
    assert around[noon] > around[0] + 60


def test_the_range_is_that_of_the_whole_day_or_as_given(day):
    auto = keogram(timeline(day)).render.range_ln
    lows, highs = zip(*(keogram(timeline(day)).render.range_ln for _ in range(2)), strict=True)
    assert set(lows) == {auto[0]}
    assert set(highs) == {auto[1]}
    assert np.log(9) < auto[1] < np.log(100)
    given = keogram(timeline(day), RenderOptions(range_ln=(-3.0, 5.0)))
    assert given.render.range_ln == (-3.0, 5.0)
    assert not np.array_equal(given.pixels, keogram(timeline(day)).pixels)


def test_a_local_operator_sees_the_whole_picture(day):
    options = RenderOptions("local", (-3.0, 5.0))
    found = keogram(timeline(day), options)
    first = 255 * render(RadianceMap(sky(5)), options)
    np.testing.assert_allclose(found.pixels[:, 0], first[:, 30], atol=0.51)
    assert keogram(timeline(day)).render.operator is Operator.REINHARD


def test_the_angle_turns_clockwise_from_upright(day):
    upright, right = (keogram(timeline(day), angle_deg=angle).pixels[:, 0] for angle in (0, 90))
    red, green = 0, 1
    assert np.argmax(upright[0]) == red  # the mark at the top
    assert np.argmax(right[0]) == green  # and the one on the right
    assert np.array_equal(keogram(timeline(day), angle_deg=180).pixels[::-1], keogram(timeline(day)).pixels)


def test_the_picture_holds_the_codes_over_their_hours(day, hdrkit, tmp_path):
    code, out, err = hdrkit("keogram", day, "-o", tmp_path / "day.png")
    assert (code, err) == (0, "")
    assert "180 times from 2024-06-14 05:00:00, every 0:05:00; 4 without a picture" in out
    found = keogram(timeline(day))
    figure = plot_keogram(found)
    drawn = np.asarray(Image.open(tmp_path / "day.png").convert("RGB"))
    wide = np.repeat(found.pixels, 4, axis=1)
    places = cv2.matchTemplate(drawn, wide, cv2.TM_SQDIFF)
    _, _, (left, top), _ = cv2.minMaxLoc(places)
    inside = drawn[top : top + 41, left : left + 720]
    assert np.array_equal(inside, wide)
    (axes,) = figure.axes
    figure.canvas.draw()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert {"06:00", "12:00", "18:00"} <= set(labels)
    at = dict(zip(labels, axes.get_xticks(), strict=True))
    low, high = axes.get_xlim()
    assert (at["12:00"] - low) / (high - low) * 180 == pytest.approx(7 * 12)
    assert "4 of 180" in axes.get_title(loc="right")


def display_day(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(names):
        Image.new("RGB", (20, 30), (10 * k, 50, 60)).save(folder / name)
    return folder


def test_pictures_for_the_display_are_taken_as_they_are(tmp_path):
    folder = display_day(tmp_path, [f"2024061412{minute:02d}00_hdr.png" for minute in range(5)])
    found = keogram(timeline(folder))
    assert [tuple(column) for column in found.pixels[0]] == [(10 * k, 50, 60) for k in range(5)]
    assert len(found.pixels) == 20


def test_of_frames_one_exposure_is_chosen(tmp_path):
    names = [f"2024061412{minute:02d}00_{time_us}.png" for minute in range(3) for time_us in (100, 800)]
    folder = display_day(tmp_path, names)
    with pytest.raises(InputError, match=r"choose one of them \(100, 800\)"):
        timeline(folder)
    assert [path.name for path in timeline(folder, 800).found] == names[1::2]
    with pytest.raises(InputError, match="no picture with the exposure 900"):
        timeline(folder, 900)


def test_a_clock_that_wanders_makes_no_gaps(tmp_path):
    rng = np.random.default_rng(3)
    stamps = [START + timedelta(seconds=30.02 * k + int(rng.integers(-2, 3))) for k in range(400)]
    folder = display_day(tmp_path, [f"{stamp:%Y%m%d%H%M%S}.png" for stamp in stamps])
    assert None not in timeline(folder).pictures
    (folder / f"{stamps[200]:%Y%m%d%H%M%S}.png").unlink()
    assert timeline(folder).pictures.count(None) == 1


def test_stamps_with_zones_are_shown_in_utc_across_a_change(tmp_path):
    names = ["20241027023000+0200_1.png", "20241027020000+0100_1.png", "20241027023000+0100_1.png"]
    series = timeline(display_day(tmp_path, names))
    assert series.utc
    assert series.start == datetime(2024, 10, 27, 0, 30)
    assert [path.name for path in series.found] == names
    assert None not in series.pictures
    assert "UTC" in plot_keogram(keogram(series)).axes[0].get_xlabel()


def test_pictures_that_cannot_be_used_are_gaps_and_told_of(day, hdrkit, tmp_path):
    names = [f"2024061412{minute:02d}00_hdr.exr" for minute in range(4)]
    for name in names:
        write_radiance(RadianceMap(sky(12.0)), tmp_path / "in" / name)
    (tmp_path / "in" / names[0]).write_bytes(b"damaged")
    write_radiance(RadianceMap(sky(12.0, 30, 30)), tmp_path / "in" / names[2])
    found = keogram(timeline(tmp_path / "in"))
    assert found.missing.tolist() == [True, False, True, False]
    code, _, err = hdrkit("keogram", tmp_path / "in", "-o", tmp_path / "k.png")
    assert code == 1
    assert names[0] in err
    assert f"{names[2]}: 30 x 30 pixels" in err
    assert (tmp_path / "k.png").is_file()


def test_a_damaged_picture_is_told_of_in_one_line(tmp_path):
    """The library that decodes OpenEXR prints to both streams by itself, each time that it meets the damage."""
    noise = np.random.default_rng(3)
    for minute in range(4):
        pixels = noise.random((64, 64, 3), dtype=np.float32)
        write_radiance(RadianceMap(pixels), tmp_path / f"2024061412{minute:02d}00_hdr.exr")
    bad = tmp_path / "20240614120000_hdr.exr"
    bad.write_bytes(bad.read_bytes()[:-3000])
    for command, output in (("keogram", "k.png"), ("video", "k.mp4")):
        words = [sys.executable, "-m", "hdrkit", command, str(tmp_path), "-o", str(tmp_path / output), "--json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        line = f"{bad}: not an OpenEXR picture, or a damaged one; fetch or render it again"
        assert done.stderr == f"error: {line}\n"
        assert json.loads(done.stdout)["unreadable"] == [line]
        assert (tmp_path / output).is_file()


def test_of_several_cameras_one_is_chosen(tmp_path, hdrkit):
    names = [f"{camera}_2024061412{minute:02d}00_hdr.png" for camera in ("east", "west") for minute in range(3)]
    folder = display_day(tmp_path / "in", names)
    with pytest.raises(InputError, match=r"several cameras; choose one of them with --camera \(east, west\)"):
        timeline(folder)
    for camera, its in (("east", names[:3]), ("west", names[3:])):
        assert [path.name for path in timeline(folder, camera=camera).found] == its
    with pytest.raises(InputError, match="no pictures of a camera 'north', but of east, west"):
        timeline(folder, camera="north")
    one, other = (tmp_path / f"{camera}.png" for camera in ("east", "west"))
    for camera, output in (("east", one), ("west", other)):
        assert hdrkit("keogram", folder, "-o", output, "--camera", camera).code == 0
    assert one.read_bytes() != other.read_bytes()
    assert "3 times from" in hdrkit("video", folder, "-o", tmp_path / "east.mp4", "--camera", "east").out


def test_of_one_picture_in_several_formats_the_best_is_shown(tmp_path):
    stamps = [f"2024061412{minute:02d}00_hdr" for minute in range(3)]
    radiance = RadianceMap(sky(12.0))
    for stamp, suffixes in zip(stamps, (("exr", "hdr"), ("hdr", "exr"), ("hdr",)), strict=True):
        for suffix in suffixes:
            write_radiance(radiance, tmp_path / f"{stamp}.{suffix}")
    display_day(tmp_path, [f"{stamp}.png" for stamp in stamps])
    assert [path.suffix for path in timeline(tmp_path).found] == [".exr", ".exr", ".hdr"]
    pictures = display_day(tmp_path / "shown", [f"{stamp}{suffix}" for stamp in stamps for suffix in (".jpg", ".png", ".tif")])
    assert [path.suffix for path in timeline(pictures).found] == [".tif"] * 3


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["20240614120000.png"], "takes two pictures"),
        (["a.png", "b.png"], "takes two pictures"),
        (["20240614120000.png", "north_20240614120000.png"], "show one time"),
        (["20200614120000.png", "20200614120030.png", "20200614120100.png", "20240614120000.png"], "a shorter time"),
    ],
)
def test_what_is_no_series_of_one_camera(tmp_path, names, reason):
    with pytest.raises(InputError, match=reason):
        timeline(display_day(tmp_path, names))


def test_wrong_usage(hdrkit, tmp_path):
    for words in (["-o", "day.jpg"], ["-o", "day.png", "--range", "2"], ["-o", "day.png", "--tonemap", "none"]):
        assert hdrkit("keogram", tmp_path, *words).code == 2


def test_of_one_picture_the_format_is_shown_that_holds_most(tmp_path):
    for best, names in (("hdr", ("pic", "hdr")), ("tif", ("webp", "jpg", "png", "tiff", "tif")), ("jpg", ("jpeg", "jpg"))):
        folder = tmp_path / best
        folder.mkdir()
        for name in names:
            for minute in range(2):
                (folder / f"2024061412{minute:02d}00_hdr.{name}").touch()
        assert {path.suffix for path in timeline(folder).found} == {f".{best}"}
