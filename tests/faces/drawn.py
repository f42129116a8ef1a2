"""A drawn head, as a camera photographs it: with open or closed eyes, with or without a smile, sharp or blurred."""

from __future__ import annotations

import cv2
import numpy as np

from hdrkit.imaging.colour import srgb_of_light
from hdrkit.types import Face

_LARGE = 1600
_SKIN, _DARK = (0.42, 0.28, 0.21), (0.05, 0.03, 0.03)


def drawn_face(size: int, seed: int = 1, closed: bool = False, smiles: bool = False) -> np.ndarray:
    """Linear light (2 size, 2 size, 3) of a head with hair, brows, eyes, nose, mouth and the grain of skin, drawn large."""
    rng = np.random.default_rng(seed)
    light = np.full((_LARGE, _LARGE, 3), (0.2, 0.25, 0.35), np.float32)
    cv2.ellipse(light, (800, 760), (430, 540), 0, 0, 360, _DARK, -1)
    cv2.ellipse(light, (800, 820), (350, 450), 0, 0, 360, _SKIN, -1)
    for side in (-1, 1):
        _draw_eye(light, 800 + side * 160, side, closed)
        cv2.ellipse(light, (800 + side * 45, 905), (20, 11), 0, 0, 360, (0.12, 0.06, 0.05), -1)
    if smiles:
        cv2.ellipse(light, (800, 960), (190, 130), 0, 10, 170, (0.4, 0.12, 0.11), -1)
        cv2.ellipse(light, (800, 980), (150, 75), 0, 10, 170, (0.75, 0.73, 0.7), -1)
    else:
        cv2.ellipse(light, (800, 1030), (130, 45), 0, 0, 360, (0.4, 0.12, 0.11), -1)
        cv2.ellipse(light, (800, 1022), (125, 10), 0, 0, 360, (0.1, 0.03, 0.03), -1)
    for grain in (2, 4, 8, 16, 32, 64):
        rough = rng.standard_normal((_LARGE // grain, _LARGE // grain)).astype(np.float32)
        light *= np.exp(0.08 * cv2.resize(rough, (_LARGE, _LARGE), interpolation=cv2.INTER_CUBIC))[..., None]
    return cv2.resize(light, (2 * size, 2 * size), interpolation=cv2.INTER_AREA)


def _draw_eye(light: np.ndarray, x: int, side: int, closed: bool) -> None:
    cv2.ellipse(light, (x, 640), (85, 22), side * 8, 0, 360, (0.06, 0.04, 0.03), -1)
    if closed:
        cv2.ellipse(light, (x, 735), (80, 22), 0, 5, 175, _DARK, 9)
        return
    cv2.ellipse(light, (x, 730), (75, 36), 0, 0, 360, (0.7, 0.68, 0.65), -1)
    cv2.circle(light, (x, 730), 34, (0.08, 0.06, 0.05), -1)
    cv2.circle(light, (x + 12, 718), 8, (0.9, 0.9, 0.9), -1)
    cv2.ellipse(light, (x, 712), (80, 40), 0, 185, 355, _DARK, 9)


def face_of(size: int) -> Face:
    """The face in `drawn_face`."""
    points = np.array([(640, 730), (960, 730), (800, 900), (680, 1030), (920, 1030)], np.float32) * (size / 800)
    return Face((size / 2, size / 2, size, size * 1.2), points, 0.9)


def photographed(light: np.ndarray, ev: float = 0.0, full_well_e: float = 20_000.0, blur: float = 0.0) -> np.ndarray:
    """The codes of light that is blurred by so many pixels, as a camera with shot and read noise stores them."""
    light = cv2.GaussianBlur(light, (0, 0), blur) if blur else light
    rng = np.random.default_rng([len(light), round(10 * blur), round(10 * ev) + 100])
    exposed = light * 2.0**ev
    exposed = exposed + rng.standard_normal(exposed.shape) * np.sqrt(exposed / full_well_e + (6 / full_well_e) ** 2)
    return np.rint(255 * srgb_of_light(np.clip(exposed, 0, 1))).astype(np.uint8)
