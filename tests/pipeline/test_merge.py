import cv2
import numpy as np
import pytest

from hdrkit import (
    AlignmentOptions,
    CalibrationOptions,
    InputOptions,
    MergeOptions,
    RadianceMap,
    calibrate,
    find_brackets,
    load,
    merge,
    read_bracket,
    read_radiance,
    write_radiance,
)
from hdrkit.errors import CalibrationError, ExposureError, HdrkitError, InputError
from hdrkit.pipeline.calibrate import stamped
from hdrkit.pipeline.merge import ln_range
from hdrkit.pipeline.merging.frames import strays
from hdrkit.simulate import SimulatedCamera, chart, simulate_bracket
from hdrkit.types import AlignmentReport, Bracket, Frame, FrameAlignment, Photo, Stack

STILL = AlignmentOptions(method="none")
CAMERA = SimulatedCamera()


def proportional(pixels, truth):
    """The median absolute difference in ln after the best common factor."""
    ratio = np.log(np.maximum(pixels, 1e-9) / truth)
    return float(np.median(np.abs(ratio - np.median(ratio))))


def test_files_merge_as_frames_in_memory_do(tmp_path, shoot):
    paths = shoot(tmp_path / "room")
    frames = simulate_bracket(chart(72, 48, stops=10), CAMERA, (1 / 64, 1 / 8, 1), 0)
    photos = tuple(frame.photo for frame in frames)
    in_memory = merge(Stack(Bracket("room", photos, 1), tuple(frames)), CAMERA.response_curve(), alignment=STILL)
    for source in (tmp_path / "room", str(tmp_path / "room"), paths, paths[::-1]):
        read = merge(source, CAMERA.response_curve(), alignment=STILL)
        np.testing.assert_array_equal(read.radiance.pixels, in_memory.radiance.pixels)
    assert read.report.size == (72, 48)
    assert [round(64 * e) for e in read.report.exposures] == [1, 8, 64]


@pytest.mark.parametrize(("suffix", "limit"), [("png", 0.02), ("jpg", 0.05), ("tif", 0.02)])
def test_the_scene_is_found_again(tmp_path, shoot, suffix, limit):
    shoot(tmp_path, suffix, exif=False)
    result = merge(tmp_path, CAMERA.response_curve(), alignment=STILL)
    measured = result.radiance.validity == 0
    assert measured.mean() > 0.7
    assert proportional(result.radiance.pixels[measured], chart(72, 48, stops=10)[measured]) < limit


def test_a_hole_in_the_exposures_is_told_once():
    times = (1 / 1024, 1 / 512, 1 / 8, 1 / 4)
    frames = simulate_bracket(chart(72, 48, stops=16), CAMERA, times, 0)
    stack = Stack(Bracket("room", tuple(frame.photo for frame in frames), 1), tuple(frames))
    for curve in (None, CAMERA.response_curve()):
        told = [line for line in merge(stack, curve, alignment=STILL).report.warnings if "EV" in line]
        assert len(told) == 1
        assert told[0].startswith("6.0 EV lie between ")


def test_deep_pictures(tmp_path, shoot):
    camera = SimulatedCamera(bits=16)
    shoot(tmp_path, bits=16, exif=False)
    result = merge(tmp_path, camera.response_curve(), alignment=STILL)
    assert proportional(result.radiance.pixels, chart(72, 48, stops=10)) < 0.02
    assert merge(tmp_path, alignment=STILL).report.calibration is not None


@pytest.mark.parametrize(("suffix", "limit"), [(".exr", 0), (".hdr", 0.01)])
def test_radiance_comes_back_from_its_file(tmp_path, shoot, suffix, limit):
    shoot(tmp_path / "in")
    radiance = merge(tmp_path / "in", CAMERA.response_curve()).radiance
    again = read_radiance(write_radiance(radiance, tmp_path / f"out{suffix}"))
    brightest = radiance.pixels.max(axis=2, keepdims=True)
    assert (np.abs(again.pixels - radiance.pixels) <= limit * brightest).all()
    if suffix == ".exr":
        assert again.metadata["sources"] == ["0.png", "1.png", "2.png"]
        assert again.metadata["relative_exposures"] == [1 / 64, 1 / 8, 1]
        np.testing.assert_array_equal(again.validity, radiance.validity)


