"""Pose, eyes and smile follow from a mesh, do not follow the exposure, and are unknown where the pixels cannot tell."""

import numpy as np
import pytest

from hdrkit.faces.exposed import STANDARD, expose, face_luminance
from hdrkit.faces.expression import smile_of
from hdrkit.faces.eyes import eyes_open
from hdrkit.faces.measures import measure_faces
from hdrkit.faces.mesh import SIDE, fit_mesh
from hdrkit.faces.pose import is_profile, pose_of
from hdrkit.imaging.colour import light_of_srgb, srgb_of_light
from tests.faces.meshes import face_at, head, mesh, networks


def shaded(level: float) -> np.ndarray:
    """A crop of uneven light around a luminance."""
    rough = np.random.default_rng(5).uniform(0.6, 1.4, (16, 16, 1)).repeat(SIDE // 16, 0).repeat(SIDE // 16, 1)
    return np.rint(255 * srgb_of_light(np.clip(level * rough * np.ones(3), 0, 1))).astype(np.uint8)


@pytest.mark.parametrize("ev", [-2, -1, 1])
def test_exposure_has_no_share_in_what_the_networks_see(ev):
    normal, other = expose(shaded(0.2)), expose(shaded(0.2 * 2.0**ev))
    assert np.abs(normal.codes - other.codes).mean() < 0.005
    assert face_luminance(np.rint(normal.codes * 255).astype(np.uint8)) == pytest.approx(STANDARD, rel=0.03)
    assert other.luminance == pytest.approx(normal.luminance * 2.0**ev, rel=0.05)


def test_light_is_scaled_and_not_codes():
    crop = shaded(0.1)
    scale = light_of_srgb(expose(crop).codes) / light_of_srgb(crop / 255)
    assert scale == pytest.approx(STANDARD / face_luminance(crop), rel=1e-3)


def test_clipped_pixels_are_marked():
    crop = shaded(0.2)
    crop[10, 20, 1] = 255
    assert np.argwhere(expose(crop).clipped).tolist() == [[10, 20]]
    assert expose(np.zeros((SIDE, SIDE, 3), np.uint8)).luminance == 0


@pytest.mark.parametrize("pose", [(0, 0, 0), (25, 0, 0), (-40, 0, 0), (0, 20, 0), (0, -30, 0), (0, 0, 35), (-20, 0, -25)])
def test_a_pose_is_found_again(pose):
    assert pose_of(mesh(head(*pose))) == pytest.approx(pose, abs=1)


def test_the_less_open_eye_decides():
    [both, right, left, none] = (
        eyes_open(mesh(blink=blink, lids=lids), 0)[0]
        for blink, lids in (
            ((0.05, 0.05), (0.3, 0.3)),
            ((0.65, 0.05), (0.05, 0.3)),
            ((0.05, 0.65), (0.3, 0.05)),
            ((0.65, 0.65), (0.05, 0.05)),
        )
    )
    assert both > 0.9
    assert max(right, left, none) < 0.1


def test_the_far_eye_of_a_turned_head_does_not_count():
    squint = mesh(blink=(0.05, 0.65), lids=(0.3, 0.05))
    assert eyes_open(squint, 40)[0] > 0.9  # looks to the right of the picture, where the left eye is
    assert eyes_open(squint, -40)[0] < 0.1


def test_eyes_are_unknown_where_pixels_cannot_tell():
    assert eyes_open(mesh(), 75) == (None, "turned away")
    assert eyes_open(mesh(scale=0.2), 0) == (None, "too small")
    crop = shaded(0.2)
    white = crop.copy()
    white[80:150] = 255
    assert eyes_open(mesh(crop=expose(white)), 0) == (None, "blown out")
    bar = crop.copy()
    bar[100:117] = 255
    assert eyes_open(mesh(crop=expose(bar)), 0) == (None, "blown out")
    dark = crop.copy()
    dark[90:128] = 20
    assert eyes_open(mesh(crop=expose(dark)), 0) == (None, "dark glasses")
    assert eyes_open(mesh(crop=expose(crop)), 0)[0] is not None


def test_a_smile_is_the_mean_of_both_corners():
    assert smile_of(mesh(smile=(0.9, 0.5)), 0) == (pytest.approx(0.7), "")
    assert smile_of(mesh(), -75) == (None, "turned away")
    assert smile_of(mesh(scale=0.1), 0) == (None, "too small")
    white = shaded(0.2)
    white[150:200] = 255
    assert smile_of(mesh(crop=expose(white)), 0) == (None, "blown out")


def photograph(level: int = 120) -> np.ndarray:
    return np.full((400, 600, 3), level, np.uint8)


def test_a_mesh_lies_where_the_face_is():
    turned = face_at(300, 200, 60)
    fitted = fit_mesh(photograph(), turned, networks())
    assert fitted.points[[33, 263], :2].mean(axis=0) == pytest.approx((300, 200 - 0.1 * 60), abs=40)
    assert fitted.presence > 0.99
    assert fitted.crop.codes.shape == (SIDE, SIDE, 3)


def test_every_face_has_measures_in_order():
    two = [face_at(150, 200, 60), face_at(450, 200, 50)]
    found = measure_faces(photograph(), two, networks())
    assert [one.smile for one in found] == [pytest.approx(0.8)] * 2
    assert all(one.eyes > 0.5 and abs(one.yaw) < 1 for one in found)
    assert measure_faces(photograph(), [], networks()) == []


def test_a_face_without_a_mesh_says_why():
    [profile] = measure_faces(photograph(), [face_at(300, 200, 60, nose=0.9)], networks(presence=-8))
    assert is_profile(face_at(300, 200, 60, nose=0.9))
    assert (profile.eyes, profile.smile, profile.yaw) == (None, None, None)
    assert dict(profile.unknown)["eyes"] == "profile"
    [hidden] = measure_faces(photograph(), [face_at(300, 200, 60)], networks(presence=-8))
    assert dict(hidden.unknown)["smile"] == "hidden, or not a face"
    [dark] = measure_faces(photograph(3), [face_at(300, 200, 60)], networks())
    assert dict(dark.unknown) == dict.fromkeys(("pose", "eyes", "smile", "focus"), "too dark")


def test_a_face_beyond_the_border_is_measured():
    [found] = measure_faces(photograph(), [face_at(-90, -20, 60)], networks())
    assert dict(found.unknown)["focus"] == "beyond the border of the photograph"
