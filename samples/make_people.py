"""Draw photographs of people who do not exist, for the demo of `hdrkit faces`. The same bytes on every run.

A head is a height field with a nose, eye sockets and lips, shaded by a lamp. Detectors that are trained on photographs accept
it, but drawn heads are more alike than people, so the demo takes a smaller threshold.

Usage: python samples/make_people.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 120  # pixels of a head
PEOPLE = (2, 9, 18)  # seeds whose heads differ most
PHOTOGRAPHS = ((0, 1), (1, 2), (0,), (2, 0), (1,), (0, 1, 2))
SKINS = ((0.72, 0.50, 0.40), (0.55, 0.36, 0.27), (0.36, 0.22, 0.16), (0.80, 0.60, 0.52))
HAIRS = ((0.05, 0.03, 0.02), (0.25, 0.15, 0.07), (0.55, 0.42, 0.2), (0.12, 0.06, 0.03), (0.4, 0.4, 0.42))
IRISES = ((0.22, 0.12, 0.05), (0.15, 0.25, 0.35), (0.2, 0.28, 0.15))
Plane = NDArray[np.float32]


def main(folder: Path) -> None:
    """Write the photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, people in enumerate(PHOTOGRAPHS, 1):
        picture = np.concatenate([framed(head(PEOPLE[one], lamp=-0.4 + 0.05 * number)) for one in people], axis=1)
        cv2.imwrite(str(folder / f"people_{number}.jpg"), picture[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 95))


