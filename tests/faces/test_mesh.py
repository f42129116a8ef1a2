"""The real networks on drawn heads: eyes and smile are told, and stay the same over four EV. Skipped without the model."""

import pytest

from hdrkit.errors import ModelMissing
from hdrkit.faces.measures import measure_faces
from hdrkit.faces.mesh import MeshNetworks
from hdrkit.models.roles import Role
from hdrkit.models.store import find_model
from hdrkit.pipeline.face_networks import open_mesh
from tests.faces.drawn import drawn_face, face_of, photographed

SIZE = 200


@pytest.fixture(scope="module")
def landmarker() -> MeshNetworks:
    try:
        return open_mesh(find_model(Role.FACE_LANDMARKS))
    except ModelMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("smiles", [False, True])
def test_eyes_and_smile_are_told_at_every_exposure(landmarker, closed, smiles):
    light = drawn_face(SIZE, closed=closed, smiles=smiles)
    for ev in (0, -2, 1):
        [found] = measure_faces(photographed(light, ev), [face_of(SIZE)], landmarker)
        assert (found.eyes < 0.1) if closed else (found.eyes > 0.9)
        assert (found.smile > 0.8) if smiles else (found.smile < 0.3)
        assert max(abs(found.yaw), abs(found.roll)) < 3
        assert not found.unknown


def test_a_face_that_is_blown_out_or_black_is_unknown(landmarker):
    light = drawn_face(SIZE, closed=True)
    [bright], [dark] = (measure_faces(photographed(light, ev), [face_of(SIZE)], landmarker) for ev in (2, -7))
    assert dict(bright.unknown) == dict.fromkeys(("eyes", "smile", "focus"), "blown out")
    assert dict(dark.unknown)["eyes"] == "too dark"
