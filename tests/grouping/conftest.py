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


@pytest.fixture(scope="session")
def preview() -> Callable[..., np.ndarray]:
    """A textured scene (192, 288, 3) seen through a gamma of 2.2 at an exposure, turned and shifted by a share of the picture."""
    import cv2

    def render(scene: int, ev: float = 0.0, shift: tuple[float, float] = (0, 0), turn_deg: float = 0.0) -> np.ndarray:
        rng = np.random.default_rng(scene)
        ln_light = sum(
            amplitude * cv2.resize(rng.normal(0, 1, (size, size)), (408, 312), interpolation=cv2.INTER_CUBIC)
            for size, amplitude in ((6, 1.2), (20, 0.6), (70, 0.3))
        )
        centre = np.array([204.0, 156.0])
        matrix = cv2.getRotationMatrix2D(tuple(centre), turn_deg, 1)
        matrix[:, 2] += np.array([60.0, 60.0]) * -1 + np.array([shift[1] * 288, shift[0] * 192])
        light = np.exp(cv2.warpAffine(ln_light, matrix, (288, 192), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
        noise = np.random.default_rng([scene, round(10 * ev) + 1000]).normal(0, 0.5, light.shape)
        codes = np.clip(0.18 * light * 2.0**ev, 0, 1) ** (1 / 2.2) * 255
        return np.repeat(np.clip(np.rint(codes + noise), 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)

    return render
