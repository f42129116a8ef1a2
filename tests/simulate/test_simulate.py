"""The simulated truth must itself be true: the camera, the brackets, the scenes and the samples made from them."""

import csv
import importlib.util
import math
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.simulate import (
    SimulatedCamera,
    allsky,
    chart,
    cie_clear_sky,
    handheld_transforms,
    metered_times,
    room,
    simulate_bracket,
    warp,
)

RESPONSES = ("gamma", "linear", "srgb", "rec709", "scurve", "log")
RNG = np.random.default_rng


def quiet(**options) -> SimulatedCamera:
    """A camera without noise to speak of."""
    return SimulatedCamera(full_well_e=1e12, read_noise_e=0.0, **options)


# Camera


@pytest.mark.parametrize("response", RESPONSES)
def test_responses_run_from_black_to_white_and_rise(response):
    value = SimulatedCamera(response).encode(np.linspace(0, 1, 5001))
    assert value[0] == pytest.approx(0, abs=1e-12)
    assert value[-1] == pytest.approx(1, abs=1e-12)
    assert (np.diff(value) > 0).all()


@pytest.mark.parametrize(
    ("response", "exposure", "value"),
    [("gamma", 0.5**2.2, 0.5), ("srgb", 0.214041140482, 0.5), ("rec709", 0.18, 0.4088485), ("linear", 0.3, 0.3)],
)
def test_standard_responses_meet_published_points(response, exposure, value):
    assert SimulatedCamera(response).encode(np.array([exposure]))[0] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_response_curve_inverts_the_response(response, bits):
    camera = SimulatedCamera(response, bits=bits)
    curve = camera.response_curve()
    g = curve.ln_exposure
    assert g.shape == (2**bits, 3)
    assert (g[2**bits // 2] == 0).all()
    assert (np.diff(g, axis=0) >= 0).all()
    exposure = np.exp(g[:, 1] - g[-1, 1])
    np.testing.assert_allclose(camera.encode(exposure)[1:] * (2**bits - 1), np.arange(1, 2**bits), rtol=0, atol=1e-6 * 2**bits)
    assert exposure[0] > 0


def test_saturation_is_where_radiance_times_time_is_one():
    camera = quiet(response="linear", balance=(0.5, 1.0, 0.8))
    ramp = np.repeat(np.linspace(0.1, 3, 30)[None, :, None], 3, axis=2)
    pixels = camera.shoot(ramp, 0.5, RNG(0))
    for channel, balance in enumerate(camera.balance):
        assert ((pixels[0, :, channel] == 255) == (ramp[0, :, channel] * 0.5 * balance > 254.5 / 255)).all()


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (10, np.uint16), (16, np.uint16)])
@pytest.mark.parametrize("channels", [1, 3])
def test_codes_have_the_bits_of_the_camera(bits, dtype, channels):
    pixels = SimulatedCamera(bits=bits).shoot(np.full((4, 5, channels), 1e6), 1.0, RNG(0))
    assert pixels.dtype == dtype
    assert pixels.shape == (4, 5, channels)
    assert (pixels == 2**bits - 1).all()


@pytest.mark.parametrize("exposure", [0.002, 0.05, 0.4])
def test_mean_and_variance_are_those_of_the_noise_model(exposure):
    camera = SimulatedCamera("linear", bits=16, full_well_e=8000, read_noise_e=6)
    pixels = camera.shoot(np.full((300, 300, 1), exposure / 0.02), 0.02, RNG(3)) / 65535
    variance = camera.noise_model().variance(np.array(exposure))
    assert pixels.mean() == pytest.approx(exposure, abs=4 * math.sqrt(variance / pixels.size))
    assert pixels.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / pixels.size) + 0.002)


@pytest.mark.parametrize("response", RESPONSES)
def test_mean_of_many_shots_is_the_encoded_exposure(response):
    camera = SimulatedCamera(response, bits=12)
    pixels = camera.shoot(np.full((200, 200, 1), 16.0), 1 / 64, RNG(5))
    truth = camera.encode(np.array(0.25)) * 4095
    assert pixels.mean() == pytest.approx(truth, abs=5 * pixels.std() / 200 + 0.05)


