"""What models are for."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a model is for."""

    FACE_DETECTOR = "face-detector"
    FACE_LANDMARKS = "face-landmarks"
    FACE_EMBEDDING = "face-embedding"
    OBJECT_DETECTOR = "object-detector"
    IMAGE_EMBEDDING = "image-embedding"
    SUPER_RESOLUTION = "super-resolution"


class ModelKind(StrEnum):
    """How a model is read: which arrays go in, and what those that come out mean.

    - `centerface`, `yunet`, `retinaface`: ONNX face detectors with five landmarks.
    - `face-landmarker`: a zip of TFLite networks: a mesh of 478 points, and 52 shapes of a face from them.
    - `dlib-resnet`: the file of dlib; `face-api`: the same network as a manifest beside shards of 8-bit weights. 150 x 150 RGB.
    - `aligned-112`: ONNX of an aligned face of 112 x 112 RGB pixels, such as ArcFace and SFace.
    - `yolox`, `yolov10`: ONNX object detectors: all cells of three maps, or a list of objects.
    - `efficientnet-lite0`, `mobilenet-v2`: weights of PyTorch. `picture-vector`: ONNX of one RGB picture, normalised by the mean
      and deviation of ImageNet, that gives one vector.
    - `enlarges-x3`: ONNX of a picture (1, c, h, w), of colours or of luma, to one of (1, c, 3h, 3w).
    - `layers-model`: the same as a `model.json` of Keras's layers for TensorFlow.js, with shards beside it.
    - `edsr-graph`: EDSR as a frozen graph of TensorFlow, such as `EDSR_x3.pb`.
    - `clip`, `dinov2`: a folder, or a name of the Hugging Face hub that is on this machine, for transformers.
    - `other`: for roles that have no reader here.
    """

    CENTERFACE = "centerface"
    YUNET = "yunet"
    RETINAFACE = "retinaface"
    FACE_LANDMARKER = "face-landmarker"
    DLIB_RESNET = "dlib-resnet"
    FACE_API = "face-api"
    ALIGNED_112 = "aligned-112"
    YOLOX = "yolox"
    YOLOV10 = "yolov10"
    EFFICIENTNET_LITE0 = "efficientnet-lite0"
    MOBILENET_V2 = "mobilenet-v2"
    PICTURE_VECTOR = "picture-vector"
    ENLARGES_X3 = "enlarges-x3"
    LAYERS_MODEL = "layers-model"
    EDSR_GRAPH = "edsr-graph"
    CLIP = "clip"
    DINOV2 = "dinov2"
    OTHER = "other"


KINDS: dict[Role, tuple[ModelKind, ...]] = {
    Role.FACE_DETECTOR: (ModelKind.CENTERFACE, ModelKind.YUNET, ModelKind.RETINAFACE),
    Role.FACE_LANDMARKS: (ModelKind.FACE_LANDMARKER,),
    Role.FACE_EMBEDDING: (ModelKind.DLIB_RESNET, ModelKind.FACE_API, ModelKind.ALIGNED_112),
    Role.OBJECT_DETECTOR: (ModelKind.YOLOX, ModelKind.YOLOV10),
    Role.IMAGE_EMBEDDING: (ModelKind.EFFICIENTNET_LITE0, ModelKind.MOBILENET_V2, ModelKind.PICTURE_VECTOR),
    Role.SUPER_RESOLUTION: (ModelKind.ENLARGES_X3, ModelKind.LAYERS_MODEL, ModelKind.EDSR_GRAPH),
}

HUB_NAMES = {ModelKind.CLIP: "openai/clip-vit-base-patch32", ModelKind.DINOV2: "facebook/dinov2-small"}
"""The models of the Hugging Face hub that are loaded if none is given, and if they are on this machine."""

HUB_DOWNLOADS = {
    HUB_NAMES[ModelKind.CLIP]: "--exclude '[ft]*_model.*' (MIT, 605 MB to download)",  # not those of JAX and TensorFlow
    HUB_NAMES[ModelKind.DINOV2]: "config.json model.safetensors (Apache-2.0, 88 MB to download)",
}
"""Which of their files `hf download` is to get, the licence and the size."""
