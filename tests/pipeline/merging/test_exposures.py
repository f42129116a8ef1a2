"""Exposures from pixels: planted ones come back, wrong ones are named, corrected only on request, and impossible ones refused."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.calibrate import calibrate_samples
from hdrkit.calibration.exposures import guessed_exposures, measured_exposures, steps_of
from hdrkit.calibration.options import CalibrationMethod, CalibrationOptions, Sampling
from hdrkit.calibration.sampling import take_samples
from hdrkit.errors import CalibrationError, ExposureError
from hdrkit.inputs.options import InputOptions
from hdrkit.pipeline.calibrate import calibrate
from hdrkit.pipeline.merge import merge
from hdrkit.pipeline.merging.exposures import exposures_of
from hdrkit.pipeline.merging.response import UsedResponse
from hdrkit.simulate import SimulatedCamera, chart, metered_times, simulate_bracket
from hdrkit.types import Bracket, ExposureSource, Frame, ResponseCurve, Stack

CAMERA = SimulatedCamera("srgb")
STILL = AlignmentOptions(method="none")
ESTIMATE = InputOptions(estimate_exposures=True)


@cache
def shoot(response: str = "srgb", steps=(-4, -2, 0, 2, 4)):
    radiance = chart(160, 120, stops=14, seed=2)
    times = metered_times(radiance, steps)
    return simulate_bracket(radiance, SimulatedCamera(response), times, seed=2), times


def stack(frames, stated) -> Stack:
    photos = tuple(
        replace(frame.photo, exposure=None if t is None else replace(frame.photo.exposure, time_s=t))
        for frame, t in zip(frames, stated, strict=True)
    )
    return Stack(Bracket("view", photos, reference=len(photos) // 2), tuple(frames))


def off_ev(found, times) -> np.ndarray:
    return np.log2(np.asarray(found) / np.asarray(times))


def wrong(times, index: int, ev: float = 0.5) -> list[float]:
    return [t * 2**ev if k == index else t for k, t in enumerate(times)]


@pytest.mark.parametrize("index", range(5))
def test_a_wrong_exposure_is_measured_under_a_known_curve(index):
    frames, times = shoot()
    ln_exposures, offsets = measured_exposures(frames, wrong(times, index), CAMERA.response_curve())
    np.testing.assert_allclose(off_ev(np.exp(ln_exposures + offsets.value), times), 0, atol=0.005)
    assert offsets.known.all()
    steps = steps_of("view", list("abcde"), ln_exposures, offsets, slice(0, 5))
    assert [step.contradicts for step in steps] == [index in (k, k + 1) for k in range(4)]


def test_two_frames_are_judged_where_the_curve_is_known():
    frames, times = shoot(steps=(-1, 1))
    for ev, contradicts in ((0.0, False), (0.6, True)):
        ln_exposures, offsets = measured_exposures(frames, wrong(times, 1, ev), CAMERA.response_curve())
        (step,) = steps_of("view", ["a", "b"], ln_exposures, offsets, slice(0, 2))
        assert step.estimated_ev == pytest.approx(2, abs=0.005)
        assert step.contradicts == contradicts


def test_light_needs_no_curve():
    frames, times = shoot("linear")
    light = [Frame((frame.pixels / 255).astype(np.float32), white=np.inf) for frame in frames]
    ln_exposures, offsets = measured_exposures(light, wrong(times, 1), None)
    np.testing.assert_allclose(off_ev(np.exp(ln_exposures + offsets.value), times)[offsets.known], 0, atol=0.02)


def test_nominal_times_raise_no_alarm():
    frames, times = shoot()
    rng = np.random.default_rng(4)
    for _ in range(5):
        stated = [t * 2 ** rng.uniform(-0.05, 0.05) for t in times]
        for report in (merge(stack(frames, stated), alignment=STILL).report,
                       merge(stack(frames, stated), CAMERA.response_curve(), alignment=STILL).report):  # fmt: skip
            assert not any(step.contradicts for step in report.steps)
            assert not report.warnings


@pytest.mark.parametrize("given", [True, False])
def test_merge_names_a_wrong_exposure_and_corrects_it(given):
    frames, times = shoot()
    curve = CAMERA.response_curve() if given else None
    stated = wrong(times, 3)
    corrected = merge(stack(frames, stated), curve, alignment=STILL).report
    truth = stack(frames, times).bracket.relative_exposures()
    np.testing.assert_allclose(off_ev(corrected.exposures, truth), 0, atol=0.01)
    told = [line for line in corrected.warnings if "but the pixels show" in line]
    assert len(told) == 2
    assert all(line.endswith("the merge uses what the pixels show") for line in told)
    assert [one.stated for one in corrected.estimated] == pytest.approx(stack(frames, stated).bracket.relative_exposures())
    assert corrected.trusted
    assert corrected.prediction.error < 3
    requested = merge(stack(frames, stated), curve, alignment=STILL, inputs=ESTIMATE)
    np.testing.assert_allclose(off_ev(requested.report.exposures, truth), 0, atol=0.005)
    assert requested.report.warnings == ()
    right = merge(stack(frames, times), curve, alignment=STILL)
    ratio = requested.radiance.pixels / np.maximum(right.radiance.pixels, 1e-9)
    assert (np.abs(np.median(ratio) - 1) < 0.01).all()


def test_a_curve_that_contradicts_the_frames_is_not_trusted():
    frames, times = shoot()
    foreign = ResponseCurve(3 * CAMERA.response_curve().ln_exposure)
    report = merge(stack(frames, times), foreign, alignment=STILL).report
    assert not report.trusted
    assert report.warnings[-1].startswith("not trusted: with this curve")
    assert merge(stack(frames, times), CAMERA.response_curve(), alignment=STILL).report.trusted


def test_frames_without_an_area_in_common_are_not_judged():
    frames, times = shoot()
    beside = replace(frames[1], motion=np.array([[1.0, 0, 1000], [0, 1, 0], [0, 0, 1]]))
    apart = stack([frames[0], beside], times[:2])
    used = exposures_of(apart, UsedResponse(CAMERA.response_curve(), "given"), estimate=False)
    assert used.stack is apart
    assert (used.steps, used.estimated, used.prediction) == ((), (), None)


def test_missing_exposures_are_filled_in():
    frames, times = shoot()
    stated = [times[0], times[1], None, times[3], times[4]]
    with pytest.raises(ExposureError, match="--exposures estimate"):
        merge(stack(frames, stated), alignment=STILL)
    truth = stack(frames, times).bracket.relative_exposures()
    for curve in (None, CAMERA.response_curve()):
        result = merge(stack(frames, stated), curve, alignment=STILL, inputs=ESTIMATE)
        np.testing.assert_allclose(off_ev(result.report.exposures, truth), 0, atol=0.005)
        assert result.report.estimated[2].stated is None
    curve = calibrate(stack(frames, stated), alignment=STILL, inputs=ESTIMATE)
    assert curve.report.estimated[2].stated is None
    difference = (curve.response.ln_exposure - CAMERA.response_curve().ln_exposure)[8:248]
    assert (np.std(difference, axis=0) < 0.006).all()


def test_the_ways_out_of_a_missing_exposure_lead_somewhere():
    frames, times = shoot()
    unknown = stack(frames, [None] * 5)
    for curve, offered in ((None, False), (CAMERA.response_curve(), True)):
        with pytest.raises(ExposureError, match="--ev -2,0,2 or --exposures FILE.csv.*--estimator mertens") as told:
            merge(unknown, curve, alignment=STILL)
        assert ("--exposures estimate" in str(told.value)) is offered
    for stated, offered in (([None] * 5, False), ([*times[:3], None, None], True)):
        with pytest.raises(ExposureError, match="--ev") as told:
            calibrate(stack(frames, stated), alignment=STILL)
        assert ("--exposures estimate" in str(told.value)) is offered
        assert "mertens" not in str(told.value)


@pytest.mark.parametrize(("source", "seconds"), [(ExposureSource.EXIF, True), (ExposureSource.EV, False)])
def test_estimates_are_shutter_times_where_times_are_known(source, seconds):
    frames, times = shoot()
    stated = stack(frames, [*times[:4], None])
    photos = [replace(p, exposure=p.exposure and replace(p.exposure, f_number=4.0, source=source)) for p in stated.bracket.photos]
    stated = Stack(replace(stated.bracket, photos=tuple(photos)), frames)
    merged = merge(stated, CAMERA.response_curve(), alignment=STILL, inputs=ESTIMATE).report
    calibrated = calibrate(stated, alignment=STILL, inputs=ESTIMATE).report
    for report in (merged, calibrated):
        found = [one.time_s for one in report.estimated]
        assert found == [None] * 5 if not seconds else np.allclose(off_ev(found, times), 0, atol=0.01)


def test_numbers_in_names_are_doubted_where_they_do_not_fit():
    frames, times = shoot()
    for source in (ExposureSource.FILENAME, ExposureSource.EXIF):
        lying = stack(frames, (times[0], times[3], times[2], times[1], times[4]))
        photos = tuple(replace(p, exposure=replace(p.exposure, source=source)) for p in lying.bracket.photos)
        report = merge(Stack(replace(lying.bracket, photos=photos), frames), alignment=STILL).report
        assert not report.trusted
        told = any("numbers at the end of the file names" in line for line in report.warnings)
        assert told is (source is ExposureSource.FILENAME)
        dark_to_bright = "frame_0.png, frame_1.png, frame_2.png, frame_3.png, frame_4.png"
        assert any(f"not in the order of brightness, which is {dark_to_bright}," in line for line in report.warnings)


def test_a_known_curve_needs_one_exposure_or_none_at_all():
    frames, times = shoot()
    truth = np.array(stack(frames, times).bracket.relative_exposures())
    one = merge(stack(frames, [None, None, times[2], None, None]), CAMERA.response_curve(), alignment=STILL, inputs=ESTIMATE)
    np.testing.assert_allclose(off_ev(one.report.exposures, truth), 0, atol=0.005)
    none = merge(stack(frames, [None] * 5), CAMERA.response_curve(), alignment=STILL, inputs=ESTIMATE)
    np.testing.assert_allclose(off_ev(none.report.exposures, truth / truth[2]), 0, atol=0.005)
    assert any("no exposure is stated" in line for line in none.report.warnings)


@pytest.mark.parametrize("known", [(), (2,)])
def test_neither_curve_nor_exposures_is_refused(known):
    frames, times = shoot()
    stated = [t if k in known else None for k, t in enumerate(times)]
    with pytest.raises(ExposureError, match="neither the response curve nor two different exposures") as caught:
        merge(stack(frames, stated), alignment=STILL, inputs=ESTIMATE)
    assert "\n" not in str(caught.value)


def test_a_frame_without_pixels_cannot_be_estimated():
    frames, times = shoot(steps=(-14, -2, 0, 2, 4))
    with pytest.raises((ExposureError, CalibrationError), match=r"frame_0\.png: .*give it with --exposures FILE\.csv"):
        merge(stack(frames, [None, *times[1:]]), CAMERA.response_curve(), alignment=STILL, inputs=ESTIMATE)


def test_a_guess_is_rough_but_in_order():
    frames, times = shoot()
    guess = guessed_exposures(frames, [times[0], None, None, None, times[4]])
    np.testing.assert_allclose(off_ev(guess, times), 0, atol=0.6)
    assert list(guess) == sorted(guess)
    assert guessed_exposures(frames, times) == tuple(times)


@pytest.mark.parametrize("method", CalibrationMethod)
def test_every_method_gains_from_corrected_exposures(method):
    frames, times = shoot()
    options = CalibrationOptions(method=method)
    samples = take_samples("view", frames, wrong(times, 1), Sampling.HISTOGRAM, 4000, 0)
    right = take_samples("view", frames, times, Sampling.HISTOGRAM, 4000, 0)
    truth = calibrate_samples([right], options).response.ln_exposure
    corrected = calibrate_samples([samples], options, estimate_exposures=True)
    np.testing.assert_allclose(corrected.response.ln_exposure[16:240], truth[16:240], atol=0.02)
    assert [one.frame for one in corrected.report.estimated] == list(samples.names)


def test_brackets_with_errors_of_their_own_are_told_apart():
    samples = []
    for scene in range(3):
        radiance = chart(160, 120, stops=14, seed=scene)
        times = metered_times(radiance, (-3, -1, 1, 3))
        frames = simulate_bracket(radiance, CAMERA, times, seed=scene)
        samples.append(take_samples(str(scene), frames, wrong(times, scene), Sampling.HISTOGRAM, 4000, 0))
    steps = calibrate_samples(samples).report.steps
    assert [step.contradicts for step in steps] == [scene in (k, k + 1) for scene in range(3) for k in range(3)]


def test_the_corrected_frames_say_that_they_are_estimated():
    from hdrkit.pipeline.merging.exposures import checked_exposures, with_exposures

    frames, times = shoot()
    one = stack(frames, wrong(times, 0))
    _, estimated = checked_exposures(one, CAMERA.response_curve(), True)
    photos = with_exposures(one, estimated).bracket.photos
    assert {photo.exposure.source for photo in photos} == {ExposureSource.ESTIMATED}
    np.testing.assert_allclose(off_ev([photo.exposure.time_s for photo in photos], times), 0, atol=0.005)


def test_a_linear_curve_of_sixteen_bits_tells_absolutely():
    radiance = chart(160, 120, stops=14, seed=1)
    times = metered_times(radiance, (-2, 0, 2))
    camera = SimulatedCamera("linear", bits=14)
    frames = simulate_bracket(radiance, camera, times, seed=1)
    stated = [t**1.1 for t in times]  # a power that a curve of its own would hide
    ln_exposures, offsets = measured_exposures(frames, stated, ResponseCurve.identity(frames[0].levels))
    found = off_ev(np.exp(ln_exposures + offsets.value), times)
    np.testing.assert_allclose(found - found[1], 0, atol=0.005)
