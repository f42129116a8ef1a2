"""Brackets with known truth: a scene, a camera and times become frames, hand-held on request."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hdrkit.errors import InputError
from hdrkit.simulate.camera import Floats, SimulatedCamera
from hdrkit.types.image import Frame
from hdrkit.types.photo import Encoding, Exposure, ExposureSource, Photo

METERED = 0.18


def simulate_bracket(
    radiance: Floats,
    camera: SimulatedCamera,
    times_s: Sequence[float],
    seed: int,
    transforms: Sequence[Floats] | None = None,
) -> list[Frame]:
    """Photograph radiance (H, W, 1 or 3) once per time. The same seed gives the same frames.

    `transforms` holds one 3 x 3 matrix per frame that maps pixels of the scene to pixels of the frame (x right, y down, centres
    at whole numbers). Each frame has a Photo with the stated time and an invented path. Raises InputError if times and transforms
    differ in number.
    """
    if transforms is not None and len(transforms) != len(times_s):
        raise InputError(f"{len(transforms)} transforms for {len(times_s)} exposure times")
    height, width = radiance.shape[:2]
    encoding = Encoding.ENCODED8 if camera.bits == 8 else Encoding.ENCODED16
    frames = []
    for index, time_s in enumerate(times_s):
        seen = radiance if transforms is None else warp(radiance, transforms[index])
        photo = Photo(
            path=Path(f"frame_{index}.png"),
            width=width,
            height=height,
            encoding=encoding,
            exposure=Exposure(time_s, source=ExposureSource.LIST),
            camera=camera.name,
        )
        true_s = time_s * 2.0 ** (camera.shutter_ev * np.random.default_rng([seed, index, 1]).normal())
        if camera.flare:
            seen = seen + camera.flare * seen.mean(axis=(0, 1))
        pixels = camera.shoot(seen, true_s, np.random.default_rng([seed, index]))
        frames.append(Frame(pixels, photo, white=float(camera.levels - 1)))
    return frames


def warp(radiance: Floats, transform: Floats) -> NDArray[np.float32]:
    """The scene (H, W, C) as a moved camera sees it, by cubic splines in linear light. Edges are mirrored.

    `transform` maps scene pixels to frame pixels. Values stay within those of the surrounding scene pixels, so that the overshoot
    of a spline beside a window does not make shadows negative.
    """
    height, width = radiance.shape[:2]
    y, x = np.mgrid[:height, :width]
    sx, sy, s = np.tensordot(np.linalg.inv(transform), np.stack([x, y, np.ones_like(x)]).astype(float), axes=1)
    at = np.stack([sy / s, sx / s])
    channels = []
    for channel in np.moveaxis(radiance, 2, 0):
        value = ndimage.map_coordinates(channel, at, order=3, mode="mirror")
        least = ndimage.map_coordinates(ndimage.minimum_filter(channel, 3, mode="mirror"), at, order=0, mode="mirror")
        most = ndimage.map_coordinates(ndimage.maximum_filter(channel, 3, mode="mirror"), at, order=0, mode="mirror")
        channels.append(np.clip(value, least, most))
    return np.stack(channels, axis=2).astype(np.float32)


def handheld_transforms(
    count: int, width: int, height: int, seed: int, shift: float = 0.005, rotation_deg: float = 0.3, reference: int | None = None
) -> list[NDArray[np.float64]]:
    """Random 3 x 3 camera movements for `simulate_bracket`. The reference frame, by default the middle one, does not move.

    Shifts are uniform up to `shift` times the width along both axes, rotations uniform up to `rotation_deg` about the centre.
    """
    rng = np.random.default_rng(seed)
    still = count // 2 if reference is None else reference
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    transforms = []
    for index in range(count):
        dx, dy, turn = rng.uniform(-1, 1, 3)
        angle = math.radians(turn * rotation_deg)
        cos, sin = math.cos(angle), math.sin(angle)
        x = centre_x * (1 - cos) + centre_y * sin + dx * shift * width
        y = centre_y * (1 - cos) - centre_x * sin + dy * shift * width
        moved = np.array([[cos, -sin, x], [sin, cos, y], [0.0, 0.0, 1.0]])
        transforms.append(np.eye(3) if index == still else moved)
    return transforms


def metered_times(radiance: Floats, steps_ev: Sequence[float]) -> tuple[float, ...]:
    """Times in seconds, one per step, that place the log mean of the scene at 0.18 of saturation at step 0."""
    middle = METERED / float(np.exp(np.log(np.maximum(radiance, 1e-12)).mean()))
    return tuple(middle * 2.0**step for step in steps_ev)
