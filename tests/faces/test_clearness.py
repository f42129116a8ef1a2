"""The picture of a person is a clear one, and neither dark nor pale."""

from pathlib import Path

import cv2
import numpy as np

from hdrkit.faces.clearness import clearest_of
from hdrkit.types import Face, FaceMeasures, SeenFace


def seen(name: str, focus: float, size: float = 150.0, eyes: float = 1.0) -> SeenFace:
    measures = FaceMeasures(yaw=0.0, eyes=eyes, focus=focus)
    return SeenFace(Path(name), Face((0, 0, size, size), np.zeros((5, 2), np.float32), 0.9), np.zeros(4, np.float32), measures)


def chosen(*shown: tuple[SeenFace, int]) -> str:
    crops = {face.where: cv2.imencode(".jpg", np.full((160, 150, 3), code, np.uint8))[1].tobytes() for face, code in shown}
    return clearest_of([face for face, _ in shown], crops).path.name


def test_a_dark_face_is_not_chosen_because_it_is_a_little_sharper():
    assert chosen((seen("backlit", 0.94), 30), (seen("lit", 0.80), 125)) == "lit"
    assert chosen((seen("pale", 0.94), 254), (seen("lit", 0.80), 125)) == "lit"


def test_a_face_that_is_blurred_small_or_has_closed_eyes_is_not_chosen():
    lit = seen("clear", 0.8), 100
    for other in (seen("blurred", 0.3), seen("small", 0.8, 40), seen("closed", 0.8, eyes=0.0)):
        assert chosen(lit, (other, 125)) == "clear"
