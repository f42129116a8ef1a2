"""Local exposure: light and shadow brought together by a tone curve that leaves details as they are.

The curve is applied to large differences of light alone, and small ones are kept, by a local Laplacian filter, which makes no
halos (Paris, Hasinoff & Kautz 2011, in the fast form of Aubry et al. 2014). The filter works at a small size. Around each place a
straight line, from light to light as it is exposed, then carries the result to the pixels of the picture (a guided filter as in
He & Sun 2015). A picture of any size can so be developed in bands.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Values = NDArray[np.float64]

_DETAIL_EV = 0.8  # differences of light below this are details
_TONES_EV = 0.9  # between the tones around which the picture is remapped
_KNOTS = 4096  # of a table of light
_RADIUS = 2  # pixels of the small picture around a place
_NOISE_EV = 0.15  # differences of light that are too small to show how light is exposed there


@dataclass(frozen=True)
class LocalExposure:
    """How light is exposed around each place of a small picture: `slope` * light + `offset`, in EV."""

    slope: Plane
    offset: Plane


def expose_locally(light: Plane, curve: Callable[[Values], Values], emphasis: Callable[[Values], Values]) -> LocalExposure:
    """The exposure of each place of a small picture (H, W) of light in EV.

    `curve` gives the light that large areas are to have. Details are scaled by the `emphasis` of the tone that they lie on.
    """
    exposed = _filtered(light, curve, emphasis)
    size = (2 * _RADIUS + 1,) * 2

    def mean(values: Plane) -> Plane:
        return np.asarray(cv2.blur(values, size, borderType=cv2.BORDER_REFLECT), np.float32)

    mean_light, mean_exposed = mean(light), mean(exposed)
    variance = np.maximum(mean(light * light) - mean_light * mean_light, 0)
    covariance = mean(light * exposed) - mean_light * mean_exposed
    doubt = np.float32(_NOISE_EV**2)
    slope = (covariance + doubt * emphasis(mean_exposed.astype(np.float64)).astype(np.float32)) / (variance + doubt)
    return LocalExposure(mean(slope), mean(mean_exposed - slope * mean_light))


def _filtered(light: Plane, curve: Callable[[Values], Values], emphasis: Callable[[Values], Values]) -> Plane:
    """The local Laplacian filter.

    For each of several tones the picture is remapped around that tone. At each scale, a place takes its details from the remapped
    pictures whose tones are nearest to its own.
    """
    knots = np.linspace(float(light.min()), float(light.max()) + 1e-3, _KNOTS)
    index = ((light - np.float32(knots[0])) * np.float32((_KNOTS - 1) / (knots[-1] - knots[0]))).astype(np.int32)
    tones = np.linspace(knots[0], knots[-1], 1 + math.ceil((knots[-1] - knots[0]) / _TONES_EV))
    scales = _scales(light)
    details = [np.zeros_like(scale) for scale in scales[:-1]]
    curved, shown, ends = curve(knots), curve(tones), (curve(tones - _DETAIL_EV), curve(tones + _DETAIL_EV))
    step = np.float32(tones[1] - tones[0])
    for tone, level, below, above, accent in zip(tones, shown, *ends, emphasis(shown), strict=True):
        table = level + _around(knots - tone, curved - level, below - level, above - level, accent)
        remapped = table.astype(np.float32)[index]
        for scale, detail in zip(scales, details, strict=False):
            smaller = np.asarray(cv2.pyrDown(remapped), np.float32)
            near = np.maximum(1 - np.abs(scale - np.float32(tone)) / step, 0)
            detail += near * (remapped - _enlarged(smaller, remapped))
            remapped = smaller
    picture = _scales(curved.astype(np.float32)[index])[-1]
    for detail in details[::-1]:
        picture = detail + _enlarged(picture, detail)
    return picture


def _around(difference: Values, curved: Values, below: float, above: float, accent: float) -> Values:
    """Differences from a tone as they are shown: details scaled by `accent`, and beyond them as the curve goes on.

    `curved` are the differences along the curve, `below` and `above` those at the two ends of what are details.
    """
    share = np.minimum(np.abs(difference) / _DETAIL_EV, 1)
    detail = difference * (1 + (accent - 1) * (1 - share**2) ** 2)
    darker, brighter = curved - below - _DETAIL_EV, curved - above + _DETAIL_EV
    return np.where(difference < -_DETAIL_EV, darker, np.where(difference > _DETAIL_EV, brighter, detail))


def _scales(light: Plane) -> list[Plane]:
    """The picture at each scale, each half as large as the one before, down to four pixels."""
    scales = [light]
    while min(scales[-1].shape) >= 8:
        scales.append(np.asarray(cv2.pyrDown(scales[-1]), np.float32))
    return scales


def _enlarged(picture: Plane, like: Plane) -> Plane:
    return np.asarray(cv2.pyrUp(picture, dstsize=(like.shape[1], like.shape[0])), np.float32)
