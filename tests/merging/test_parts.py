"""Frames that moved or are trusted in part, and areas: merged band by band they give what they would as a whole."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hdrkit.imaging.warping import placed
from hdrkit.merging.fusion import fuse_frames
from hdrkit.merging.kernel import run_tables
from hdrkit.merging.linear import merge_float
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.merging.trust import BlockTrust
from hdrkit.merging.weights import build_tables
from hdrkit.simulate import SimulatedCamera
from hdrkit.types import Frame, ResponseCurve, Validity

ESTIMATORS = list(Estimator)
CURVE = SimulatedCamera("srgb").response_curve()
TIMES = (0.01, 0.05, 0.2)
HEIGHT, WIDTH = 300, 720  # several bands of the kernel, the last one not full
TURNED = np.array([[0.999, -0.02, 3.4], [0.02, 0.999, -1.7], [1e-5, 0, 1]])


def frames(dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    top = {np.uint8: 256, np.uint16: 65536}.get(dtype, 1)
    lowest = 0.03  # clear of black, whose bound rounding may cross
    return [Frame((rng.uniform(lowest, 1, (HEIGHT, WIDTH, 3)) * top).astype(dtype), white=float(max(top - 1, 1))) for _ in TIMES]


def merged(frames, options=None, **more):
    curve = None if frames[0].pixels.dtype == np.float32 else CURVE
    return merge_frames(frames, TIMES, curve, options or MergeOptions(variance=True), **more)


def summed(frames, which, estimator, trust=None):
    """Radiance, flags and variance of frames by the same tables, whichever of TIMES they belong to."""
    options, times = MergeOptions(estimator=estimator), [TIMES[k] for k in which]
    if frames[0].pixels.dtype == np.float32:
        return merge_float(frames, times, options, trust)
    clip = options.clip_codes(frames[0])
    tables = build_tables(CURVE, TIMES, clip, options)
    parts = {name: getattr(tables, name)[:, list(which)] for name in ("numerator", "denominator", "variance")}
    full = tables.full[list(which)]
    full[:-1][np.diff(which) == 0] = clip[1]  # a frame that is given again is clipped where it was
    return run_tables(frames, replace(tables, full=full, **parts), times, clip, True, trust)


def assert_same(one, other):
    assert one.radiance.pixels.tobytes() == other.radiance.pixels.tobytes()
    assert one.radiance.variance.tobytes() == other.radiance.variance.tobytes()
    assert one.radiance.validity.tobytes() == other.radiance.validity.tobytes()
    assert one.frame_use == other.frame_use


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_moved_frames_merge_as_if_they_had_been_resampled_first(dtype):
    short, middle, long = frames(dtype)
    moved = [replace(short, motion=TURNED), middle, replace(long, motion=np.linalg.inv(TURNED))]
    result, resampled = merged(moved).radiance, merged([placed(frame) for frame in moved]).radiance
    partial = (result.validity & Validity.PARTIAL) > 0
    assert 0 < partial.mean() < 0.3
    np.testing.assert_array_equal(partial, (resampled.validity & Validity.PARTIAL) > 0)
    for name in ("pixels", "variance", "validity"):
        np.testing.assert_array_equal(getattr(result, name)[~partial], getattr(resampled, name)[~partial])


def test_the_border_goes_on_as_the_frames_begin_that_do_not_reach_it():
    """The frame that covers the border alone is clipped there: what is shown is no white line, but as bright as beside it."""
    scene = np.broadcast_to(np.linspace(0.5, 0.9, 300)[None, :, None], (200, 300, 3))
    codes = [np.clip(255 * (scene * t) ** (1 / 2.2), 0, 255).astype(np.uint8) for t in (0.5, 4.0)]
    shift = np.array([[1, 0, -2.5], [0, 1, 1.5], [0, 0, 1]])
    short, long = Frame(codes[0], motion=shift), Frame(codes[1])
    curve = ResponseCurve(np.repeat(2.2 * np.log(np.maximum(np.arange(256), 0.5) / 255)[:, None], 3, axis=1))
    found = merge_frames([short, long], (0.5, 4.0), curve).radiance
    assert (found.validity[:, :4] == Validity.PARTIAL).all()
    assert found.pixels / scene == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_an_area_is_that_part_of_the_whole(dtype):
    short, middle, long = frames(dtype)
    moved = [replace(short, motion=TURNED), middle, long]
    whole = merged(moved).radiance
    part = merged(moved, area=(31, 222, 7, 100))
    for name in ("pixels", "variance", "validity"):
        np.testing.assert_array_equal(getattr(part.radiance, name), getattr(whole, name)[31:222, 7:100])
    assert part.radiance.pixels.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_frame_given_thrice_with_shares_of_trust_counts_once(estimator, dtype):
    short, middle, long = frames(dtype)
    rng = np.random.default_rng(9)
    first = rng.integers(1, 254, (HEIGHT, WIDTH))
    second = rng.integers(1, 255 - first)
    shares = [share.astype(np.uint8) for share in (first, second, 255 - first - second)]
    thrice = summed([short, middle, middle, middle, long], (0, 1, 1, 1, 2), estimator, [None, *shares, None])
    once = summed([short, middle, long], (0, 1, 2), estimator)
    np.testing.assert_array_equal(thrice[1], once[1])
    np.testing.assert_allclose(thrice[0], once[0], rtol=2e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_variance_follows_the_trust(estimator, dtype):
    short, middle, long = frames(dtype)
    options, curve = MergeOptions(estimator=estimator, variance=True), None if dtype is np.float32 else CURVE
    third, half = (np.full((HEIGHT, WIDTH), share, np.uint8) for share in (85, 127))

    def variance(*trust):
        return merge_frames([middle] * len(trust), [0.05] * len(trust), curve, options, trust).radiance

    measured = variance(None).validity == 0
    assert measured.mean() > 0.5
    alone = variance(None).variance[measured]
    np.testing.assert_allclose(variance(third).variance[measured], alone, rtol=2e-5)
    np.testing.assert_allclose(variance(half, half).variance[measured], alone / 2, rtol=2e-5)
    unequal = (1 + (85 / 255) ** 2) / (1 + 85 / 255) ** 2  # of two measurements of one quality, one trusted a third as much
    np.testing.assert_allclose(variance(None, third).variance[measured], alone * unequal, rtol=2e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_full_trust_changes_nothing_and_none_leaves_a_frame_out(estimator, dtype):
    bracket, options = frames(dtype), MergeOptions(estimator=estimator, variance=True)
    full, none = np.full((HEIGHT, WIDTH), 255, np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    assert_same(merged(bracket, options, trust=[full, full, None]), merged(bracket, options))
    doubted = summed(bracket, (0, 1, 2), estimator, [None, full, none])
    without = summed(bracket[:2], (0, 1), estimator)
    for one, other in zip(doubted[:3], without[:3], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_trust_and_area_go_together(dtype):
    bracket, rng = frames(dtype), np.random.default_rng(2)
    trust = [rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8), None, None]
    whole = merged(bracket, trust=trust).radiance.pixels
    np.testing.assert_array_equal(merged(bracket, trust=trust, area=(5, 295, 3, 60)).radiance.pixels, whole[5:295, 3:60])


def test_fusion_resamples_moved_frames_and_cuts():
    short, middle, long = frames()
    moved = [replace(short, motion=TURNED), middle, long]
    np.testing.assert_array_equal(fuse_frames(moved), fuse_frames([placed(frame) for frame in moved]))
    assert fuse_frames(moved, (10, 60, 0, 90)).shape == (50, 90, 3)


def test_trust_in_blocks_is_the_same_in_any_part():
    """Interpolated between the middles of the blocks, as a picture of them that is enlarged as a whole."""
    blocks = np.random.default_rng(2).integers(0, 256, (7, 9), np.uint8)
    trust = BlockTrust(blocks, 5, (33, 42))
    whole = cv2.resize(blocks.astype(np.float32), (45, 35), interpolation=cv2.INTER_LINEAR)[:33, :42]
    np.testing.assert_allclose(np.asarray(trust), whole, atol=0.51)
    for area in (np.s_[0:1, 0:42], np.s_[11:33, 7:20], np.s_[32:33, 41:42]):
        np.testing.assert_array_equal(trust[area], np.asarray(trust)[area])