def test_impossible_cameras_are_refused():
    for options in (
        {"response": "film"},
        {"bits": 7},
        {"full_well_e": 0.0},
        {"read_noise_e": -1.0},
        {"balance": (1.0, 0.0, 1.0)},
    ):
        with pytest.raises(InputError):
            SimulatedCamera(**options)


# Brackets


def test_bracket_is_the_seed_and_nothing_else():
    scene = chart(40, 30)
    first, again, other = (simulate_bracket(scene, SimulatedCamera(), [0.1, 0.4], seed) for seed in (7, 7, 8))
    assert [frame.pixels.tobytes() for frame in first] == [frame.pixels.tobytes() for frame in again]
    assert first[0].pixels.tobytes() != other[0].pixels.tobytes()
    assert [frame.photo.exposure.time_s for frame in first] == [0.1, 0.4]
    assert [frame.photo.path.name for frame in first] == ["frame_0.png", "frame_1.png"]


def test_frames_agree_through_the_true_curve():
    scene, camera = chart(60, 40, stops=6), SimulatedCamera("scurve", bits=16, full_well_e=1e9, read_noise_e=0)
    times = metered_times(scene, (-1, 0, 1))
    curve = camera.response_curve()
    radiance = [
        curve.linearize(frame.pixels) / time_s
        for frame, time_s in zip(simulate_bracket(scene, camera, times, 1), times, strict=True)
    ]
    clear = scene * times[2] < 0.98
    np.testing.assert_allclose(radiance[0][clear], radiance[2][clear], rtol=0.01)
    ratio = radiance[1][clear] / scene[clear]
    assert ratio.max() / ratio.min() < 1.01


def test_transform_maps_scene_pixels_to_frame_pixels():
    scene = np.full((60, 80, 3), 0.1, np.float32)
    y, x = np.mgrid[:60, :80]
    scene += 0.5 * np.exp(-((x - 30) ** 2 + (y - 25) ** 2) / 18)[..., None].astype(np.float32)
    move = handheld_transforms(2, 80, 60, seed=4, shift=0.1, rotation_deg=5, reference=0)[1]
    blob = warp(scene, move)[..., 1] - 0.1
    expected = move @ (30, 25, 1)
    assert (x * blob).sum() / blob.sum() == pytest.approx(expected[0], abs=0.02)
    assert (y * blob).sum() / blob.sum() == pytest.approx(expected[1], abs=0.02)
    assert math.hypot(expected[0] - 30, expected[1] - 25) > 1


def test_whole_pixel_shift_moves_pixels_untouched_and_overshoots_nowhere():
    scene = np.ones((20, 20, 3), np.float32)
    scene[:, 10:] = 4000
    shift = np.array([[1, 0, 3], [0, 1, 0], [0, 0, 1.0]])
    np.testing.assert_allclose(warp(scene, shift)[:, 3:], scene[:, :-3], rtol=1e-5)
    shift[0, 2] = 0.5
    half = warp(scene, shift)
    assert half.min() >= 1
    assert half.max() <= 4000


def test_handheld_moves_stay_within_their_bounds_and_leave_the_reference():
    moves = handheld_transforms(40, 1000, 600, seed=2, shift=0.01, rotation_deg=0.5)
    assert (moves[20] == np.eye(3)).all()
    centre = np.array([499.5, 299.5, 1])
    displaced = np.array([(move @ centre - centre)[:2] for move in moves])
    turned = np.degrees([math.atan2(move[1, 0], move[0, 0]) for move in moves])
    assert 8 < np.abs(displaced).max() <= 10
    assert 0.4 < np.abs(turned).max() <= 0.5
    assert handheld_transforms(3, 10, 10, seed=2)[0].tolist() == handheld_transforms(3, 10, 10, seed=2)[0].tolist()


def test_as_many_transforms_as_times():
    with pytest.raises(InputError, match="2 transforms for 3"):
        simulate_bracket(chart(8, 8), SimulatedCamera(), [1, 2, 3], 0, [np.eye(3)] * 2)


