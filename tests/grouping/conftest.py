"""A card of photographs whose metadata and pictures are planted."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from hdrkit.types import Encoding, Exposure, ExposureSource, Photo

START = datetime(2024, 6, 14, 9, 30)


@pytest.fixture(scope="session")
def shot() -> Callable[..., Photo]:
    """A photograph `at_s` seconds into the day, `ev` above 1/64 s; anything else of a Photo by name."""
    names = iter(range(100_000))

    def take(at_s: float | None = 0.0, ev: float | None = 0.0, camera: str = "Acme One", **more: object) -> Photo:
        exposure = None if ev is None else Exposure(2.0 ** (ev - 6), 8.0, 100.0, source=ExposureSource.EXIF)
        taken = None if at_s is None else START + timedelta(seconds=at_s)
        fields = {"path": Path(f"/card/{next(names):05d}.jpg"), "width": 600, "height": 400, "encoding": Encoding.ENCODED8}
        return Photo(**(fields | {"exposure": exposure, "camera": camera, "taken_at": taken} | more))

    return take


@pytest.fixture(scope="session")
def picture() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Luminance and clipped cells (K, 128, 128) of a scene of 12 stops at exposures `evs`, through a gamma of 2.2."""

    def render(evs: Sequence[float], scene: int = 0, noise: float = 0.5, shifts: Sequence[int] | None = None) -> tuple:
        rng = np.random.default_rng(scene)
        coarse = rng.uniform(-9, 3, (18, 18))
        light = 2.0 ** np.kron(coarse, np.ones((8, 8)))  # patches that are flat, with room to shift
        codes = []
        for k, ev in enumerate(evs):
            at = 8 + (shifts[k] if shifts else 0)
            exposed = np.clip(light[8:136, at : at + 128] * 2.0 ** (ev - 1), 0, 1) ** (1 / 2.2) * 255
            codes.append(np.clip(np.rint(exposed + np.random.default_rng([scene, k]).normal(0, noise, exposed.shape)), 0, 255))
        luminance = np.array(codes).astype(np.uint8)
        return luminance, (luminance <= 2) | (luminance >= 252)

    return render
