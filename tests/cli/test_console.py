"""Exposures as photographers read them."""

import pytest

from hdrkit.cli.console import estimates
from hdrkit.types import ExposureEstimate


@pytest.mark.parametrize(
    ("estimate", "line"),
    [
        (
            ExposureEstimate("a/b.jpg", 1 / 2000, 1 / 1000, 0.01, time_s=1 / 60),
            "b.jpg: 1/120 s is stated, the pixels show 1/60 s (+1.000 EV, within 0.010 EV)",
        ),
        (
            ExposureEstimate("b.jpg", None, 0.001, 0.01, time_s=4.0),
            "b.jpg: no exposure is stated; the pixels show 4 s, within 0.010 EV",
        ),
        (ExposureEstimate("b.jpg", None, 0.25, 0.01), "b.jpg: no exposure is stated; the pixels show -2.00 EV, within 0.010 EV"),
        (ExposureEstimate("b.jpg", 4.0, 2.0, 0.01), "b.jpg: the pixels show -1.000 EV from the stated exposure, within 0.010 EV"),
        (
            ExposureEstimate("b.jpg", 1.0, 1.0, None, time_s=1 / 60),
            "b.jpg: the pixels do not show the exposure; the stated one, 1/60 s, is used",
        ),
        (ExposureEstimate("b.jpg", 1.0, 1.0, None), "b.jpg: the pixels do not show the exposure; the stated one is used"),
    ],
)
def test_exposures_are_told_as_photographers_read_them(estimate, line):
    assert list(estimates([estimate])) == [line]
