"""Draw pictures of things that do not exist, for the demo of `hdrkit map`. The same bytes on every run.

Ten pictures of each of six things, in other colours, places, sizes and light; some are only 96 pixels wide. The name of a file
says what is in it: `clock_3.jpg`.

Usage: python samples/make_map.py FOLDER
"""

from __future__ import annotations

import colorsys
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

EACH = 10
SIDES = (320, 320, 320, 96)  # pixels of the pictures of a thing, in turn
_LARGE = 960  # pixels at which a picture is drawn
_FINE = 16  # steps of a pixel at which shapes lie
Canvas = NDArray[np.uint8]
Point = tuple[float, float]
Colour = tuple[float, float, float]


def main(folder: Path) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in THINGS.items():
        for number in range(EACH):
            side = SIDES[number % len(SIDES)]
            picture = cv2.resize(picture_of(draw, seed=number), (side, side), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / f"{name}_{number}.jpg"), picture[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 92))


def picture_of(draw: Callable[[Canvas, np.random.Generator], None], seed: int) -> Canvas:
    """A picture of a thing (h, w, 3) in RGB, as chance has it: its colours, place, size and light."""
    rng = np.random.default_rng([seed, len(draw.__name__)])
    canvas = np.zeros((_LARGE, _LARGE, 3), np.uint8)
    draw(canvas, rng)
    size, turn = rng.uniform(0.9, 1.1), rng.uniform(-6, 6)
    moved = cv2.getRotationMatrix2D((_LARGE / 2, _LARGE / 2), turn, size)
    moved[:, 2] = moved[:, 2] + rng.uniform(-0.05, 0.05, 2) * _LARGE
    canvas = np.asarray(cv2.warpAffine(canvas, moved, (_LARGE, _LARGE), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    x, y = np.meshgrid(np.linspace(-1, 1, _LARGE), np.linspace(-1, 1, _LARGE))
    light = rng.uniform(0.75, 1.0) * (1 + rng.uniform(-0.2, 0.2) * x + rng.uniform(-0.2, 0.2) * y)
    grain = rng.normal(0, 4, canvas.shape[:2])
    return np.asarray(np.clip(canvas * light[..., None] + grain[..., None], 0, 255), np.uint8)


def colour(hue: float, saturation: float = 0.7, value: float = 0.9) -> Colour:
    """A colour of 0..255 by hue, saturation and value of 0..1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return 255 * red, 255 * green, 255 * blue


def disc(canvas: Canvas, at: Point, radius: float, fill: Colour, ratio: float = 1.0, turn: float = 0.0, width: int = -1) -> None:
    """An ellipse. Places and lengths are 0..1 of the side."""
    middle = tuple(round(value * _LARGE) for value in at)
    axes = (round(radius * _LARGE), round(radius * ratio * _LARGE))
    cv2.ellipse(canvas, middle, axes, turn, 0, 360, fill, width, cv2.LINE_AA)


def shape(canvas: Canvas, points: list[Point] | NDArray[np.float64], fill: Colour) -> None:
    """A polygon."""
    corners = np.rint(np.asarray(points) * _LARGE * _FINE).astype(np.int32)
    cv2.fillPoly(canvas, [corners], fill, cv2.LINE_AA, 4)


def line(canvas: Canvas, start: Point, end: Point, fill: Colour, width: float) -> None:
    """A line."""
    ends = [tuple(round(value * _LARGE) for value in point) for point in (start, end)]
    cv2.line(canvas, ends[0], ends[1], fill, max(1, round(width * _LARGE)), cv2.LINE_AA)


def fade(canvas: Canvas, above: Colour, below: Colour) -> None:
    """The ground of a picture, from one colour above to another below."""
    share = np.linspace(0, 1, _LARGE)[:, None, None]
    canvas[:] = ((1 - share) * np.array(above) + share * np.array(below)).astype(np.uint8)


def around(middle: Point, radius: float, angle: float) -> Point:
    """The point at an angle on a circle."""
    return middle[0] + radius * float(np.cos(angle)), middle[1] + radius * float(np.sin(angle))


def clock(canvas: Canvas, rng: np.random.Generator) -> None:
    """A clock on a wall."""
    fade(canvas, colour(rng.random(), 0.25, 0.8), colour(rng.random(), 0.25, 0.65))
    middle = (0.5, 0.5)
    disc(canvas, (0.51, 0.52), 0.39, (70, 70, 70))
    disc(canvas, middle, 0.38, colour(rng.random(), 0.6, 0.4))
    disc(canvas, middle, 0.34, (245, 242, 232))
    for hour in range(12):
        angle = hour * np.pi / 6
        line(canvas, around(middle, 0.28, angle), around(middle, 0.32, angle), (30, 30, 30), 0.018 if hour % 3 == 0 else 0.008)
    for length, width in ((0.18, 0.024), (0.27, 0.015)):
        line(canvas, middle, around(middle, length, rng.uniform(0, 2 * np.pi)), (25, 25, 25), width)
    disc(canvas, middle, 0.02, (160, 30, 30))


def flower(canvas: Canvas, rng: np.random.Generator) -> None:
    """A flower in the grass."""
    fade(canvas, (90, 150, 60), (40, 95, 30))
    for _ in range(300):
        root = (rng.uniform(0, 1), rng.uniform(0, 1.1))
        blade = (root[0] + rng.uniform(-0.04, 0.04), root[1] - 0.12)
        line(canvas, root, blade, colour(rng.uniform(0.24, 0.33), 0.7, rng.uniform(0.3, 0.6)), 0.005)
    middle, petals, hue = (0.5, 0.45), int(rng.integers(8, 15)), rng.choice([0.0, 0.13, 0.78, 0.9])
    line(canvas, (0.52, 1.0), middle, (50, 110, 40), 0.02)
    for ring, value in ((0.24, 0.8), (0.18, 0.98)):
        for k in range(petals):
            angle = 2 * np.pi * (k + ring) / petals
            disc(canvas, around(middle, ring, angle), 0.14, colour(hue, 0.6, value), 0.32, float(np.degrees(angle)))
    disc(canvas, middle, 0.1, (240, 190, 40))
    for _ in range(80):
        disc(canvas, around(middle, rng.uniform(0, 0.09), rng.uniform(0, 2 * np.pi)), 0.006, (150, 95, 20))


def mountain(canvas: Canvas, rng: np.random.Generator) -> None:
    """Mountains by a lake."""
    fade(canvas, colour(rng.uniform(0.55, 0.62), 0.6, 0.85), colour(rng.uniform(0.05, 0.12), 0.2, 0.98))
    x, shore = np.linspace(0, 1, 200), 0.72
    for base, height, value in ((0.55, 0.3, 0.7), (0.62, 0.24, 0.5), (0.68, 0.12, 0.3)):
        waves = [rng.uniform(0.5, 1) / n * np.abs(np.sin(np.pi * (1.5 * n * x + rng.random()))) for n in range(1, 8)]
        ridge = base - height * np.sum(waves, axis=0) / 2.6
        shape(canvas, [(0, shore), *zip(x, ridge, strict=True), (1, shore)], colour(0.6, 0.35, value))
        if value > 0.4:
            snow = np.maximum(ridge, np.minimum(ridge + 0.02 + 0.03 * rng.random(200), base - 0.12))
            shape(canvas, [*zip(x, ridge, strict=True), *zip(x[::-1], snow[::-1], strict=True)], (245, 248, 252))
    water = round(shore * _LARGE)
    canvas[water:] = (0.7 * canvas[2 * water - _LARGE : water][::-1]).astype(np.uint8)


def house(canvas: Canvas, rng: np.random.Generator) -> None:
    """A house with windows."""
    fade(canvas, colour(0.57, rng.uniform(0.2, 0.6), 0.95), (225, 235, 245))
    shape(canvas, [(0, 0.8), (1, 0.8), (1, 1), (0, 1)], (95, 140, 70))
    wall = colour(rng.uniform(0.02, 0.15), rng.uniform(0.1, 0.5), 0.85)
    shape(canvas, [(0.2, 0.42), (0.8, 0.42), (0.8, 0.84), (0.2, 0.84)], wall)
    shape(canvas, [(0.64, 0.16), (0.71, 0.16), (0.71, 0.34), (0.64, 0.34)], (120, 70, 60))
    shape(canvas, [(0.14, 0.44), (0.5, 0.17), (0.86, 0.44)], colour(rng.choice([0.0, 0.03, 0.6]), 0.55, 0.5))
    for left in (0.27, 0.61):
        for top in (0.5, 0.67)[: int(rng.integers(1, 3))]:
            shape(
                canvas,
                [
                    (left - 0.012, top - 0.012),
                    (left + 0.132, top - 0.012),
                    (left + 0.132, top + 0.122),
                    (left - 0.012, top + 0.122),
                ],
                (250, 250, 245),
            )
            shape(canvas, [(left, top), (left + 0.12, top), (left + 0.12, top + 0.11), (left, top + 0.11)], (70, 95, 125))
            line(canvas, (left + 0.06, top), (left + 0.06, top + 0.11), (250, 250, 245), 0.01)
    shape(canvas, [(0.45, 0.62), (0.56, 0.62), (0.56, 0.84), (0.45, 0.84)], colour(rng.random(), 0.6, 0.4))
    disc(canvas, (0.54, 0.73), 0.008, (230, 200, 90))


def fish(canvas: Canvas, rng: np.random.Generator) -> None:
    """A fish under water."""
    fade(canvas, (40, 150, 190), (5, 50, 95))
    for _ in range(25):
        disc(canvas, (rng.random(), rng.random()), rng.uniform(0.006, 0.02), (150, 215, 230), width=2)
    body, stripe = colour(rng.choice([0.04, 0.08, 0.14]), 0.9, 0.98), (250, 250, 250)
    shape(canvas, [(0.7, 0.5), (0.9, 0.34), (0.86, 0.5), (0.9, 0.66)], body)
    shape(canvas, [(0.36, 0.36), (0.5, 0.2), (0.64, 0.37)], body)
    shape(canvas, [(0.42, 0.62), (0.52, 0.76), (0.6, 0.62)], body)
    disc(canvas, (0.47, 0.5), 0.29, body, 0.56)
    for x, half in ((0.36, 0.145), (0.55, 0.15), (0.68, 0.1)):
        disc(canvas, (x, 0.5), 0.024, (25, 25, 25), half / 0.026)
        disc(canvas, (x, 0.5), 0.018, stripe, half / 0.019)
    disc(canvas, (0.27, 0.45), 0.032, (250, 250, 250))
    disc(canvas, (0.265, 0.45), 0.017, (15, 15, 15))
    line(canvas, (0.185, 0.54), (0.24, 0.55), (120, 50, 10), 0.008)


def balloon(canvas: Canvas, rng: np.random.Generator) -> None:
    """A hot-air balloon in the sky."""
    fade(canvas, colour(0.58, rng.uniform(0.4, 0.75), 0.85), (235, 240, 245))
    for _ in range(6):
        place = (rng.random(), rng.uniform(0.1, 0.9))
        for _ in range(8):
            disc(canvas, (place[0] + rng.normal(0, 0.05), place[1] + rng.normal(0, 0.012)), 0.04, (250, 250, 252), 0.6)
    hue, middle = rng.random(), (0.5, 0.4)
    shape(canvas, [(0.24, 0.5), (0.76, 0.5), (0.56, 0.73), (0.44, 0.73)], colour(hue, 0.85, 0.85))
    for k, width in enumerate((0.3, 0.22, 0.13, 0.045)):
        disc(canvas, middle, width, colour(hue + 0.25 * (k % 2), 0.85, 0.95 - 0.08 * k), 0.3 / width)
        reach = 0.27 * width / 0.3
        low = [(0.5 - reach, 0.5), (0.5 + reach, 0.5), (0.5 + 0.22 * reach, 0.73), (0.5 - 0.22 * reach, 0.73)]
        shape(canvas, low, colour(hue + 0.25 * (k % 2), 0.85, 0.95 - 0.08 * k))
    for x in (0.455, 0.545):
        line(canvas, (x, 0.73), (x, 0.8), (60, 50, 40), 0.004)
    shape(canvas, [(0.445, 0.79), (0.555, 0.79), (0.545, 0.87), (0.455, 0.87)], (135, 90, 45))


THINGS = {draw.__name__: draw for draw in (balloon, clock, fish, flower, house, mountain)}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
