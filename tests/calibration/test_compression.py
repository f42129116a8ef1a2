"""Frames that have been through JPEG are recognised by their blocks, and others are not."""

import cv2
import numpy as np
import pytest

from hdrkit.calibration.compression import compressed
from hdrkit.simulate import SimulatedCamera, chart, metered_times, simulate_bracket
from hdrkit.types import Frame


def jpeg(frame: Frame, quality: int) -> Frame:
    return Frame(cv2.imdecode(cv2.imencode(".jpg", frame.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR))


@pytest.mark.parametrize("response", ["gamma", "linear", "log"])
@pytest.mark.parametrize("seed", range(3))
def test_jpeg_is_told_from_lossless(response, seed):
    radiance = chart(480, 360, stops=14, seed=seed)
    frames = simulate_bracket(radiance, SimulatedCamera(response), metered_times(radiance, (-2, 0, 2)), seed=seed)
    assert not compressed(frames)
    assert compressed([jpeg(frame, 92) for frame in frames])
    moved = [Frame(np.ascontiguousarray(jpeg(frame, 92).pixels[3:, 5:])) for frame in frames]
    assert compressed(moved)


@pytest.mark.parametrize("pixels", [np.zeros((5, 5, 3), np.uint8), np.full((64, 64, 1), 65535, np.uint16)])
def test_pictures_with_nothing_to_see_are_not_called_compressed(pixels):
    assert not compressed([Frame(pixels, white=float(np.iinfo(pixels.dtype).max))])
