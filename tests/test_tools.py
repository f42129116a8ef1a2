"""The scripts in tools/: that they run, and that what they write can be read."""

import sys

import cv2
import numpy as np
import pytest

from hdrkit.models.recognise import recognise
from hdrkit.models.roles import ModelKind
from hdrkit.models.runtime import open_network
from hdrkit.semantics.super_resolution import Enlarger

pytest.importorskip("torch")
train_edsr = pytest.importorskip("tools.train_edsr")


@pytest.fixture
def folders(tmp_path):
    random = np.random.default_rng(3)
    for name in ("photographs", "panoramas"):
        (tmp_path / name).mkdir()
    for k in range(12):
        rgb = cv2.resize(random.integers(0, 256, (20, 30, 3), dtype=np.uint8), (300, 250), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / "photographs" / f"{k}.jpg"), rgb)
    cv2.imwrite(str(tmp_path / "panoramas" / "all.hdr"), random.random((200, 400, 3)).astype(np.float32))
    return tmp_path / "photographs", tmp_path / "panoramas"


def test_training_for_a_moment_writes_a_network_close_to_bicubic(folders, tmp_path, monkeypatch):
    out = tmp_path / "edsr.onnx"
    words = ["--pictures", folders[0], "--panoramas", folders[1], "--minutes", "0.0001", "--out", out]
    monkeypatch.setattr(sys, "argv", ["train_edsr.py", *map(str, words)])
    train_edsr.main()
    assert recognise(out) is ModelKind.ENLARGES_X3
    small = cv2.imread(str(folders[0] / "1.jpg"))[::5, ::5]
    bicubic = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    assert np.abs(Enlarger(open_network(out))(small).astype(int) - bicubic).mean() < 20


def test_the_bicubic_kernel_is_that_of_pillow():
    from PIL import Image

    small = np.random.default_rng(5).integers(60, 190, (9, 11, 3), dtype=np.uint8)
    planes = train_edsr.as_tensor([small])
    kernel = train_edsr.torch.from_numpy(train_edsr.bicubic_kernel())
    channels = train_edsr.nn.functional.conv2d(planes, kernel, padding=2)
    large = train_edsr.nn.functional.pixel_shuffle(channels, 3)[0].permute(1, 2, 0)
    expected = np.asarray(Image.fromarray(small).resize((33, 27), Image.Resampling.BICUBIC))
    codes = np.clip(255 * large.numpy(), 0, 255)
    assert np.abs(codes - expected)[6:-6, 6:-6].max() <= 1


def test_one_file_in_eight_is_held_back_by_its_name(tmp_path):
    held = [train_edsr.held_back(tmp_path / f"{k}.jpg") for k in range(800)]
    assert 60 < sum(held) < 140
    assert held == [train_edsr.held_back(tmp_path / "elsewhere" / f"{k}.jpg") for k in range(800)]
