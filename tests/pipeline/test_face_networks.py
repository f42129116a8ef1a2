import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.faces.chips import ARCFACE_112
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.store import Model, find_model
from hdrkit.pipeline.face_networks import open_detector, open_embedder, open_mesh
from hdrkit.types.faces import Face
from tests.fixtures import networks


@pytest.mark.parametrize("content", [networks.centerface(), networks.yunet(), networks.retinaface()])
def test_a_detector_of_the_users_own(content, tmp_path):
    (tmp_path / "mine.onnx").write_bytes(content)
    find = open_detector(find_model(Role.FACE_DETECTOR, {Role.FACE_DETECTOR: tmp_path / "mine.onnx"}))
    assert find(np.zeros((64, 96, 3), np.uint8)) == []


def test_the_prior_boxes_of_a_file_are_taken(tmp_path):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[16:24, 16:24] = 255
    (tmp_path / "mine.onnx").write_bytes(networks.retinaface(stated=[[10, 20], [32, 64], [128, 256]]))
    (face,) = open_detector(find_model(Role.FACE_DETECTOR, {Role.FACE_DETECTOR: tmp_path / "mine.onnx"}))(picture)
    assert face.area[2:] == (10.0, 10.0)


def test_networks_that_scale_codes_and_that_do_not_embed_alike(tmp_path):
    picture = np.random.default_rng(4).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    face = Face((0.0, 0.0, 112.0, 112.0), ARCFACE_112.landmarks, 0.9)
    vectors = []
    for scales in (True, False):
        (tmp_path / "mine.onnx").write_bytes(networks.embedder(scales=scales))
        model = find_model(Role.FACE_EMBEDDING, {Role.FACE_EMBEDDING: tmp_path / "mine.onnx"})
        vectors.append(open_embedder(model)(picture, [face]))
    np.testing.assert_allclose(*vectors, atol=1e-5)


def test_a_model_of_another_kind_is_refused(tmp_path):
    (tmp_path / "mine.onnx").write_bytes(networks.embedder())
    model = Model(Role.OBJECT_DETECTOR, ModelKind.OTHER, "mine", tmp_path / "mine.onnx", "MIT")
    for use in (open_detector, open_embedder):
        with pytest.raises(InputError, match=r"mine\.onnx: it "):
            use(model)


def test_a_file_without_a_mesh_is_refused(tmp_path):
    (tmp_path / "mine.task").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"mine\.task: it holds no networks for the mesh of a face"):
        open_mesh(Model(Role.FACE_LANDMARKS, ModelKind.FACE_LANDMARKER, "mine", tmp_path / "mine.task", "MIT"))
