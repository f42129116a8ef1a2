"""An object that moves through a scene while the frames of a bracket are taken."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.simulate.camera import Floats

_MOTTLE = 0.25  # largest deviation of the texture of an object from its mean brightness


def moving_object(
    radiance: Floats, count: int, seed: int, size: float = 0.2, brightness: float = 0.4, step: float = 0.12
) -> tuple[list[NDArray[np.float32]], NDArray[np.bool_]]:
    """The scene (H, W, C) with a mottled ellipse that moves between the `count` frames.

    `size` is its height as a share of that of the picture, `brightness` its mean radiance relative to the median of the scene,
    and `step` the share of the width of the picture that it moves between frames. Returns the radiance of each frame, and a mask
    of the object in each (count, H, W). The edge is soft over two pixels, as in a real lens.
    """
    rng = np.random.default_rng(seed)
    height, width, channels = radiance.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    tall, broad = size * height / 2, size * height * rng.uniform(0.3, 0.6)
    heading = rng.uniform(-0.4, 0.4)
    start_x = rng.uniform(0.1, 0.9) * width - (count - 1) / 2 * step * width
    start_y = rng.uniform(0.3, 0.7) * height
    colour = brightness * np.median(radiance, axis=(0, 1)) * rng.uniform(0.7, 1.4, channels)
    mottle = rng.uniform(1 - _MOTTLE, 1 + _MOTTLE, (8, 8)).astype(np.float32)
    coat = cv2.resize(mottle, (2 * math.ceil(broad), 2 * math.ceil(tall)))
    scenes, masks = [], []
    for k in range(count):
        centre_x = (start_x + k * step * width) % width
        centre_y = start_y + k * step * width * math.sin(heading)
        inward = (1 - np.hypot((x - centre_x) / broad, (y - centre_y) / tall)) * min(tall, broad)
        cover = np.clip(inward / 2 + 0.5, 0, 1)[..., None]
        texture = cv2.remap(coat, x - centre_x + broad, y - centre_y + tall, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        scenes.append((radiance * (1 - cover) + cover * texture[..., None] * colour).astype(np.float32))
        masks.append(cover[..., 0] > 0)
    return scenes, np.stack(masks)
