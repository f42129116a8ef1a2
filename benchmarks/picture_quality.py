"""Measures of a display picture against the radiance that it shows: TMQI, and the turn of hues in the highlights."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import LUMINANCE, light_of_srgb

Picture = NDArray[np.floating]

_LEVELS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # weight of each scale, the finest first
_MEAN, _MEAN_SPREAD = 115.94, 27.99  # of the brightness of 3000 photographs
_CONTRAST, _ALPHA, _BETA = 64.29, 4.4, 10.1  # of their local contrast: a beta distribution
_SHARE, _STRUCTURE, _NATURAL = 0.8012, 0.3046, 0.7088
_WINDOW = 11  # pixels
_COLOURFUL = 0.04  # Oklab chroma, above which a hue is seen
_BRIGHT = 0.8  # share of the pixels that are darker than a highlight


def tmqi(radiance: Picture, picture: Picture) -> tuple[float, float, float]:
    """The quality of a picture (H, W, 3) in 0..1 of radiance (H, W, 3), its structural fidelity and its naturalness, all 0..1.

    Yeganeh & Wang 2013, Objective Quality Assessment of Tone-Mapped Images, with the constants of the authors' code.
    """
    light = np.asarray(radiance @ LUMINANCE, np.float64)
    light = (2.0**32 - 1) * (light - light.min()) / max(np.ptp(light), 1e-30)
    shown = np.asarray(255 * (picture @ LUMINANCE), np.float64)
    structure, natural = _structural_fidelity(light, shown), _naturalness(shown)
    return _SHARE * structure**_STRUCTURE + (1 - _SHARE) * natural**_NATURAL, structure, natural


def _structural_fidelity(light: Picture, shown: Picture) -> float:
    fidelity, frequency = 1.0, 16.0
    for weight in _LEVELS:
        if min(light.shape) <= _WINDOW:
            break
        fidelity *= max(_fidelity_at(light, shown, frequency), 0.0) ** weight
        frequency /= 2
        light, shown = (cv2.blur(one, (2, 2))[::2, ::2] for one in (light, shown))
    return fidelity


def _fidelity_at(light: Picture, shown: Picture, frequency: float) -> float:
    """Fidelity at one scale: whether details that are seen in the scene are seen in the picture, and whether they agree."""

    def mean(values: Picture) -> Picture:
        return cv2.GaussianBlur(values, (_WINDOW, _WINDOW), 1.5)[5:-5, 5:-5]

    mean_light, mean_shown = mean(light), mean(shown)
    spread_light = np.sqrt(np.maximum(mean(light * light) - mean_light**2, 0))
    spread_shown = np.sqrt(np.maximum(mean(shown * shown) - mean_shown**2, 0))
    covariance = mean(light * shown) - mean_light * mean_shown
    sensitivity = 260 * (0.0192 + 0.114 * frequency) * math.exp(-((0.114 * frequency) ** 1.1))
    threshold = 128 / (1.4 * sensitivity)
    seen_light, seen_shown = (_normal((spread - threshold) / (threshold / 3)) for spread in (spread_light, spread_shown))
    agree = (covariance + 10) / (spread_light * spread_shown + 10)
    seen = (2 * seen_light * seen_shown + 0.01) / (seen_light**2 + seen_shown**2 + 0.01)
    return float((seen * agree).mean())


def _normal(x: Picture) -> Picture:
    from scipy.special import ndtr

    return np.asarray(ndtr(x))


def _naturalness(shown: Picture) -> float:
    height, width = (11 * (side // 11) for side in shown.shape)
    blocks = shown[:height, :width].reshape(height // 11, 11, width // 11, 11)
    contrast = float(np.clip(blocks.std(axis=(1, 3), ddof=1).mean() / _CONTRAST, 1e-6, 1 - 1e-6))
    mode = (_ALPHA - 1) / (_ALPHA + _BETA - 2)
    likely = (contrast / mode) ** (_ALPHA - 1) * ((1 - contrast) / (1 - mode)) ** (_BETA - 1)
    return float(likely * math.exp(-(((float(shown.mean()) - _MEAN) / _MEAN_SPREAD) ** 2) / 2))


def hue_turn_deg(radiance: Picture, picture: Picture) -> float:
    """The median turn of hue, in degrees, from the radiance to the picture, in the brightest fifth of what is colourful in both.

    Hues are those of Oklab (Ottosson 2020), which stay as a colour gets lighter. NaN if nothing bright is colourful.
    """
    light = radiance / np.maximum((radiance @ LUMINANCE)[..., None], 1e-30)
    scene, shown = _oklab(0.5 * light), _oklab(light_of_srgb(np.asarray(picture, np.float64)))
    luminance = radiance @ LUMINANCE
    bright = luminance > np.quantile(luminance, _BRIGHT)
    hue = [np.arctan2(lab[..., 2], lab[..., 1]) for lab in (scene, shown)]
    chroma = [np.hypot(lab[..., 1], lab[..., 2]) for lab in (scene, shown)]
    chosen = bright & (chroma[0] > _COLOURFUL) & (chroma[1] > _COLOURFUL / 2)
    if chosen.sum() < 50:
        return math.nan
    turn = np.abs(np.angle(np.exp(1j * (hue[1] - hue[0]))))
    return float(np.degrees(np.median(turn[chosen])))


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _oklab(light: Picture) -> Picture:
    return np.cbrt(np.maximum(light @ _TO_CONES.T, 0)) @ _TO_LAB.T
