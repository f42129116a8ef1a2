import cv2
import numpy as np
import pytest

from hdrkit.errors import OutputError
from hdrkit.formats.display import write_display


def ramp(height=16, width=64):
    x = np.linspace(-0.1, 1.1, width, dtype=np.float32)
    return np.broadcast_to(np.stack([x, x[::-1], np.full_like(x, 0.25)], axis=-1), (height, width, 3))


@pytest.mark.parametrize(("suffix", "bits"), [(".png", 8), (".png", 16), (".tif", 8), (".tiff", 16), (".TIF", 16)])
def test_exact_formats_hold_the_rounded_picture(tmp_path, suffix, bits):
    path = write_display(ramp(), tmp_path / f"out{suffix}", bits)
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == (np.uint8 if bits == 8 else np.uint16)
    exact = np.clip(ramp().astype(float), 0, 1) * (2**bits - 1)
    np.testing.assert_allclose(stored[..., ::-1], exact, rtol=0, atol=0.51)  # half a step, and the rounding of float32


def test_jpeg_is_near(tmp_path):
    path = write_display(ramp(), tmp_path / "out.jpg")
    np.testing.assert_allclose(cv2.imread(str(path))[..., ::-1] / 255, np.clip(ramp(), 0, 1), atol=0.04)


def test_the_same_picture_twice_gives_the_same_bytes(tmp_path):
    for name in ("a.jpg", "a.png", "a.tif"):
        first = write_display(ramp(), tmp_path / name).read_bytes()
        assert write_display(ramp(), tmp_path / name).read_bytes() == first


@pytest.mark.parametrize(
    ("name", "bits", "complaint"),
    [
        ("a.jpg", 16, "does not hold 16 bits"),
        ("a.webp", 8, "not a display format"),
        ("a", 8, "no suffix"),
        ("a.png", 12, "12 bits"),
    ],
)
def test_formats_that_are_not_there(tmp_path, name, bits, complaint):
    with pytest.raises(OutputError, match=complaint):
        write_display(ramp(), tmp_path / name, bits)
    assert not list(tmp_path.iterdir())


def test_pictures_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="finite RGB"):
        write_display(np.full((4, 4, 3), np.nan, np.float32), tmp_path / "a.png")
    with pytest.raises(OutputError, match="finite RGB"):
        write_display(np.zeros((4, 4), np.float32), tmp_path / "a.png")
    with pytest.raises(OutputError, match="finite RGB"):
        write_display(np.zeros((0, 4, 3), np.float32), tmp_path / "a.png")
    with pytest.raises(OutputError, match="at most 65500 pixels a side"):
        write_display(np.zeros((1, 70000, 3), np.float32), tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())
