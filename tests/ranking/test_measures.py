"""Blur that was planted is found again, whatever the exposure and the noise."""

import cv2
import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import spearmanr

from hdrkit.errors import InputError
from hdrkit.ranking import compare_sharpness, sharpness
from hdrkit.ranking.detail import CELL, measure_detail
from hdrkit.ranking.measures import details_of, half_size
from hdrkit.ranking.registration import Lattice, outline, shift_between
from hdrkit.simulate import SimulatedCamera, metered_times, warp

BLURS = (0.6, 0.9, 1.3, 1.9, 2.8, 4.0)  # pixels, standard deviation


def scene(height: int = 480, width: int = 640, seed: int = 3) -> np.ndarray:
    """Radiance (H, W, 1) over eight stops: lit and dark surfaces with edges, each with grain of every size."""
    rng = np.random.default_rng(seed)
    ln = np.zeros((height, width))
    for size, strength in ((160, 1.0), (80, 0.6), (40, 0.3)):
        rough = rng.standard_normal((height // size + 1, width // size + 1))
        ln += strength * np.kron(rough, np.ones((size, size)))[:height, :width]
    for size in (2, 4, 8, 16):
        grain = ndimage.zoom(rng.standard_normal((height // size + 1, width // size + 1)), size, order=1)
        ln += 0.06 * grain[:height, :width]
    return np.exp(ln)[..., None].astype(np.float32)


def shots(blurs, evs, full_well_e=20_000.0, seed=3, moves=None, subject=None, around=0.0):
    """A photograph for each pair of blur and exposure, as codes (H, W) out of a JPEG.

    `subject` (H, W, 1) is where that blur is, the rest is blurred by `around`.
    """
    light, camera = scene(seed=seed), SimulatedCamera(full_well_e=full_well_e)
    found = []
    for k, (blur, ev) in enumerate(zip(blurs, evs, strict=True)):
        blurred = ndimage.gaussian_filter(light, (blur, blur, 0))
        if subject is not None:
            blurred = subject * blurred + (1 - subject) * ndimage.gaussian_filter(light, (around, around, 0))
        if moves is not None:
            blurred = warp(blurred, moves[k])
        [time] = metered_times(light, [ev])
        codes = camera.shoot(blurred, time, np.random.default_rng([seed, k]))
        found.append(cv2.imdecode(cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, 92])[1], cv2.IMREAD_GRAYSCALE))
    return found


def agreement(blurs, values) -> float:
    """Rank correlation of sharpness with the absence of blur."""
    return -spearmanr(blurs, values).statistic


@pytest.mark.parametrize("full_well_e", [20_000.0, 2_000.0])
@pytest.mark.parametrize("seed", [3, 11])
def test_blur_is_ranked_across_exposures_and_noise(seed, full_well_e):
    blurs = [blur for blur in BLURS for _ in range(2)]
    evs = np.random.default_rng(seed).permuted(np.tile([-2.0, 2.0], (len(BLURS), 1)), axis=1).ravel()
    pictures = shots(blurs, evs, full_well_e, seed)
    assert agreement(blurs, compare_sharpness(pictures)) >= 0.98


def test_exposure_fools_the_laplacian_and_not_us():
    evs = (-2.0, -1.2, -0.4, 0.4, 1.2, 2.0)
    blurs = [0.6 * 1.12**k for k in range(len(evs))]
    pictures = shots(blurs, evs)  # the softer the brighter
    assert agreement(blurs, [sharpness(picture, "laplacian") for picture in pictures]) < 0.6
    assert agreement(blurs, compare_sharpness(pictures)) >= 0.98


def test_hand_held_pictures_are_compared_where_they_show_the_same():
    rng = np.random.default_rng(5)
    moves = [np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]]) for x, y in rng.uniform(-12, 12, (len(BLURS), 2))]
    evs = (1.5, -2.0, 0.0, 2.0, -1.0, 1.0)
    assert agreement(BLURS, compare_sharpness(shots(BLURS, evs, moves=moves))) >= 0.98


@pytest.mark.parametrize("around", [0.6, 12.0], ids=["before what is sharp", "before blur"])
@pytest.mark.parametrize("share", [0.05, 0.35])
def test_a_subject_decides_where_it_alone_changes(share, around):
    blurs = np.repeat(BLURS, 2)[[4, 0, 9, 11, 2, 7, 5, 1, 10, 3, 8, 6]]
    height, width = (int(side * share**0.5) for side in (480, 640))
    subject = np.zeros((480, 640, 1), np.float32)
    subject[120 : 120 + height, 150 : 150 + width] = 1
    subject = ndimage.gaussian_filter(subject, (4, 4, 0))
    found = compare_sharpness(shots(blurs, np.zeros(len(blurs)), subject=subject, around=around))
    assert agreement(blurs, found) >= 0.95
    assert blurs[np.argmax(found)] == min(BLURS)


def test_someone_who_walks_through_does_not_change_the_order():
    evs = (1.0, -1.0, 0.0, 1.0, -1.0, 0.0)
    blurs = [0.6 * 1.12**k for k in range(len(evs))]
    pictures, others = shots(blurs, evs), shots([0.6] * len(evs), evs, seed=11)
    for k, (picture, other) in enumerate(zip(pictures, others, strict=True)):
        picture[100:350, 80 * k : 80 * k + 100] = other[100:350, 80 * k : 80 * k + 100]
    assert agreement(blurs, compare_sharpness(pictures)) >= 0.98


