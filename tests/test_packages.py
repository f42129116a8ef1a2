"""What an install without the larger packages can do."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.files.packages import load_package
from tests.fixtures.networks import picture_vector

MERGE_ALONE = ("torch", "transformers", "hdbscan", "sklearn", "faiss", "pandas", "watchdog", "matplotlib", "distributed")
PROGRAM = "import sys; sys.modules.update(dict.fromkeys({missing!r})); from hdrkit.cli.app import main; main()"


def without(missing, *words):
    """A command in a Python that lacks some packages."""
    command = [sys.executable, "-c", PROGRAM.format(missing=tuple(missing)), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_brackets_are_grouped_calibrated_and_merged_without_the_larger_packages(room, tmp_path):
    for words in (
        ("group", room, "-o", tmp_path / "sorted"),
        ("calibrate", tmp_path / "sorted", "--no-plot", "-o", tmp_path / "curve.npz"),
        ("merge", tmp_path / "sorted", "--response", tmp_path / "curve.npz", "-o", tmp_path / "out.exr", "--preview"),
        ("merge", tmp_path / "sorted", "--device", "auto", "-o", tmp_path / "own.exr"),
        ("info", tmp_path / "out.exr"),
    ):
        done = without(MERGE_ALONE, *words)
        assert (done.returncode, done.stderr) == (0, ""), words
    assert (tmp_path / "out_preview.jpg").exists()


def test_a_command_whose_package_is_missing_says_how_to_get_it(room, tmp_path):
    done = without(["matplotlib"], "calibrate", room, "-o", tmp_path / "curve.npz")
    assert done.returncode == 1
    assert done.stderr == "error: this needs matplotlib, which is not installed; run: pip install matplotlib\n"
    done = without(["watchdog"], "watch", room, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr == "error: this needs watchdog, which is not installed; run: pip install watchdog\n"


def test_a_package_with_another_name_is_named_as_pip_knows_it(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(picture_vector())
    for k in range(6):
        noise = np.random.default_rng(k).integers(0, 256, (140, 150, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{k}.png")
    fixed = ("--model", f"image-embedding={tmp_path / 'tiny.onnx'}", "--super-resolution", "off", "-j", "1")
    done = without(["umap"], "map", tmp_path, "-o", tmp_path / "out", *fixed)
    assert done.returncode == 1
    assert done.stderr == "error: this needs umap, which is not installed; run: pip install umap-learn\n"


def test_a_missing_package_is_named_with_what_needs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match=r"a film needs imageio_ffmpeg, .* run: pip install 'hdrkit\[video\]'"):
        load_package("imageio_ffmpeg", "a film", "hdrkit[video]")
    assert load_package("json.decoder", "text", "python").JSONDecoder
