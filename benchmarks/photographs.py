"""Large brackets on disk, made from panoramas: hand-held or from a tripod, JPEG, with the microseconds in their names."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.truth import data_folder

QUALITY = 92
STEP_EV = 2.0


def bracket_files(frames: int, megapixels: float, hand_held: bool, seed: int = 3) -> list[Path]:
    """`frames` photographs 2 EV apart of one scene, shortest first; made once and kept in the folder for temporary files.

    A panorama is enlarged and given texture down to a pixel. Hand-held frames are turned by up to half a degree and shifted by
    up to 1 %; the noise is that of 20,000 electrons, the response a gamma of 2.2 with a toe.
    """
    kind = "hand-held" if hand_held else "tripod"
    folder = Path(tempfile.gettempdir()) / f"hdrkit-photographs-{megapixels:g}-{frames}-{kind}-{seed}"
    if not (folder / "complete").is_file():
        folder.mkdir(exist_ok=True)
        _shoot(folder, frames, megapixels, hand_held, seed)
        (folder / "complete").touch()
    return sorted(folder.glob("*.jpg"))


def _shoot(folder: Path, frames: int, megapixels: float, hand_held: bool, seed: int) -> None:
    height, width = round((megapixels * 1e6 / 1.5) ** 0.5), round((megapixels * 1e6 * 1.5) ** 0.5)
    rng = np.random.default_rng(seed)
    scene = _scene(height + height // 10, width + width // 10, rng)
    middle = 0.18 / float(np.median(scene))
    for k in range(frames):
        motion = np.float32([[1, 0, width / 20], [0, 1, height / 20]])
        if hand_held and k != frames // 2:
            angle, shift = np.deg2rad(rng.uniform(-0.5, 0.5)), rng.uniform(-0.01, 0.01, 2) * width
            motion[:, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            motion[:, 2] += shift
        time_s = 2.0 ** (STEP_EV * (k - frames // 2)) / 64
        light = cv2.warpAffine(scene, motion, (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        light *= np.float32(middle * time_s * 64)
        np.maximum(light, 0, out=light)
        light += np.sqrt(light / 20000) * rng.standard_normal(light.shape, np.float32)
        codes = np.clip(light, 0, 1) ** np.float32(1 / 2.2)
        picture = np.rint(codes * np.float32(255)).astype(np.uint8)
        cv2.imwrite(str(folder / f"f{k:02}_{round(time_s * 1e6)}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def _scene(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Radiance (height, width, 3) float32: the middle of a panorama, with texture of every size."""
    panorama = cv2.imread(str(sorted((data_folder() / "panoramas").glob("*.hdr"))[0]), cv2.IMREAD_UNCHANGED)
    rows, columns = panorama.shape[:2]
    crop = panorama[rows // 4 : 3 * rows // 4, columns // 4 : 3 * columns // 4]
    scene = cv2.resize(np.maximum(crop, 1e-4), (width, height), interpolation=cv2.INTER_CUBIC)
    texture = np.zeros((height, width), np.float32)
    for size in (1, 2, 4, 8, 16):
        octave = rng.standard_normal((height // size + 1, width // size + 1), np.float32)
        texture += np.float32(0.03) * cv2.resize(octave, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.maximum(scene, np.float32(1e-4)) * np.exp(texture)[..., None]
