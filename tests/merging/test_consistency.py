"""One scene, one radiance: whichever frames measured it, and without a step where another frame takes over."""

from itertools import combinations

import numpy as np
import pytest

from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.simulate import SimulatedCamera, chart, metered_times, simulate_bracket

CAMERAS = [SimulatedCamera("srgb"), SimulatedCamera("scurve"), SimulatedCamera("linear", bits=14)]
IDS = [f"{camera.response}-{camera.bits}" for camera in CAMERAS]
STEPS = (-4, -2, 0, 2, 4)
ESTIMATORS = (Estimator.INVERSE_VARIANCE, Estimator.POISSON)


def merged(camera, frames, times, estimator=Estimator.INVERSE_VARIANCE):
    """Radiance in the unit in which radiance * time = 1 saturates, and where it was measured."""
    curve = camera.response_curve()
    options = MergeOptions(estimator=estimator, noise=camera.noise_model())
    radiance = merge_frames(frames, times, curve, options).radiance
    return radiance.pixels / curve.linear[-1], radiance.validity == 0


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("camera", CAMERAS, ids=IDS)
def test_any_frames_of_a_bracket_give_the_same_radiance(camera, estimator):
    radiance = chart(300, 200, stops=10)
    times = metered_times(radiance, STEPS)
    frames = simulate_bracket(radiance, camera, times, seed=5)
    whole, everywhere = merged(camera, frames, times, estimator)
    tone = np.digitize(np.log2(radiance), np.arange(-5, 5, 0.25))
    compared = 0
    for count in (2, 3, 4):
        for chosen in combinations(range(5), count):
            part, measured = merged(camera, [frames[i] for i in chosen], [times[i] for i in chosen], estimator)
            electrons = np.minimum(radiance * max(times[i] for i in chosen), 1) * camera.full_well_e
            both = (measured & everywhere)[..., None] & (electrons > 4 * camera.read_noise_e)
            for t in np.unique(tone):
                here = both & (tone == t)
                if here.sum() > 1000:
                    assert part[here].mean() == pytest.approx(whole[here].mean(), rel=0.02)
                    compared += 1
    assert compared > 500


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("camera", CAMERAS, ids=IDS)
@pytest.mark.parametrize("ramp", ["linear", "geometric"])
def test_no_step_shows_where_another_frame_takes_over(camera, estimator, ramp):
    times = tuple(4.0**k for k in range(-2, 3))
    most = 0.9 / min(times)  # every frame but the shortest clips somewhere on the way
    across = np.linspace(most / 800, most, 800) if ramp == "linear" else np.geomspace(1e-4 * most, most, 800)
    radiance = np.broadcast_to(across[None, :, None], (300, 800, 3)) * np.ones((1, 1, 3))
    frames = simulate_bracket(radiance, camera, times, seed=6)
    longest = [np.argmax(frame.pixels[0, :, 0] >= 0.98 * (camera.levels - 1)) for frame in frames[1:]]
    assert len(set(longest)) == 4
    found, measured = merged(camera, frames, times, estimator)
    assert measured.mean() > 0.99
    ratio = found.mean(axis=(0, 2)) / across
    noise = found.std(axis=(0, 2)) / across / 30  # of the mean over 900 pixels
    assert (np.abs(ratio - 1) < 0.005 + 5 * noise).all()
    step = ratio[20:].copy()
    step = np.abs(np.convolve(ratio, np.repeat([1, -1], 10) / 10, "valid"))
    doubt = np.convolve(noise, np.ones(20) / 20, "valid") * np.sqrt(2 / 10)
    assert (step < 0.002 + 5 * doubt).all()