def framed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A head with its ground around it."""
    return np.asarray(cv2.copyMakeBorder(pixels, 100, 100, 100, 100, cv2.BORDER_REPLICATE), np.uint8)


def head(seed: int, lamp: float = -0.4) -> NDArray[np.uint8]:
    """A head (SIDE, SIDE, 3) of RGB codes, lit from the left (`lamp` below 0) or the right."""
    rng = np.random.default_rng(seed)
    side = 4 * SIDE
    width, height = 0.26 + 0.04 * rng.uniform(-1, 1), 0.42 + 0.03 * rng.uniform(-1, 1)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    canvas = Canvas(columns / width, rows / height, rng)
    canvas.draw(np.array([lamp, -0.5, 0.75], np.float32))
    light = cv2.GaussianBlur(canvas.light, (0, 0), side / 430)
    light *= np.exp(0.03 * np.random.default_rng(99).standard_normal(light.shape[:2]))[..., None].astype(np.float32)
    small = cv2.resize(light, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(255 * np.clip(small, 0, 1) ** (1 / 2.2), np.uint8)


def soft(distance: Plane, width: float = 0.02) -> Plane:
    """1 inside, where the distance is negative, 0 outside, and a ramp between."""
    return np.asarray(np.clip(0.5 - distance / width, 0, 1), np.float32)


class Canvas:
    """A head at `x`, `y`, in which the face is about the unit circle, with the looks that chance gives it."""

    def __init__(self, x: Plane, y: Plane, rng: np.random.Generator) -> None:
        self.x, self.y, self.rng = x, y, rng
        self.eye_x, self.eye_y = 0.41 + 0.03 * rng.uniform(-1, 1), 0.04 * rng.uniform(-1, 1)
        self.nose, self.mouth = 0.22 + 0.05 * rng.uniform(-1, 1), 0.43 + 0.04 * rng.uniform(-1, 1)
        self.mouth_width = 0.42 + 0.05 * rng.uniform(-1, 1)
        self.skin = np.array(SKINS[rng.integers(len(SKINS))], np.float32) * (1 + 0.08 * rng.uniform(-1, 1, 3))
        self.hair = np.array(HAIRS[rng.integers(len(HAIRS))], np.float32)
        self.iris = IRISES[rng.integers(len(IRISES))]
        self.light = np.broadcast_to(self.skin, (*x.shape, 3)).astype(np.float32)

    def draw(self, lamp: Plane) -> None:
        """The face, shaded, before neck, clothes and hair."""
        self._lips()
        for sign in (-1, 1):
            self._eye(sign)
        lit = self._lit(lamp)
        face, edge = self.light * lit[..., None], self._edge()
        ground = np.array([0.25, 0.3, 0.38]) * (0.6 + 0.8 * self.rng.uniform(0, 1, 3))
        self.light = np.broadcast_to(ground, face.shape).astype(np.float32)
        self._mix(soft(np.abs(self.x) - 0.55, 0.03) * soft(0.3 - self.y, 0.05), self.skin * 0.45)
        shoulders = 1.15 - self.y - 0.25 * np.clip(1 - (self.x / 1.6) ** 2, 0, 1)
        self._mix(soft(shoulders, 0.05), self.rng.uniform(0.05, 0.6, 3))
        around = np.abs(self.x / (1.12 + 0.08 * self.rng.uniform())) ** 2.2 + np.abs((self.y + 0.12) / 1.16) ** 2.2 - 1
        self._mix(soft(around, 0.05) * soft(self.y - self.rng.uniform(0.2, 1.0), 0.1), self.hair)
        self._mix(soft(edge, 0.03), face)
        line = -0.8 + 0.12 * self.rng.uniform(-1, 1) + 0.25 * self.x**2
        self._mix(soft(self.y - line, 0.06) * soft(edge - 0.06, 0.05), self.hair * lit[..., None])

    def _mix(self, share: Plane, colour: object) -> None:
        self.light = self.light * (1 - share[..., None]) + np.asarray(colour, np.float32) * share[..., None]

    def _edge(self) -> Plane:
        return np.asarray(np.abs(self.x) ** 2.2 + np.abs(self.y) ** 2.3 - 1, np.float32)

    def _bump(self, x: float, y: float, width: float, height: float) -> Plane:
        return np.asarray(np.exp(-(((self.x - x) / width) ** 2) - ((self.y - y) / height) ** 2), np.float32)

    def _lit(self, lamp: Plane) -> Plane:
        """How much light of the lamp each point of the head returns."""
        depth = 0.9 * np.sqrt(np.clip(-self._edge(), 0, 1))
        depth += 0.1 * self._bump(0, self.nose - 0.02, 0.09, 0.12) + 0.1 * self._bump(0, 0.02, 0.07, 0.25)
        for sign in (-1, 1):
            depth -= 0.2 * self._bump(sign * self.eye_x, self.eye_y, 0.17, 0.1)
            depth += 0.05 * self._bump(sign * self.eye_x, self.eye_y - 0.14, 0.22, 0.06)
            depth += 0.04 * self._bump(sign * 0.5, 0.25, 0.2, 0.2)
        depth += 0.05 * self._bump(0, self.mouth - 0.04, 0.2, 0.05) + 0.05 * self._bump(0, self.mouth + 0.05, 0.18, 0.05)
        depth += 0.07 * self._bump(0, 0.86, 0.25, 0.14)
        steepness = len(depth) * 0.45 / 128
        slopes = [cv2.Sobel(depth, cv2.CV_32F, *axis, ksize=5) * steepness for axis in ((1, 0), (0, 1))]
        normal = np.stack([-slopes[0], -slopes[1], np.ones_like(depth)], axis=-1)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        return np.asarray(0.2 + 0.9 * np.clip(normal @ (lamp / np.linalg.norm(lamp)), 0, 1), np.float32)

    def _lips(self) -> None:
        x, y = self.x / self.mouth_width, self.y - self.mouth
        self._mix(0.85 * soft((x**2 + (y / 0.085) ** 2 - 1) * 0.1), np.array([0.5, 0.2, 0.2]) * (0.6 + 0.6 * self.rng.uniform()))
        self._mix(0.8 * np.exp(-((y / 0.012) ** 2)) * soft(np.abs(self.x) - self.mouth_width), (0.1, 0.03, 0.03))

    def _eye(self, sign: int) -> None:
        x, y = self.x - sign * self.eye_x, self.y - self.eye_y
        along = x / 0.182
        arch = np.clip(1 - along**2, 0, 1)
        upper, lower = -0.045 * arch, 0.0315 * arch
        inside = soft(upper - y, 0.01) * soft(y - lower, 0.01) * soft(np.abs(along) - 1, 0.05)
        radius = np.hypot(x, 1.5 * y)
        self._mix(inside, (0.82, 0.8, 0.78))
        self._mix(inside * soft(radius - 0.05, 0.012), self.iris)
        self._mix(inside * soft(radius - 0.026, 0.01), (0.01, 0.01, 0.01))
        self._mix(0.9 * np.exp(-(((y - upper) / 0.014) ** 2)) * soft(np.abs(along) - 1.05, 0.1), (0.05, 0.03, 0.02))
        self._mix(0.4 * np.exp(-(((y - lower) / 0.01) ** 2)) * soft(np.abs(along) - 1, 0.1), (0.2, 0.1, 0.08))
        outward = (x - 0.02 * sign) / 0.19
        brow = y + 0.13 + 0.02 * np.clip(1 - outward**2, 0, 1)
        self._mix(0.85 * np.exp(-((brow / 0.028) ** 2)) * soft(np.abs(outward) - 1, 0.3), self.hair * 0.8 + 0.02)
        nostril = ((self.x - sign * 0.055) / 0.022) ** 2 + ((self.y - self.nose - 0.075) / 0.014) ** 2
        self._mix(0.8 * np.exp(-nostril), (0.12, 0.05, 0.04))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
