"""Colour: luminance and the sRGB curve against the numbers of the standard."""

import numpy as np

from hdrkit.imaging.colour import LUMINANCE, SRGB_LINEAR_BELOW, luminance_of, srgb_of_light, srgb_power


def test_the_luminance_of_white_is_1_and_that_of_a_primary_its_weight():
    assert LUMINANCE.sum() == np.float32(1)
    light = np.eye(3, dtype=np.float32)[None]
    np.testing.assert_array_equal(luminance_of(light)[0], LUMINANCE)


def test_the_curve_has_the_values_of_the_standard_and_no_step_at_its_joint():
    np.testing.assert_allclose(srgb_of_light(np.array([0, 0.001, 0.18, 0.5, 1])), [0, 0.01292, 0.46136, 0.73536, 1], atol=1e-5)
    joint = np.array([SRGB_LINEAR_BELOW])
    np.testing.assert_allclose(srgb_power(joint), srgb_of_light(joint), atol=1e-6)


def test_the_curve_rises_everywhere():
    assert (np.diff(srgb_of_light(np.linspace(0, 1, 100_001))) > 0).all()
