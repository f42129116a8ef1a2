"""A camera with known response and noise: it turns light into codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.imaging.colour import srgb_of_light
from hdrkit.types.response import NoiseModel, ResponseCurve

Floats = NDArray[np.floating[Any]]

LOG_RANGE = 500.0
CONTRAST = 0.5


def _rec709(exposure: Floats) -> Floats:
    """ITU-R BT.709 with the constants of BT.2020, which avoid a step at the joint."""
    alpha, beta = 1.09929682680944, 0.018053968510807
    return np.where(exposure < beta, 4.5 * exposure, alpha * np.maximum(exposure, beta) ** 0.45 - (alpha - 1))


def _scurve(exposure: Floats) -> Floats:
    """The sRGB curve with the additional contrast of a camera's picture style."""
    value = srgb_of_light(exposure)
    return (1 - CONTRAST) * value + CONTRAST * value**2 * (3 - 2 * value)


def _log(exposure: Floats) -> Floats:
    """A log profile: equal codes for equal ratios over most of the range."""
    value: Floats = np.log1p(LOG_RANGE * exposure) / math.log1p(LOG_RANGE)
    return value


RESPONSES: dict[str, Callable[[Floats], Floats]] = {
    "linear": lambda exposure: exposure,
    "srgb": srgb_of_light,
    "rec709": _rec709,
    "scurve": _scurve,
    "log": _log,
}


@dataclass(frozen=True)
class SimulatedCamera:
    """A sensor with shot and read noise and a known response.

    `response` is `gamma` (with `exponent`), `linear`, `srgb`, `rec709`, `scurve` or `log`. `balance` is the sensitivity of R, G
    and B; a gray picture is taken with that of G. A channel of sensitivity 1 saturates at radiance * time_s = 1, with
    `full_well_e` electrons. Codes run from 0 to 2^bits - 1. Raises InputError for an unknown response or impossible numbers.

    Two errors of real brackets are 0 unless given: `shutter_ev` is the standard deviation of true exposures about the stated
    ones, and `flare` the share of the mean light of a frame that the lens spreads over all of it.
    """

    response: str = "scurve"
    exponent: float = 2.2
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    full_well_e: float = 20_000.0
    read_noise_e: float = 5.0
    bits: int = 8
    name: str = "Simulated HK-1"
    shutter_ev: float = 0.0
    flare: float = 0.0

    def __post_init__(self) -> None:
        if self.response != "gamma" and self.response not in RESPONSES:
            raise InputError(f"no response {self.response!r}; there are gamma, {', '.join(RESPONSES)}")
        if not 8 <= self.bits <= 16:
            raise InputError(f"a simulated camera needs 8 to 16 bits, not {self.bits}")
        if min(self.exponent, self.full_well_e, *self.balance) <= 0 or min(self.read_noise_e, self.shutter_ev, self.flare) < 0:
            raise InputError(f"not a camera: {self}")

    @property
    def levels(self) -> int:
        """Number of codes."""
        return 1 << self.bits

    def encode(self, exposure: Floats) -> Floats:
        """The response: exposure in 0..1, any shape, to a value in 0..1."""
        if self.response == "gamma":
            return exposure ** (1 / self.exponent)
        return RESPONSES[self.response](exposure)

    def shoot(self, radiance: Floats, time_s: float, rng: np.random.Generator) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """One exposure of radiance (H, W, 1 or 3): codes of the same shape, uint8 for 8 bits and uint16 above."""
        balance = np.asarray(self.balance if radiance.shape[2] == 3 else self.balance[1:2])
        expected_e = radiance * (balance * (time_s * self.full_well_e))
        # Twice the full well is always clipped; the bound keeps the Poisson values within their integer type.
        electrons = rng.poisson(np.clip(expected_e, 0, 2 * self.full_well_e)).astype(np.float64)
        electrons += self.read_noise_e * rng.standard_normal(radiance.shape)
        value = self.encode(np.clip(electrons / self.full_well_e, 0, 1))
        codes = np.rint(value * (self.levels - 1))
        return codes.astype(np.uint8) if self.bits == 8 else codes.astype(np.uint16)

    def response_curve(self) -> ResponseCurve:
        """The true curve: ln exposure at the centre of each code, 0 at the middle one, the same in three channels.

        Code 0 stands for all values that round down to it; it gets the exposure of a quarter of a code.
        """
        value = np.maximum(np.arange(self.levels, dtype=float), 0.25) / (self.levels - 1)
        g = self._inverse(value)
        return ResponseCurve(
            np.repeat(g[:, None], 3, axis=1), camera=self.name, metadata={"algorithm": "simulated", "response": self.response}
        ).anchored()

    def noise_model(self) -> NoiseModel:
        """The noise in digital numbers of a linear sensor with this camera's codes."""
        white = float(self.levels - 1)
        return NoiseModel(self.full_well_e / white, self.read_noise_e, 0.0, white, spill=0.0)

    def _inverse(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ln exposure whose code is a value in (0, 1], by bisection."""
        low, high = np.full_like(value, -80.0), np.zeros_like(value)
        for _ in range(60):
            middle = (low + high) / 2
            above = self.encode(np.exp(middle)) > value
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return np.maximum.accumulate((low + high) / 2)
