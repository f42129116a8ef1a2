"""A sky whose radiance is known, photographed by a camera whose response is known, as timestamped files."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hdrkit import write_curve
from hdrkit.simulate import SimulatedCamera, allsky, simulate_bracket

CAMERA = SimulatedCamera(response="scurve", balance=(0.98, 1.0, 0.95), name="Simulated sky camera")
START = datetime(2024, 6, 14, 9, 30)
TIMES_US = (100, 800, 6400, 51200)
ZENITH = 16.0  # radiance of the clear zenith, in saturations a second


class Sky:
    """Photographs skies into files, and knows what they show."""

    camera = CAMERA
    start = START
    times_us = TIMES_US

    def radiance(self, size: int = 96, step: int = 0) -> np.ndarray:
        """Saturations a second of a channel of sensitivity 1, (size, size, 3); the clouds drift from step to step."""
        return ZENITH * allsky(38, 112, size, cloud_seed=7, cloud_shift=(0.035 * step, 0.012 * step))

    def shoot(self, radiance: np.ndarray, paths: Sequence[Path], times_s: Sequence[float], seed: int = 0) -> list[Path]:
        """One file for each exposure time."""
        for path, frame in zip(paths, simulate_bracket(radiance, CAMERA, times_s, seed), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = Image.fromarray(frame.pixels)
            pixels.save(path, **({"quality": 95, "subsampling": 0} if path.suffix.lower() in (".jpg", ".jpeg") else {}))
        return list(paths)

    def series(
        self, folder: Path, count: int = 3, suffix: str = "png", times_us: Sequence[int] = TIMES_US, size: int = 96
    ) -> list[Path]:
        """Brackets every 30 seconds, named `YYYYmmddHHMMSS_<microseconds>.<suffix>`."""
        paths = []
        for step in range(count):
            stamp = f"{START + timedelta(seconds=30 * step):%Y%m%d%H%M%S}"
            names = [folder / f"{stamp}_{time}.{suffix}" for time in times_us]
            paths += self.shoot(self.radiance(size, step), names, [1e-6 * time for time in times_us], seed=50 + step)
        return paths

    def scale(self, unit_s: float = 1.0) -> np.ndarray:
        """What a merge makes of a radiance of 1 saturation a second, (3,), where times are counted in such a unit."""
        return np.exp(CAMERA.response_curve().ln_exposure[-1]) * np.array(CAMERA.balance) * unit_s


@pytest.fixture(scope="session")
def sky() -> Sky:
    return Sky()


@pytest.fixture(scope="session")
def sky_curve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The true response of the camera of `sky`, as a file."""
    return write_curve(CAMERA.response_curve(), tmp_path_factory.mktemp("curve") / "sky.npz")


@pytest.fixture
def within() -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Relative differences of blocks of 8 by 8 pixels, (N, 3), where a mask (H, W) is True all over the block."""

    def differences(found: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> np.ndarray:
        def blocks(picture: np.ndarray) -> np.ndarray:
            n = picture.shape[0] // 8
            return picture[: 8 * n, : 8 * n].reshape(n, 8, n, 8, -1).mean(axis=(1, 3))

        full = blocks(mask[..., None].astype(float))[..., 0] == 1
        return np.abs(blocks(found)[full] / blocks(truth)[full] - 1)

    return differences
