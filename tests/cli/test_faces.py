"""`hdrkit faces` on the command line: what it refuses, and what it says of people who are forgotten."""

import pytest

from hdrkit.gallery.gallery import open_gallery
from hdrkit.types import Category, Label
from tests.gallery.test_gallery import ONE, filled

pytest.importorskip("lancedb")


@pytest.fixture
def gallery(monkeypatch, tmp_path):
    """A gallery in which two persons have labels, one of them without a name."""
    monkeypatch.setenv("HDRKIT_GALLERY", str(tmp_path / "gallery"))
    with open_gallery(None, "net") as opened:
        filled(opened)
        opened.label({0: Label(Category.MAIN)})
    return tmp_path / "gallery"


@pytest.mark.parametrize("nobody", ["", "  ", "\t"])
def test_forgetting_nobody_is_wrong_usage_and_removes_nobody(hdrkit, gallery, nobody):
    told = hdrkit("faces", "--forget", nobody)
    assert told.code == 2
    assert "by number or name" in told.err
    with open_gallery(None, "net") as opened:
        assert [person.number for person in opened.persons()] == [0, 1]
        assert len(opened.decided([ONE.digest])) == 2


def test_somebody_is_forgotten_by_name(hdrkit, gallery):
    assert hdrkit("faces", "--forget", " bob ").code == 0
    with open_gallery(None, "net") as opened:
        assert [person.number for person in opened.persons()] == [0]


@pytest.mark.parametrize("model", ["yunet", "face=yunet", "face-detector=", "object-detector=yolox-s"])
def test_a_model_for_no_role_of_faces_is_wrong_usage(hdrkit, tmp_path, model):
    told = hdrkit("faces", tmp_path, "-o", tmp_path / "out", "--model", model)
    assert told.code == 2
    assert "--model" in told.err