def test_without_a_response_the_curve_is_calibrated_and_the_report_says_so(tmp_path, shoot):
    shoot(tmp_path, times_s=(1 / 64, 1 / 16, 1 / 4, 1))
    result = merge(tmp_path, alignment=STILL)
    assert result.report.response == "calibrated from this bracket"
    assert result.report.calibration.brackets[0].frames == 4
    measured = result.radiance.validity == 0
    assert proportional(result.radiance.pixels[measured], chart(72, 48, stops=10)[measured]) < 0.1


def test_float_pictures_are_light(tmp_path):
    truth = chart(24, 16, stops=10)
    for k, time in enumerate((1, 4)):
        write_radiance(RadianceMap(truth * time), tmp_path / f"{k}_{time}.exr")
    result = merge(tmp_path, alignment=STILL)
    assert (result.report.response, result.report.calibration) == ("linear", None)
    assert proportional(result.radiance.pixels, truth) < 1e-4
    with pytest.raises(InputError, match="float picture holds light"):
        calibrate(tmp_path)


def test_the_curve_of_another_camera_warns(tmp_path, shoot):
    shoot(tmp_path)
    mine, other = CAMERA.response_curve(), SimulatedCamera(name="Other 1").response_curve()
    assert not any("belongs to" in line for line in merge(tmp_path, mine, alignment=STILL).report.warnings)
    assert "belongs to Other 1, the photographs to Simulated HK-1" in merge(tmp_path, other, alignment=STILL).report.warnings[0]


def test_fusion_needs_no_times(tmp_path, shoot):
    for path in shoot(tmp_path):
        cv2.imwrite(str(path), cv2.imread(str(path)))  # drops EXIF
        path.rename(path.with_name(f"{'cab'[int(path.stem)]}.png"))
    with pytest.raises(ExposureError, match="no exposure time"):
        merge(tmp_path)
    result = merge(tmp_path, options=MergeOptions(estimator="mertens"))
    assert result.radiance is None
    assert (result.fused.shape, result.fused.dtype) == ((48, 72, 3), np.float32)
    assert [frame[-5] for frame in result.report.frames] == ["c", "a", "b"]  # dark to bright


def test_fusion_is_the_same_each_time(tmp_path, shoot):
    shoot(tmp_path, times_s=(1 / 64, 1 / 16, 1 / 4, 1))
    stack = read_bracket(tmp_path)
    options = MergeOptions(estimator="mertens")
    results = {merge(stack, options=options, alignment=STILL).fused.tobytes() for _ in range(25)}
    assert len(results) == 1


def test_cropping_keeps_what_all_frames_show(tmp_path, shoot):
    paths = shoot(tmp_path, size=(160, 120), times_s=(1 / 32, 1 / 8, 1 / 2))
    for path, shift in zip(paths, (-6, 0, 5), strict=True):
        pixels = cv2.imread(str(path))[10:110, 10 + shift : 140 + shift]
        cv2.imwrite(str(path.with_name(f"{path.stem}_{10 ** (1 + int(path.stem))}.png")), pixels)
        path.unlink()
    whole = merge(tmp_path, CAMERA.response_curve())
    cropped = merge(tmp_path, CAMERA.response_curve(), alignment=AlignmentOptions(crop=True))
    assert whole.report.size == (130, 100)
    assert 110 <= cropped.report.size[0] <= 130 - 5 - 6
    assert 95 <= cropped.report.size[1] <= 100
    assert (cropped.radiance.validity & 4 == 0).all()


