"""Blur that was planted on a face is found again, whatever the exposure, the noise and the size."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import spearmanr

from hdrkit.faces.focus import LARGEST, Focus, measure_focus
from hdrkit.types import Face
from tests.faces.drawn import drawn_face, face_of, photographed

drawn = cache(drawn_face)
BLURS = (0.0, 0.7, 1.2, 2.0, 3.0)


def focus(size: int, blur: float = 0.0, ev: float = 0.0, full_well_e: float = 20_000.0) -> Focus:
    return measure_focus(photographed(drawn(size), ev, full_well_e, blur), face_of(size))


@pytest.mark.parametrize("size", [40, 100, 400])
def test_focus_follows_the_blur_and_nothing_else(size):
    shots = [
        (blur, focus(size, blur * max(1, size / LARGEST), ev, full_well_e).value)
        for blur in BLURS
        for ev, full_well_e in ((0, 20_000), (-2, 2_000), (1, 20_000))
    ]
    known = [(blur, value) for blur, value in shots if value is not None]
    assert len(known) >= 0.9 * len(shots)
    assert spearmanr(*zip(*known, strict=True)).statistic < -0.95


def test_focus_does_not_follow_the_size():
    """The variance of the Laplacian changes by a factor of 2.5."""
    for blur in (0.7, 1.2, 2.0):
        values = [focus(size, blur).value for size in (60, 90, 130, 200)]
        assert max(values) - min(values) < 0.17
        assert np.mean(values) == pytest.approx(1 / np.sqrt(1 + blur**2), abs=0.1)


def test_a_large_face_is_measured_at_the_largest_size():
    large = focus(2 * LARGEST, 2.4).value
    assert large == pytest.approx(focus(LARGEST, 1.2).value, abs=0.1)


@pytest.mark.parametrize("size", [150, 230, 300, 390, 420])
def test_noise_puts_no_large_blurred_face_in_focus(size):
    """A reduction by a fraction makes the noise of neighbours alike: it was 0.98 here."""
    blurred = photographed(drawn(size), 0.0, 20_000, 4 * max(1, size / LARGEST)).astype(float)
    noise = np.random.default_rng(3).standard_normal(blurred.shape)
    values = [
        measure_focus(np.clip(blurred + sigma * noise, 0, 255).astype(np.uint8), face_of(size)).value for sigma in (0, 8, 20)
    ]
    assert max(values) < 0.35
    assert max(values) - min(values) < 0.1


def test_what_cannot_be_told_is_unknown():
    size = 80
    assert focus(16).why == "smaller than 24 pixels"
    assert focus(size, ev=6).why == "blown out"
    assert focus(size, ev=-8).why == "too dark"
    noise = np.random.default_rng(2).integers(90, 150, (size, size, 3), np.uint8)
    assert measure_focus(noise, face_of(40)).why == "too much noise"
    face = face_of(size)
    outside = Face(face.area, face.landmarks - 2 * size, 0.9)
    assert measure_focus(noise, outside) == Focus(None, "beyond the border of the photograph")