def test_a_picture_that_fits_none_leaves_the_others_compared():
    evs = (-2.0, -1.2, -0.4, 0.4, 1.2, 2.0)
    blurs = [0.6 * 1.12**k for k in range(len(evs))]
    pictures, [foreign] = shots(blurs, evs), shots((1.0,), (0.0,), seed=11)
    alone = [sharpness(picture) for picture in pictures]
    assert agreement(blurs, alone) < 0.95
    found = compare_sharpness([*pictures[:2], np.zeros_like(foreign), pictures[2], foreign, *pictures[3:]])
    assert np.isnan(found[2])
    assert found[4] == sharpness(foreign)
    ours = found[[0, 1, 3, 5, 6, 7]]
    assert agreement(blurs, ours) >= 0.98
    assert ours.mean() == pytest.approx(np.mean(alone), rel=1e-6)


def test_a_camera_that_pans_is_followed():
    evs = (1.5, -1.5, 0.0, 1.0, -1.0, 0.5)
    blurs = [0.6 * 1.4**k for k in range(len(evs))]
    parts = [picture[:, 64 * k : 64 * k + 320] for k, picture in enumerate(shots(blurs, evs))]  # the last shows none of the first
    assert len({detail.view for detail in details_of([half_size(part) for part in parts])}) == 1
    assert agreement(blurs, compare_sharpness(parts)) >= 0.98


def test_noise_is_not_taken_for_detail():
    clean, noisy = (shots((2.0,), (0.0,), full_well_e)[0] for full_well_e in (40_000.0, 800.0))
    assert sharpness(noisy, "laplacian") > 2 * sharpness(clean, "laplacian")
    assert sharpness(noisy) == pytest.approx(sharpness(clean), rel=0.15)


def test_other_pictures_are_compared_as_single_ones():
    pictures = [shots((0.6,), (0.0,), seed=3)[0], shots((4.0,), (0.0,), seed=11)[0]]
    assert compare_sharpness(pictures).tolist() == [sharpness(picture) for picture in pictures]


def test_nothing_to_see_is_not_a_number():
    assert np.isnan(sharpness(np.zeros((200, 300), np.uint8)))
    assert np.isnan(compare_sharpness([np.full((64, 64), 128, np.uint8)] * 2)).all()
    assert np.isnan(sharpness(np.zeros((3, 3), np.uint8)))


def test_the_laplacian_is_that_of_the_textbook():
    pixels = np.random.default_rng(3).integers(0, 256, (80, 120), np.uint8)
    half = half_size(pixels)[6:34, 9:51].astype(float)  # 15 % off each side
    expected = ndimage.convolve(half, np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]), mode="mirror").var()
    assert sharpness(pixels, "laplacian") == pytest.approx(expected)


def test_pictures_of_any_kind_are_measured_alike():
    gray = shots((1.0,), (0.0,))[0]
    value = sharpness(gray)
    assert sharpness(gray[..., None]) == value
    assert sharpness(np.repeat(gray[..., None], 3, axis=2)) == value
    assert sharpness(gray.astype(np.uint16) * 257) == pytest.approx(value, rel=0.02)
    for pixels in (gray.astype(np.float32), gray[0], np.zeros((8, 8, 4), np.uint8), gray[:0]):
        with pytest.raises(InputError, match="uint8 or uint16"):
            sharpness(pixels)
    with pytest.raises(InputError, match="detail or laplacian, not 'edges'"):
        sharpness(gray, "edges")
    assert compare_sharpness([]).shape == (0,)


def test_a_lattice_is_fixed_to_what_is_seen():
    half = half_size(shots((0.6,), (0.0,))[0])
    whole = measure_detail(half)
    moved = measure_detail(half[10:, 21:], (-21.0, -10.0))
    assert moved.first == (1, 2)
    assert moved.start == (CELL - 10, 2 * CELL - 21)
    both = (moved.weight > 0) & (whole.weight[1:, 2:] > 0)
    assert both.mean() > 0.1
    assert moved.ratio[both] == pytest.approx(whole.ratio[1:, 2:][both], abs=0.05)
    assert moved.pixel_of((3, 5)) == (2 * (5 * CELL + CELL // 2 - 21), 2 * (3 * CELL + CELL // 2 - 10))


@pytest.mark.parametrize("ev", [-2.0, 2.0])
def test_shifts_are_found_across_exposures(ev):
    reference, other = (outline(half_size(one)) for one in shots((0.6, 1.2), (0.0, ev)))
    assert shift_between(other, reference) == pytest.approx((0, 0), abs=0.3)
    moves = [np.eye(3), np.array([[1, 0, 14.0], [0, 1, -9.0], [0, 0, 1]])]
    reference, other = (outline(half_size(one)) for one in shots((0.6, 1.2), (0.0, ev), moves=moves))
    assert shift_between(other, reference) == pytest.approx((7, -4.5), abs=0.3)


def test_what_does_not_fit_begins_a_lattice_of_its_own():
    first, second = (outline(half_size(shots((0.6,), (0.0,), seed=seed)[0])) for seed in (3, 11))
    lattice = Lattice()
    assert lattice.locate(first) == ((0.0, 0.0), 0)
    assert lattice.locate(second) == ((0.0, 0.0), 1)
    assert lattice.locate(second)[1] == 1
    assert lattice.locate(first) == (pytest.approx((0, 0), abs=1e-6), 0)


def test_shifts_of_a_narrow_picture_are_in_its_pixels():
    scene_part = half_size(shots((0.6,), (0.0,))[0])[:, :39]
    tall = np.concatenate([np.roll(scene_part, 7 * k) for k in range(11)])[:2560]  # 10 pixels a pixel that is compared
    assert shift_between(outline(np.roll(tall, 40, 0)), outline(tall)) == pytest.approx((0, 40), abs=4)
