"""Models -> what finds and embeds faces with them."""

from __future__ import annotations

import zipfile

from hdrkit.errors import InputError
from hdrkit.faces.chips import ARCFACE_112, DLIB_150
from hdrkit.faces.detectors.centerface import CenterFace
from hdrkit.faces.detectors.detector import Detector
from hdrkit.faces.detectors.retinaface import PRIOR_SIDES, RetinaFace
from hdrkit.faces.detectors.yunet import YuNet
from hdrkit.faces.embedding import ChipEmbedder, FaceEmbedder
from hdrkit.faces.mesh import MeshNetworks
from hdrkit.files.text import show
from hdrkit.models.dlib_file import read_dlib_network
from hdrkit.models.recognise import prior_sides, scales_inside
from hdrkit.models.roles import ModelKind
from hdrkit.models.runtime import open_network
from hdrkit.models.shards import read_face_api_network
from hdrkit.models.store import Model

_ARCFACE_CODES = 127.5  # codes are taken to -1..1
_OF_MESH = ("face_landmarks_detector.tflite", "face_blendshapes.tflite")  # in a file of MediaPipe


def open_detector(model: Model) -> Detector:
    """The face detector of a model. Raises InputError if it cannot be opened."""
    network = open_network(model.path)
    match model.kind:
        case ModelKind.CENTERFACE:
            return CenterFace(network)
        case ModelKind.YUNET:
            return YuNet(network)
        case ModelKind.RETINAFACE:
            return RetinaFace(network, prior_sides=prior_sides(model.path) or PRIOR_SIDES)
    raise InputError(f"{show(model.path)}: it is no face detector")


def open_embedder(model: Model) -> FaceEmbedder:
    """What embeds faces with a model. Raises InputError if it cannot be opened."""
    match model.kind:
        case ModelKind.DLIB_RESNET:
            return ChipEmbedder(open_network(read_dlib_network(model.path), show(model.path)), DLIB_150)
        case ModelKind.FACE_API:
            return ChipEmbedder(open_network(read_face_api_network(model.path), show(model.path)), DLIB_150)
        case ModelKind.ALIGNED_112:
            codes = 0.0 if scales_inside(model.path) else _ARCFACE_CODES
            return ChipEmbedder(open_network(model.path), ARCFACE_112, codes, codes or 1.0)
    raise InputError(f"{show(model.path)}: it embeds no faces")


def open_mesh(model: Model) -> MeshNetworks:
    """What fits a mesh to a face, and reads expressions from it. Raises InputError if it cannot be opened."""
    name = show(model.path)
    try:
        with zipfile.ZipFile(model.path) as inside:
            points, expressions = (open_network(inside.read(part), f"{part} in {name}") for part in _OF_MESH)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{name}: it holds no networks for the mesh of a face") from error
    return MeshNetworks(points, expressions)
