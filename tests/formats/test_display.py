import cv2
import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import OutputError
from hdrkit.formats.display import write_display
from hdrkit.formats.display_marks import is_own
from hdrkit.formats.metadata import read_photo


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


@pytest.mark.parametrize(("suffix", "bits"), [(".jpg", 8), (".png", 8), (".png", 16), (".tif", 8), (".tif", 16)])
def test_a_picture_names_the_program_that_wrote_it(tmp_path, suffix, bits):
    path = write_display(ramp(), tmp_path / f"out{suffix}", bits)
    assert is_own(read_photo(path).software)
    with Image.open(path) as image:
        assert image.getexif()[305].startswith("hdrkit ")
        image.load()
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape == ramp().shape
    assert not is_own("darktable 4.6")


def test_a_lower_quality_makes_a_smaller_jpeg(tmp_path):
    sizes = [write_display(ramp(), tmp_path / f"{q}.jpg", quality=q).stat().st_size for q in (100, 95, 50)]
    assert sizes == sorted(sizes, reverse=True)
    assert write_display(ramp(), tmp_path / "out.jpg").read_bytes() == (tmp_path / "95.jpg").read_bytes()
