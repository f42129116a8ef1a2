import hashlib

import pytest

from hdrkit.errors import InputError, ModelMissing
from hdrkit.models import store
from hdrkit.models.catalog import CATALOG, entries_of, entry_named, is_default
from hdrkit.models.entries import PythonPackage
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.store import ModelState, find_model, find_models, models_folder, parse_models, state_of
from tests.fixtures import networks


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HDRKIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_without_a_model_the_error_says_what_gets_it():
    with pytest.raises(ModelMissing) as missing:
        find_model(Role.FACE_EMBEDDING)
    assert str(missing.value) == (
        "the model dlib-resnet (face-embedding) is not on this machine; "
        "run: hdrkit models fetch dlib-resnet (CC0-1.0, 100.1 MB to download)"
    )


def test_one_command_gets_all_models_that_are_missing():
    with pytest.raises(ModelMissing) as missing:
        find_models([Role.FACE_DETECTOR, Role.FACE_EMBEDDING], {Role.FACE_DETECTOR: "yunet"})
    assert str(missing.value) == (
        "2 models are not on this machine; run: hdrkit models fetch yunet dlib-resnet (MIT, CC0-1.0; 100.4 MB to download)"
    )


def test_of_several_models_one_may_be_missing(tmp_path):
    (tmp_path / "mine.onnx").write_bytes(networks.yunet())
    given = {Role.FACE_DETECTOR: tmp_path / "mine.onnx"}
    with pytest.raises(ModelMissing, match="the model dlib-resnet .* is not on this machine"):
        find_models([Role.FACE_DETECTOR, Role.FACE_EMBEDDING], given)
    assert [model.name for model in find_models([Role.FACE_DETECTOR], given)] == ["mine.onnx"]


def test_a_half_fetched_model_is_damaged(folder):
    folder.mkdir()
    (folder / "centerface.onnx").write_bytes(networks.centerface())
    assert state_of(entry_named("centerface")) is ModelState.DAMAGED
    with pytest.raises(InputError, match=r"centerface\.onnx: the model centerface is cut off or changed; run: "):
        find_model(Role.FACE_DETECTOR)


def test_one_of_two_files_is_not_a_model(folder):
    folder.mkdir()
    entry = entry_named("face-api")
    assert state_of(entry) is ModelState.ABSENT
    (folder / entry.files[0].name).write_bytes(b"[]")
    assert state_of(entry) is ModelState.DAMAGED


def test_a_user_gives_a_file_of_their_own(tmp_path):
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(networks.yunet())
    found = find_model(Role.FACE_DETECTOR, parse_models([f"face-detector={mine}"]))
    assert (found.kind, found.path, found.name, found.licence) == (ModelKind.YUNET, mine, "mine.onnx", "unknown")


def test_a_user_gives_a_name_of_the_catalog():
    with pytest.raises(ModelMissing, match="the model yunet .* hdrkit models fetch yunet"):
        find_model(Role.FACE_DETECTOR, parse_models(["face-detector=yunet"]))


def test_a_model_of_the_wrong_role_is_one_line(tmp_path):
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(networks.embedder())
    with pytest.raises(InputError, match=r"mine\.onnx: it is a model for face-embedding, not for face-detector; give --model"):
        find_model(Role.FACE_DETECTOR, {Role.FACE_DETECTOR: mine})
    with pytest.raises(InputError, match="yunet is a model for face-detector; give it as --model face-detector=yunet"):
        find_model(Role.FACE_EMBEDDING, {Role.FACE_EMBEDDING: "yunet"})
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match="of no model for image-embedding that hdrkit can read"):
        find_model(Role.IMAGE_EMBEDDING, {Role.IMAGE_EMBEDDING: tmp_path / "other.json"})
    with pytest.raises(InputError, match="object-detector has no default model"):
        find_model(Role.OBJECT_DETECTOR)


@pytest.mark.parametrize(
    ("text", "said"), [("yunet", "give ROLE=PATH"), ("face=a.onnx", "no role 'face'"), ("face-detector=", "give ROLE")]
)
def test_what_is_no_model_of_a_role_is_said(text, said):
    with pytest.raises(InputError, match=said):
        parse_models([text])


def test_the_folder_is_the_users_data_folder_unless_one_is_named(monkeypatch, tmp_path):
    assert models_folder() == tmp_path / "models"
    monkeypatch.delenv("HDRKIT_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert models_folder().parts[-2:] == ("hdrkit", "models")


def test_a_whole_model_is_ready(folder, monkeypatch):
    content = networks.centerface()
    entry = entry_named("centerface")
    file = type(entry.files[0])("tiny.onnx", "", hashlib.sha256(content).hexdigest(), len(content))
    tiny = type(entry)("tiny", Role.FACE_DETECTOR, ModelKind.CENTERFACE, (file,), entry.source, "MIT")
    monkeypatch.setattr(store, "entries_of", lambda _: [tiny])
    monkeypatch.setattr(store, "is_default", lambda _: True)
    folder.mkdir()
    (folder / "tiny.onnx").write_bytes(content)
    assert find_model(Role.FACE_DETECTOR).path == folder / "tiny.onnx"


def test_defaults_are_free_for_any_use_and_come_from_python_packages():
    for role in (Role.FACE_DETECTOR, Role.FACE_LANDMARKS, Role.FACE_EMBEDDING):
        default = entries_of(role)[0]
        assert is_default(default)
        assert default.commercial
        assert isinstance(default.source, PythonPackage)
    assert not any(is_default(entry) for entry in CATALOG if not entry.commercial)
    assert len({entry.name for entry in CATALOG}) == len(CATALOG)
    assert len({file.name for entry in CATALOG for file in entry.files}) == sum(len(entry.files) for entry in CATALOG)