def test_a_list_of_exposures_scales_radiance(tmp_path, shoot):
    shoot(tmp_path / "in")
    for name, factor in (("one", 1), ("four", 4)):
        rows = "".join(f"{k}.png,{factor}/{d}\n" for k, d in enumerate((64, 8, 1)))
        (tmp_path / f"{name}.csv").write_text("filename,exposure_time_s\n" + rows)
    one, four = (
        merge(tmp_path / "in", CAMERA.response_curve(), alignment=STILL, inputs=InputOptions(exposures=tmp_path / f"{name}.csv"))
        for name in ("one", "four")
    )
    np.testing.assert_allclose(one.radiance.pixels, 4 * four.radiance.pixels, rtol=1e-5)


def test_equal_exposures_need_a_curve(tmp_path, shoot):
    shoot(tmp_path, times_s=(1 / 8, 1 / 8))
    with pytest.raises(ExposureError, match=r"0\.png: all frames .* same exposure"):
        merge(tmp_path)
    with pytest.raises(HdrkitError):
        calibrate(tmp_path)
    assert "same exposure" in merge(tmp_path, CAMERA.response_curve()).report.warnings[0]


def test_one_frame_is_no_bracket(tmp_path, shoot):
    paths = shoot(tmp_path)
    for run in (merge, calibrate):
        with pytest.raises(InputError, match=r"0\.png: the only frame.*needs two"):
            run(paths[0])


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 5)])
@pytest.mark.parametrize("estimator", ["inverse-variance", "debevec", "mertens"])
@pytest.mark.parametrize("method", ["auto", "none"])
def test_tiny_pictures_are_merged(tmp_path, size, estimator, method):
    for k, value in enumerate((40, 90, 180)):
        cv2.imwrite(str(tmp_path / f"a_{4**k}.png"), np.full((size[1], size[0], 3), value, np.uint8))
    options = MergeOptions(estimator=estimator)
    result = merge(tmp_path, CAMERA.response_curve(), options, AlignmentOptions(method=method))
    pixels = result.fused if result.radiance is None else result.radiance.pixels
    assert pixels.shape == (size[1], size[0], 3)
    assert np.isfinite(pixels).all()


def test_one_pixel_determines_no_curve_and_the_error_says_so(tmp_path):
    for k, value in enumerate((40, 90, 180)):
        cv2.imwrite(str(tmp_path / f"a_{4**k}.png"), np.full((1, 1, 3), value, np.uint8))
    for run in (calibrate, merge):
        with pytest.raises(HdrkitError) as caught:
            run(tmp_path)
        assert len(str(caught.value).splitlines()) == 1


def test_all_brackets_are_calibrated_together_and_bad_ones_are_listed(tmp_path, shoot):
    for seed, name in enumerate(("a", "b")):
        shoot(tmp_path / name, seed=seed, times_s=(1 / 64, 1 / 16, 1 / 4, 1))
    shoot(tmp_path / "c", times_s=(1,))
    moves = []
    result = calibrate(tmp_path, CalibrationOptions(samples=2000), STILL, progress=lambda *step: moves.append(step))
    assert [bracket.name for bracket in result.report.brackets] == ["a", "b"]
    assert len(result.report.skipped) == 1
    assert result.report.skipped[0].bracket == "c"
    assert "c/0.png" in str(result.report.skipped[0])
    assert moves[0] == ("reading brackets", 0, 3)
    assert moves[-1] == ("reading brackets", 3, 3)
    stacks = [load(bracket) for bracket in find_brackets([tmp_path / "a", tmp_path / "b"]).brackets]
    again = calibrate(stacks, CalibrationOptions(samples=2000), STILL)
    np.testing.assert_array_equal(again.response.ln_exposure, result.response.ln_exposure)


def test_nothing_usable_is_an_error_that_names_the_first(tmp_path, shoot):
    for name in ("a", "b"):
        shoot(tmp_path / name, times_s=(1,))
    with pytest.raises(InputError, match=r"none of 2 brackets.*a/0\.png"):
        calibrate(tmp_path)


