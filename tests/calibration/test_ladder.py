"""The choice between solutions: each frame is predicted from the others, and what fails is not trusted."""

from dataclasses import replace

import numpy as np
import pytest

from hdrkit.calibration.calibrate import calibrate_samples
from hdrkit.calibration.family import ordinary_curve
from hdrkit.calibration.ladder import Solution
from hdrkit.calibration.options import CalibrationMethod, CalibrationOptions, Sampling
from hdrkit.calibration.prediction import LOST, predict, predict_frames
from hdrkit.calibration.sampling import Samples, take_samples
from hdrkit.simulate import SimulatedCamera, chart, metered_times, simulate_bracket
from hdrkit.types import Frame

CAMERA = SimulatedCamera("srgb")
TRUTH = CAMERA.response_curve()
STEPS = (-4, -2, 0, 2, 4)


def shoot(seed: int = 0) -> tuple[list[Frame], list[float]]:
    radiance = chart(160, 120, stops=14, seed=seed)
    times = metered_times(radiance, STEPS)
    return simulate_bracket(radiance, CAMERA, times, seed=seed), times


def sample(frames, times) -> Samples:
    return take_samples("view", frames, times, Sampling.HISTOGRAM, 4000, 0)


def test_the_true_curve_predicts_every_frame_and_a_wrong_one_does_not():
    frames, times = shoot()
    right = predict([sample(frames, times)], TRUTH.ln_exposure)
    assert len(right.frames) == len(frames)
    assert right.error < 1.5
    assert right.deviation < 0.02
    for wrong in (2 * TRUTH.ln_exposure, np.zeros_like(TRUTH.ln_exposure)):
        assert predict([sample(frames, times)], wrong).error > LOST


def test_a_slow_loop_over_pixels_predicts_the_same():
    """Of two frames, each is predicted from the other alone, so no weights are needed."""
    frames, times = shoot()
    one = sample(frames[2:4], times[2:4])
    g, errors = TRUTH.ln_exposure, ([], [])
    for pixel in one.codes:
        for k, other in ((0, 1), (1, 0)):
            for c in range(3):
                if (pixel[other] <= 250).all() and pixel[other, c] >= 5 and 12 <= pixel[k, c] <= 243:
                    ln_exposure = g[pixel[other, c], c] - one.ln_times[other] + one.ln_times[k]
                    errors[k].append(abs(np.interp(ln_exposure, g[:, c], np.arange(256)) - pixel[k, c]))
    found = predict([one], g)
    assert found.frames == pytest.approx([np.median(of_frame) for of_frame in errors], abs=1e-4)
    assert found.high == pytest.approx(np.percentile(np.concatenate(errors), 90), abs=1e-4)


def test_frames_are_predicted_as_samples_are():
    frames, times = shoot()
    assert predict_frames(frames, times, TRUTH).error == pytest.approx(
        predict([sample(frames, times)], TRUTH.ln_exposure).error, abs=0.5
    )


def test_a_curve_that_collapsed_is_not_sound():
    frames, times = shoot()
    one = sample(frames, times)
    flat = np.zeros_like(TRUTH.ln_exposure)
    assert not Solution("flat", None, flat, (one,), predict([one], flat), (0, 0, 0)).sound
    assert Solution("true", None, TRUTH.ln_exposure, (one,), predict([one], TRUTH.ln_exposure), (0, 0, 0)).sound


def test_a_list_that_lies_is_told_and_not_trusted():
    frames, _ = shoot()
    result = calibrate_samples([sample(frames, [1.0, 1.4, 2.2, 20.0, 26.0])])
    assert not result.report.trusted
    assert any(note.startswith("not trusted: ") for note in result.report.notes)


def test_every_frame_processed_by_itself_is_not_trusted():
    """A phone that lifts each frame to the same brightness: no curve describes them all."""
    frames, times = shoot()
    powers = [np.log(0.45) / np.log(frame.pixels.mean() / 255) for frame in frames]
    processed = [
        replace(frame, pixels=np.rint(255 * (frame.pixels / 255) ** power).astype(np.uint8))
        for frame, power in zip(frames, powers, strict=True)
    ]
    assert not calibrate_samples([sample(processed, times)]).report.trusted


@pytest.mark.parametrize("method", list(CalibrationMethod))
def test_every_method_reports_its_prediction(method):
    frames, times = shoot()
    report = calibrate_samples([sample(frames, times)], CalibrationOptions(method=method)).report
    assert report.trusted
    assert report.prediction.error < 3
    assert report.method == method


def test_the_ordinary_curve_without_contrast_is_that_of_srgb():
    assert ordinary_curve(256, 0.0)[5:] == pytest.approx(TRUTH.ln_exposure[5:, 0], abs=1e-3)
    assert (np.diff(ordinary_curve(256, 1.2)) >= 0).all()