def test_metered_times_put_the_log_mean_on_middle_gray():
    scene = chart(50, 50) * 37
    short, middle, long = metered_times(scene, (-3, 0, 2))
    assert np.exp(np.log(scene).mean()) * middle == pytest.approx(0.18, rel=1e-5)
    assert (middle / short, long / middle) == pytest.approx((8, 4))


# Scenes


def test_chart_is_log_uniform():
    scene = chart(120, 90, stops=16)
    for channel in np.moveaxis(scene, 2, 0):
        counts = np.histogram(np.log2(channel), bins=16, range=(-8, 8))[0]
        assert counts.sum() == channel.size
        assert np.ptp(counts) <= 1
    assert np.corrcoef(np.log(scene[..., 0]).ravel(), np.log(scene[..., 2]).ravel())[0, 1] < 0.999


def test_rooms_are_three_views_with_a_dynamic_range_of_more_than_14_stops():
    views = [room(view, 180, 120) for view in range(3)]
    for view in views:
        assert view.shape == (120, 180, 3)
        assert view.dtype == np.float32
        assert np.isfinite(view).all()
        assert view.min() > 0
        luminance = view @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        assert math.log2(view.max() / view.min()) > 14
        assert math.log2(np.quantile(luminance, 0.999) / np.quantile(luminance, 0.001)) > 12
        assert 0.03 < (luminance > 25).mean() < 0.3
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert np.corrcoef(np.log(views[first]).ravel(), np.log(views[second]).ravel())[0, 1] < 0.8
    with pytest.raises(InputError, match="rooms 0 to 2"):
        room(3, 12, 8)


def test_room_is_the_same_each_time():
    assert room(1, 48, 32).tobytes() == room(1, 48, 32).tobytes()


@pytest.mark.parametrize(
    ("zenith_deg", "sun_deg", "sun_zenith_deg"), [(0, 50, 50), (60, 10, 50), (60, 110, 50), (89, 39, 50), (45, 90, 45)]
)
def test_clear_sky_follows_cie_type_12(zenith_deg, sun_deg, sun_zenith_deg):
    def gradation(z):
        return 1 - 1 * math.exp(-0.32 / math.cos(z))

    def indicatrix(chi):
        return 1 + 10 * (math.exp(-3 * chi) - math.exp(-3 * math.pi / 2)) + 0.45 * math.cos(chi) ** 2

    zenith, sun, sun_zenith = map(math.radians, (zenith_deg, sun_deg, sun_zenith_deg))
    expected = gradation(zenith) * indicatrix(sun) / (gradation(0) * indicatrix(sun_zenith))
    assert cie_clear_sky(np.array([zenith]), np.array([sun]), sun_zenith)[0] == pytest.approx(expected, rel=1e-9)


def test_sky_picture_is_an_equidistant_fisheye_of_that_sky():
    size, elevation, azimuth = 401, 50.0, 90.0
    sky = allsky(elevation, azimuth, size)
    centre, radius = 200, 0.98 * size / 2
    sun_row, sun_column = np.unravel_index(sky.sum(axis=2).argmax(), (size, size))
    assert (sun_row, sun_column) == pytest.approx((centre, centre - radius * 40 / 90), abs=1.5)
    assert sky.max() > 3e4
    assert sky[centre, centre].mean() == pytest.approx(1, rel=0.15)
    west_60 = sky[centre, round(centre + radius * 60 / 90)].mean() / sky[centre, centre].mean()
    formula = cie_clear_sky(np.array([math.radians(60)]), np.array([math.radians(100)]), math.radians(40))[0]
    assert west_60 == pytest.approx(formula, rel=0.1)
    y, x = np.mgrid[:size, :size]
    assert (sky[np.hypot(x - centre, y - centre) > radius + 1] == 0).all()
    blueness = sky[..., 2] / np.maximum(sky[..., 0], 1e-6)
    assert blueness[centre, centre + 60] > 1.5 * blueness[sun_row, sun_column + 8]


