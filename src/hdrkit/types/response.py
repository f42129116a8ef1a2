"""The response curve, which calibration finds and merging uses, and the noise of a camera."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError


@dataclass(frozen=True)
class ResponseCurve:
    """How the codes of a camera map to exposure: g(z) = ln exposure at code z.

    `ln_exposure` (levels, C) is float64, finite, and does not decrease along the codes. g at the middle code is 0 in every
    channel, unless the curve is `absolute`. `covered` (C, 2) holds the lowest and the highest code with data. `sigma`
    (levels, C) is the standard error of g; None if it is unknown. `deviation` is the standard deviation of g(z) - ln E - ln t
    from frame to frame, without noise: what exposures and the processing of the camera add. `metadata` says how the curve was
    found. Raises InputError for other values.
    """

    ln_exposure: NDArray[np.float64]
    camera: str = ""
    covered: NDArray[np.int64] | None = None
    sigma: NDArray[np.float64] | None = None
    deviation: float = 0.0
    absolute: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        g = self.ln_exposure
        if g.ndim != 2 or g.shape[0] < 2 or g.shape[1] not in (1, 3):
            raise InputError(f"a response curve is (levels, 1 or 3), not {g.shape}")
        if not np.isfinite(g).all():
            raise InputError("a response curve must be finite at every code")
        if (np.diff(g, axis=0) < 0).any():
            raise InputError("a response curve must not decrease along the codes")
        if not self.deviation >= 0:
            raise InputError(f"the deviation of frames from a curve must be 0 or more, not {self.deviation}")

    @property
    def levels(self) -> int:
        """Number of codes."""
        return int(self.ln_exposure.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels, 1 or 3."""
        return int(self.ln_exposure.shape[1])

    @property
    def linear(self) -> NDArray[np.float64]:
        """Exposure at each code, exp g, (levels, C)."""
        return np.exp(self.ln_exposure)

    def linearize(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Exposure of coded pixels (..., C), float32 of the same shape, in units of the exposure at the middle code.

        Raises InputError if the pixels are not codes of this curve.
        """
        if pixels.dtype.kind not in "ui" or pixels.shape[-1] != self.channels or int(pixels.max()) >= self.levels:
            raise InputError(
                f"pixels {pixels.dtype} {pixels.shape} are not codes of a curve of {self.levels} levels, {self.channels} channels"
            )
        table = self.linear.astype(np.float32)
        return np.stack([table[pixels[..., c], c] for c in range(self.channels)], axis=-1)

    def anchored(self) -> ResponseCurve:
        """The same curve with g = 0 at the middle code of every channel."""
        g = self.ln_exposure
        return replace(self, ln_exposure=g - g[self.levels // 2], absolute=False)

    def for_channels(self, channels: int) -> ResponseCurve:
        """The curve for another number of channels. Colour uses a gray curve for each; gray uses the mean of three."""
        if channels == self.channels:
            return self
        g = np.repeat(self.ln_exposure, 3, axis=1) if channels == 3 else self.ln_exposure.mean(axis=1, keepdims=True)
        return replace(self, ln_exposure=g, covered=None, sigma=None)

    def for_levels(self, levels: int) -> ResponseCurve:
        """The curve resampled to another number of codes, linear in g against z / (levels - 1)."""
        if levels == self.levels:
            return self
        at = np.linspace(0, self.levels - 1, levels)
        codes = np.arange(self.levels)
        g = np.stack([np.interp(at, codes, self.ln_exposure[:, c]) for c in range(self.channels)], axis=1)
        return replace(self, ln_exposure=g, covered=None, sigma=None)

    @staticmethod
    def identity(levels: int = 65536, channels: int = 3, black: float = 0.0) -> ResponseCurve:
        """A linear sensor: exposure is proportional to code - black. A code at or below black counts as a quarter of a code."""
        codes = np.maximum(np.arange(levels, dtype=float) - black, 0.25)
        g = np.repeat(np.log(codes)[:, None], channels, axis=1)
        return ResponseCurve(g, metadata={"algorithm": "linear"}).anchored()


@dataclass(frozen=True)
class NoiseModel:
    """Shot and read noise of a linear sensor: one number for all channels, or one for each.

    `gain_e_per_dn` is in electrons for each digital number, `read_noise_e` in electrons, `black_level` and `white_level` in
    digital numbers. `spill` is the relative standard error that compression and colour processing leave near clipping: in a
    channel beside a clipped one, and in codes just below the limit. The default is an ordinary camera with a full well of
    20,400 e- and a read noise of 5 e-.
    """

    gain_e_per_dn: float | tuple[float, ...] = 80.0
    read_noise_e: float | tuple[float, ...] = 5.0
    black_level: float = 0.0
    white_level: float = 255.0
    spill: float = 0.02

    def __post_init__(self) -> None:
        positive = np.min(self.gain_e_per_dn) > 0 and np.min(self.read_noise_e) >= 0 and self.spill >= 0
        if not positive or self.white_level <= self.black_level:
            raise InputError(f"not a noise model: {self}")

    @property
    def full_well_e(self) -> NDArray[np.float64]:
        """Electrons at the white level, () or (C,)."""
        return np.asarray(self.gain_e_per_dn) * (self.white_level - self.black_level)

    def variance(self, exposure: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance of an exposure (..., C). Both are shares of saturation; the rounding to codes is not included."""
        return np.maximum(exposure, 0) / self.full_well_e + (np.asarray(self.read_noise_e) / self.full_well_e) ** 2