def test_calibration_of_a_dark_bracket_fails_with_a_reason(tmp_path):
    for k in range(3):
        cv2.imwrite(str(tmp_path / f"a_{4**k}.png"), np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(CalibrationError) as caught:
        calibrate(tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_range_of_a_set(tmp_path, shoot):
    shoot(tmp_path / "a")
    shoot(tmp_path / "b", times_s=(1 / 8, 16))
    brackets = find_brackets(tmp_path).brackets
    low, high = ln_range(brackets, CAMERA.response_curve())
    short = ln_range(brackets[:1], CAMERA.response_curve())
    assert high == pytest.approx(short[1])
    assert low == pytest.approx(short[0] - np.log(16))
    with pytest.raises(InputError, match="--response"):
        ln_range(brackets, None)


def test_provenance_of_a_curve(tmp_path):
    curve = stamped(CAMERA.response_curve(), [tmp_path / "a", "b\n"])
    assert curve.metadata["input_directory"] == f"{tmp_path / 'a'}, b\\n"
    assert curve.metadata["timestamp_utc"].endswith("Z")


def test_the_library_is_silent(tmp_path, shoot, capfd):
    shoot(tmp_path)
    calibrate(tmp_path)
    merge(tmp_path)
    read_bracket(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_the_bracket_is_left_as_it_was(tmp_path, shoot):
    shoot(tmp_path)
    stack = read_bracket(tmp_path)
    before = [frame.pixels.copy() for frame in stack.frames]
    merge(stack)
    calibrate(stack)
    for frame, pixels in zip(stack.frames, before, strict=True):
        np.testing.assert_array_equal(frame.pixels, pixels)
    assert isinstance(stack.bracket.photos[0], Photo)


def test_a_frame_that_cannot_be_placed_is_left_out_once_the_camera_has_moved():

    still = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    lost = FrameAlignment("lost.jpg", still, "identity", None, "too little in common")
    frame = Frame(np.zeros((100, 200, 3), np.uint8))
    for shift, left_out in ((30.0, [2]), (1.2, [2]), (0.8, [])):  # of 200 pixels
        moved = FrameAlignment("moved.jpg", ((1.0, 0.0, shift), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), "ecc", 0.1)
        report = AlignmentReport("auto", "a.jpg", (FrameAlignment("a.jpg", still, "reference", None), moved, lost))
        assert strays(report, frame) == left_out


@pytest.mark.parametrize("estimator", ["inverse-variance", "mertens"])
def test_frames_of_different_views_are_told_when_they_are_aligned(estimator):
    times = (1 / 16, 1 / 8, 1 / 4)
    for seeds, told in (((0, 0, 0), False), ((0, 1, 2), True)):
        frames = [simulate_bracket(chart(192, 128, stops=4, seed=seed), CAMERA, times, 0)[k] for k, seed in enumerate(seeds)]
        photos = tuple(frame.photo for frame in frames)
        result = merge(Stack(Bracket("mixed", photos, 1), tuple(frames)), CAMERA.response_curve(), MergeOptions(estimator))
        assert any("could not be aligned; check that they show one view" in line for line in result.report.warnings) is told


def test_frames_of_different_views_are_told_when_ghosts_are_looked_for():
    times = (1 / 16, 1 / 4, 1.0)
    photos = tuple(frame.photo for frame in simulate_bracket(chart(96, 64, stops=6), CAMERA, times, 0))
    for seeds, told in (((0, 0, 0), False), ((0, 1, 2), True)):
        frames = [simulate_bracket(chart(96, 64, stops=6, seed=seed), CAMERA, times, 0)[k] for k, seed in enumerate(seeds)]
        result = merge(Stack(Bracket("mixed", photos, 1), tuple(frames)), CAMERA.response_curve(), alignment=STILL)
        assert any("show one view" in line for line in result.report.warnings) is told