def test_clouds_drift_and_the_sky_between_them_stays():
    clear, first = allsky(40, 120, 200), allsky(40, 120, 200, cloud_seed=7)
    moved = allsky(40, 120, 200, cloud_seed=7, cloud_shift=(0.3, 0.0))
    cloudy = np.abs(first - clear).max(axis=2) > 1e-3
    assert 0.1 < cloudy.mean() < 0.7
    assert (cloudy != (np.abs(moved - clear).max(axis=2) > 1e-3)).mean() > 0.05


# Samples


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """The sample script, and a small edition of what it writes."""
    path = Path(__file__).parents[2] / "samples" / "make_samples.py"
    spec = importlib.util.spec_from_file_location("make_samples", path)
    script = importlib.util.module_from_spec(spec)
    sys.modules["make_samples"] = script
    folder = tmp_path_factory.mktemp("samples")
    try:
        spec.loader.exec_module(script)
        script.write_room(folder, size=(60, 40))
        script.write_allsky(folder, size=32)
    finally:
        del sys.modules["make_samples"]
    return script, folder


def test_card_holds_three_brackets_an_accident_and_a_repeat(samples):
    script, folder = samples
    names = sorted(path.name for path in (folder / "room").iterdir())
    assert names == [f"IMG_{number:04d}.JPG" for number in range(412, 429)]
    with (folder / "room_groups.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["bracket"] for row in rows) == dict.fromkeys(script.ROOM_BRACKETS, 5)
    unlisted = set(names) - {Path(row["path"]).name for row in rows}
    assert unlisted == {"IMG_0417.JPG", "IMG_0428.JPG"}
    assert all((folder / row["path"]).is_file() for row in rows)


def test_exif_tells_nominal_times_in_shooting_order(samples):
    _, folder = samples
    stamps, times = [], []
    for path in sorted((folder / "room").iterdir()):
        with Image.open(path) as image:
            tags = image.getexif()
        details = tags.get_ifd(0x8769)
        assert (tags[0x010F], tags[0x0110], tags[0x0112], details[0x8827]) == ("Simulated", "HK-1", 1, 100)
        assert float(details[0x829D]) == pytest.approx(5.6)
        stamps.append(details[0x9003])
        times.append(float(details[0x829A]))
    assert stamps == sorted(stamps)
    assert times[:5] == pytest.approx([1 / 60, 1 / 250, 1 / 15, 1 / 1000, 1 / 4])
    assert times[-1] == times[-2]


def test_nominal_times_stand_for_exact_powers_of_two(samples):
    script, _ = samples
    for nominal, exact in script.SHUTTER.items():
        assert math.log2(exact) == round(math.log2(exact))
        assert float(nominal) == pytest.approx(exact, rel=0.07)


def test_sky_series_has_24_names_with_time_and_exposure(samples):
    _, folder = samples
    parts = [path.stem.split("_") for path in (folder / "allsky").iterdir()]
    assert len(parts) == 24
    assert Counter(stamp for stamp, _ in parts) == dict.fromkeys(
        (f"202406140930{s:02d}" if m == 0 else f"20240614093{m}{s:02d}" for m in range(3) for s in (0, 30)), 4
    )
    assert {int(exposure) for _, exposure in parts} == {100, 800, 6400, 51200}


def test_shutters_that_are_off_and_flare_change_the_light_as_planted():
    radiance = np.full((40, 60, 3), 0.2)
    radiance[:20] = 0.02
    camera = SimulatedCamera("linear", full_well_e=1e9, read_noise_e=0, bits=16)
    plain, off, veiled = (
        simulate_bracket(radiance, one, [1.0, 2.0], seed=3)
        for one in (camera, replace(camera, shutter_ev=0.1), replace(camera, flare=0.1))
    )
    steps = [np.log2(b.pixels.mean() / a.pixels.mean()) for a, b in zip(plain, off, strict=True)]
    assert all(0.005 < abs(step) < 0.4 for step in steps)
    assert steps[0] != pytest.approx(steps[1])
    assert [frame.photo.exposure.time_s for frame in off] == [1.0, 2.0]
    for a, b, time_s in zip(plain, veiled, (1.0, 2.0), strict=True):
        assert (b.pixels.astype(int) - a.pixels).mean() / 65535 == pytest.approx(0.1 * 0.11 * time_s, rel=0.01)
