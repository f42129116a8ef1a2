"""`hdrkit map` as a person types it, with a tiny network."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fixtures.networks import picture_vector, yolox


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Five pictures of noise, and the working folder above them."""
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.onnx").write_bytes(picture_vector())
    (tmp_path / "pictures").mkdir()
    for k in range(5):
        noise = np.random.default_rng(k).integers(0, 256, (140, 150, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "pictures" / f"noise_{k}.png")
    return tmp_path / "pictures"


@pytest.fixture
def command(hdrkit, pictures):
    """Run `hdrkit map` with the tiny network, in one process."""
    fixed = ("--model", "image-embedding=tiny.onnx", "--super-resolution", "off", "--crop", "off", "--jobs", "1")
    return lambda *words: hdrkit("map", *words, *fixed)


def test_a_folder_becomes_a_map(command, tmp_path):
    told = command("pictures", "-o", "out")
    assert told.code == 0
    assert "5 pictures: " in told.out
    assert f"open {Path('out') / 'map.html'}" in told.out
    assert {"map.html", "clustering_result.json", "report.json"} <= {path.name for path in (tmp_path / "out").iterdir()}
    again = command("pictures", "-o", "out")
    assert "5 pictures known from earlier runs" in again.out


def test_the_names_of_other_tools_are_accepted(command, tmp_path):
    assert command("--image_dir", "./pictures", "--output", "./results/clustering_result.json").code == 0
    rows = json.loads((tmp_path / "results" / "clustering_result.json").read_text(encoding="utf-8"))
    assert [row["filename"] for row in rows] == [f"pictures/noise_{k}.png" for k in range(5)]
    assert {row["label"] for row in rows} == {"noise"}
    assert all(list(row) == ["filename", "label", "x", "y", "z", "group", "quality"] for row in rows)


def test_a_failure_is_told_and_the_rest_is_done(command, pictures, tmp_path):
    (pictures / "broken.jpg").write_bytes(b"no picture")
    (pictures / "notes.txt").write_text("text")
    told = command("pictures", "-o", "out")
    assert told.code == 1
    assert "error: pictures/broken.jpg: not an image" in told.err
    assert "1 other file ignored" in told.err
    assert len(json.loads((tmp_path / "out" / "clustering_result.json").read_text())) == 5


def test_the_report_as_json(command):
    told = command("pictures", "-o", "out", "--json")
    report = json.loads(told.out)
    assert (report["pictures"], report["failures"]) == (5, [])
    assert report["report"]["options"]["crop"] == "off"
    assert report["report"]["models"] == {"image-embedding": "tiny.onnx (unknown)"}
    assert sum(group["pictures"] for group in report["groups"]) + report["alone"] == 5


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("-o", "out"), "INPUT"),
        (("pictures",), "-o"),
        (("pictures", "-o", "out", "--crop", "some"), "--crop"),
        (("pictures", "-o", "out", "--seed", "-1"), "--seed"),
        (("pictures", "-o", "out", "--seed", str(2**32)), "--seed"),
        (("pictures", "-o", "out", "--model", "tiny.onnx"), "--model"),
        (("pictures", "-o", "out", "--model", "foo=bar"), "--model"),
        (("pictures", "-o", "out", "--model", "face-detector=yunet"), "--model"),
        (("pictures", "-o", "out", "--model", "object-detector=x.onnx"), "--crop"),
        (("pictures", "-o", "out", "--model", "super-resolution=x.onnx"), "--super-resolution"),
        (("pictures", "-o", "out", "--model", "super-resolution=x.onnx", "--super-resolution", "off"), "--model"),
        (("pictures", "-o", "out", "--labels", "words.txt"), "--labels"),
        (("pictures", "-o", "out", "--scheduler", "foo"), "--scheduler"),
    ],
)
def test_wrong_usage(hdrkit, pictures, words, saying):
    told = hdrkit("map", *words)
    assert told.code == 2
    assert saying in told.err


def test_a_model_of_another_kind_is_refused(hdrkit, pictures, tmp_path):
    (tmp_path / "text.onnx").write_bytes(b"no model")
    told = hdrkit("map", "pictures", "-o", "out", "--model", "image-embedding=text.onnx")
    assert told.code == 1
    assert "text.onnx" in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_detector_counts_where_objects_are_looked_for(hdrkit, pictures, tmp_path):
    (tmp_path / "yolo.onnx").write_bytes(yolox(step=16, side=64.0))
    Image.fromarray(np.full((192, 320, 3), (255, 0, 0), np.uint8)).save(pictures / "noise_0.png")
    words = ("map", "pictures", "-o", "out", "--model", "image-embedding=tiny.onnx", "--model", "object-detector=yolo.onnx")
    for _ in range(2):  # read, and known by their content
        assert hdrkit(*words, "--crop", "all", "--jobs", "1").code == 0
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        assert report["models"]["object-detector"] == "yolo.onnx (unknown)"
        assert max(len(one["crops"]) for one in report["pictures"]) == 8


def test_a_configuration_is_read(hdrkit, pictures, tmp_path):
    (tmp_path / "hdrkit.toml").write_text('[map]\ncrop = "off"\nsuper_resolution = "off"\nseed = 7\n')
    told = hdrkit(
        *("map", "pictures", "-o", "out", "--config", "hdrkit.toml", "--json", "--jobs", "1"),
        *("--model", "image-embedding=tiny.onnx"),
    )
    assert json.loads(told.out)["report"]["options"]["seed"] == 7
