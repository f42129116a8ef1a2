import zipfile

import pytest

from hdrkit.errors import InputError
from hdrkit.models.recognise import prior_sides, recognise, scales_inside
from hdrkit.models.roles import ModelKind
from tests.fixtures import networks


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (ModelKind.CENTERFACE, networks.centerface()),
        (ModelKind.YUNET, networks.yunet()),
        (ModelKind.RETINAFACE, networks.retinaface()),
        (ModelKind.RETINAFACE, networks.retinaface(sides_known=False)),
        (ModelKind.ALIGNED_112, networks.embedder()),
        (ModelKind.YOLOX, networks.yolox()),
        (ModelKind.YOLOX, networks.yolox(known=False)),
        (ModelKind.YOLOV10, networks.yolov10()),
        (ModelKind.PICTURE_VECTOR, networks.picture_vector()),
        (ModelKind.ENLARGES_X3, networks.enlarger()),
        (ModelKind.ENLARGES_X3, networks.enlarger(channels=1)),
        (ModelKind.OTHER, networks.enlarger(times=4)),
        (ModelKind.DLIB_RESNET, b"\x01\x01\x01\x0dloss_metric_2\x03"),
        (ModelKind.FACE_API, b'[{"weights": [{"name": "conv32_down/conv/filters"}]}]'),
        (ModelKind.OTHER, b'{"modelTopology": 1}'),
    ],
)
def test_kinds_are_told_apart_by_content(kind, content, tmp_path):
    (tmp_path / "model").write_bytes(content)
    assert recognise(tmp_path / "model") is kind


@pytest.mark.parametrize(("member", "kind"), [("face_landmarks_detector.tflite", "face-landmarker"), ("a.txt", "other")])
def test_a_zip_is_told_by_what_is_in_it(member, kind, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.task", "w") as archive:
        archive.writestr(member, b"TFL3")
    assert recognise(tmp_path / "model.task") == kind


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00", networks.yunet()[:3000], b"PK\x03\x04 cut off"])
def test_no_model_and_half_a_model_are_one_line(content, tmp_path):
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(InputError, match=r"model\.onnx: it is no model that hdrkit can read, or it is cut off"):
        recognise(tmp_path / "model.onnx")


def test_sides_of_prior_boxes_are_read_from_the_metadata(tmp_path):
    for stated, expected in ((None, None), ([[10, 20], [32, 64], [128, 256]], ((10, 20), (32, 64), (128, 256)))):
        (tmp_path / "faces.onnx").write_bytes(networks.retinaface(stated=stated))
        assert prior_sides(tmp_path / "faces.onnx") == expected
    (tmp_path / "faces.onnx").write_bytes(networks.retinaface(stated="large"))
    with pytest.raises(InputError, match=r"faces\.onnx: min_sizes in its metadata is large, not such as"):
        prior_sides(tmp_path / "faces.onnx")


def test_networks_that_scale_codes_themselves_are_known(tmp_path):
    for scales in (True, False):
        (tmp_path / "faces.onnx").write_bytes(networks.embedder(scales=scales))
        assert scales_inside(tmp_path / "faces.onnx") is scales


def test_half_a_file_of_pytorch_is_one_line(tmp_path):
    (tmp_path / "old.pth").write_bytes(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M")
    with zipfile.ZipFile(tmp_path / "new.pth", "w") as archive:
        archive.writestr("retina/data.pkl", b"")
    for name in ("old", "new"):
        with pytest.raises(InputError, match=rf"{name}\.pth: it holds no weights of PyTorch that hdrkit"):
            recognise(tmp_path / f"{name}.pth")
