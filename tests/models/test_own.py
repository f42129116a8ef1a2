"""The weights that are part of hdrkit."""

import hashlib
from importlib.resources import files

import pytest

from hdrkit.errors import InputError
from hdrkit.models import store
from hdrkit.models.catalog import CATALOG, entries_of, is_default
from hdrkit.models.entries import Shipped
from hdrkit.models.fetch import fetch
from hdrkit.models.recognise import recognise
from hdrkit.models.roles import Role
from hdrkit.models.store import ModelState, find_model, state_of

OWN = [entry for entry in CATALOG if isinstance(entry.source, Shipped)]


@pytest.mark.parametrize("entry", OWN, ids=lambda entry: entry.name)
def test_each_is_in_the_package_with_a_card_that_states_its_sha256(entry):
    folder = files("hdrkit") / "models" / "own"
    for file in entry.files:
        content = (folder / file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert len(content) == file.bytes < 1_000_000
        card = (folder / file.name).with_suffix(".md").read_text("utf-8")
        assert file.sha256 in card
        for part in ("## Data", "## Training", "## Accuracy", "## Limits", "MIT"):
            assert part in card
    assert recognise(folder / entry.files[0].name) is entry.kind


def test_super_resolution_needs_nothing_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("HDRKIT_MODELS", str(tmp_path / "empty"))
    entry = entries_of(Role.SUPER_RESOLUTION)[0]
    assert is_default(entry)
    assert state_of(entry) is ModelState.READY
    assert find_model(Role.SUPER_RESOLUTION).name == "edsr-x3"
    assert fetch(entry) == [find_model(Role.SUPER_RESOLUTION).path]
    assert not (tmp_path / "empty").exists()


def test_weights_that_were_changed_ask_for_another_install(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    (tmp_path / "edsr_x3.onnx").write_bytes(b"changed")
    with pytest.raises(InputError, match=r"edsr_x3\.onnx: this file of hdrkit is missing or changed; install hdrkit again"):
        find_model(Role.SUPER_RESOLUTION)
    with pytest.raises(InputError, match="edsr-x3: it is a part of hdrkit that is missing or changed; install hdrkit again"):
        fetch(entries_of(Role.SUPER_RESOLUTION)[0])
