"""What must hold for any frames: order, scale, repetition, finiteness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrkit.imaging.codes import Weight
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.simulate import SimulatedCamera
from hdrkit.types import Frame, NoiseModel, Validity

ESTIMATORS = list(Estimator)
CURVES = {bits: SimulatedCamera("srgb", bits=bits).response_curve() for bits in (8, 16)}
quickly = settings(deadline=None, max_examples=30, derandomize=True)

times = st.lists(st.floats(1e-5, 100), min_size=3, max_size=3, unique=True)
options = st.builds(
    MergeOptions,
    estimator=st.sampled_from(ESTIMATORS),
    weight=st.sampled_from(list(Weight)),
    clip=st.sampled_from([(1.0, 250.0), (0.0, 255.0), (20.0, 200.0)]),
    variance=st.just(True),
)


@st.composite
def brackets(draw):
    """Three frames of one size, 1 x 1 upwards: codes at random, with a good share of black and clipped ones."""
    bits, channels = draw(st.sampled_from([8, 16])), draw(st.sampled_from([1, 3]))
    height, width = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    top = 2**bits - 1
    frames = []
    for _ in range(3):
        kind = draw(st.sampled_from(["black", "clipped", "random", "mixed"]))
        pixels = {
            "black": np.zeros((height, width, channels)),
            "clipped": np.full((height, width, channels), top),
            "random": rng.integers(0, top, (height, width, channels), endpoint=True),
            "mixed": rng.choice([0, 1, top // 2, top - 1, top], (height, width, channels)),
        }[kind]
        valid = rng.random((height, width)) < 0.6 if draw(st.booleans()) else None
        frames.append(Frame(pixels.astype(np.uint8 if bits == 8 else np.uint16), white=float(top), valid=valid))
    return frames


def curve_of(frames):
    return CURVES[8 if frames[0].pixels.dtype == np.uint8 else 16]


@quickly
@given(brackets(), times, options)
def test_radiance_and_variance_are_finite_and_not_negative(frames, times, options):
    merged = merge_frames(frames, times, curve_of(frames), options)
    for values in (merged.radiance.pixels, merged.radiance.variance):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    everywhere = np.all(
        [frame.valid if frame.valid is not None else np.ones(frame.pixels.shape[:2], bool) for frame in frames], axis=0
    )
    np.testing.assert_array_equal((merged.radiance.validity & Validity.PARTIAL) == 0, everywhere)
    assert all(0 <= share <= 1 for share in merged.frame_use)


@quickly
@given(brackets(), times, options, st.permutations(range(3)))
def test_order_of_frames_does_not_matter(frames, times, options, order):
    merged = merge_frames(frames, times, curve_of(frames), options)
    shuffled = merge_frames([frames[i] for i in order], [times[i] for i in order], curve_of(frames), options)
    assert shuffled.radiance.pixels.tobytes() == merged.radiance.pixels.tobytes()
    assert shuffled.radiance.variance.tobytes() == merged.radiance.variance.tobytes()
    assert shuffled.radiance.validity.tobytes() == merged.radiance.validity.tobytes()
    assert shuffled.frame_use == tuple(merged.frame_use[i] for i in order)


@quickly
@given(brackets(), times, options)
def test_the_same_input_gives_the_same_bytes_and_is_left_alone(frames, times, options):
    before = [frame.pixels.copy() for frame in frames]
    one, other = (merge_frames(frames, times, curve_of(frames), options).radiance for _ in range(2))
    assert one.pixels.tobytes() == other.pixels.tobytes()
    assert one.variance.tobytes() == other.variance.tobytes()
    for frame, pixels in zip(frames, before, strict=True):
        np.testing.assert_array_equal(frame.pixels, pixels)


@quickly
@given(brackets(), times, options, st.floats(1e-3, 1e3))
def test_scaling_all_times_scales_radiance_by_the_inverse(frames, times, options, factor):
    merged = merge_frames(frames, times, curve_of(frames), options).radiance
    scaled = merge_frames(frames, [t * factor for t in times], curve_of(frames), options).radiance
    # Debevec sums logarithms of up to 20 in float32, and exp makes an absolute error a relative one.
    tolerance = 2e-5 if options.estimator is Estimator.DEBEVEC else 2e-6
    np.testing.assert_allclose(scaled.pixels * np.float64(factor), merged.pixels, rtol=tolerance)
    np.testing.assert_array_equal(scaled.validity, merged.validity)


@quickly
@given(brackets(), times, options.filter(lambda o: o.clip[1] < 255))
def test_longer_frames_without_information_change_nothing(frames, times, options):
    merged = merge_frames(frames, times, curve_of(frames), options)
    blown = Frame(np.full_like(frames[0].pixels, int(frames[0].white)), white=frames[0].white)
    if not all(np.any([f.valid is None or f.valid[i] for f in frames]) for i in np.ndindex(*frames[0].pixels.shape[:2])):
        frames = [frames[0], frames[1], Frame(frames[2].pixels, white=frames[2].white)]  # something to stand for every pixel
        merged = merge_frames(frames, times, curve_of(frames), options)
    longer = [*times, 2 * max(times), 4 * max(times)]
    more = merge_frames([*frames, blown, blown], longer, curve_of(frames), options)
    tolerance, electron = 2e-5 if options.estimator is Estimator.DEBEVEC else 2e-6, 0.0
    if options.estimator is Estimator.INVERSE_VARIANCE:  # what makes up for its bias counts on frames that the times promise
        electron = curve_of(frames).linear.max() / float(NoiseModel().full_well_e) / min(times)
    np.testing.assert_allclose(more.radiance.pixels, merged.radiance.pixels, rtol=tolerance, atol=electron)
    if not electron:
        np.testing.assert_array_equal(more.radiance.validity, merged.radiance.validity)
    np.testing.assert_array_equal((more.radiance.validity ^ merged.radiance.validity) & ~np.uint8(Validity.BLACK), 0)
    assert more.frame_use == (*merged.frame_use, 0, 0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("bits", [8, 16])
def test_more_light_never_looks_darker(estimator, bits):
    camera = SimulatedCamera("srgb", bits=bits, full_well_e=1e12, read_noise_e=0.0)
    light = np.geomspace(1e-4, 30, 2000).reshape(1, -1, 1) * np.ones((1, 1, 3))
    times = (0.04, 0.3, 2.0)
    frames = [Frame(camera.shoot(light, t, np.random.default_rng(0)), white=2.0**bits - 1) for t in times]
    merged = merge_frames(frames, times, CURVES[bits], MergeOptions(estimator=estimator)).radiance
    measured = merged.validity[0] == 0
    radiance = merged.pixels[0, measured, 0].astype(float)
    fall = np.log(np.maximum.accumulate(radiance) / radiance).max()
    assert measured.mean() > 0.9
    assert fall < 3e-4  # a tapering frame hands over to the next one, whose rounding differs
