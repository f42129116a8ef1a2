import cv2
import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.faces.detection import find_faces
from hdrkit.formats.metadata import read_photo
from hdrkit.pipeline.face_pixels import PhotoPicture
from hdrkit.types.faces import Face

EXIF_ORIENTATION = 0x0112


def save(path, rgb, orientation=1):
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    Image.fromarray(rgb).save(path, exif=exif, quality=95)
    return read_photo(path)


def gradient(width, height):
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([x, y, 0 * x], axis=-1).astype(np.uint8)


def a_face(x, y, side):
    return Face((x, y, side, side), np.tile(np.float32([x + side / 2, y + side / 2]), (5, 1)), 0.9)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_every_size_shows_the_same(suffix, tmp_path):
    picture = PhotoPicture(save(tmp_path / f"a.{suffix}", gradient(1300, 901)))
    assert picture.size == (1300, 901)
    for side in (100, 320, 650, 651, 1300, 5000):
        pixels = picture.fitted(side)
        assert max(pixels.shape[:2]) == min(side, 1300)
        assert abs(pixels.shape[0] / pixels.shape[1] - 901 / 1300) < 0.01
        np.testing.assert_allclose(pixels[-1, -1, :2], 255, atol=4)
        np.testing.assert_allclose(pixels[0, 0, :2], 0, atol=4)


def test_a_photograph_that_is_turned_is_upright(tmp_path):
    picture = PhotoPicture(save(tmp_path / "a.jpg", gradient(800, 400), orientation=6))
    assert picture.size == (400, 800)
    assert picture.fitted(200).shape == (200, 100, 3)
    assert picture.fitted(200)[0, -1, 0] < 10  # the left side of what is stored is the top
    assert picture.fitted(200)[-1, -1, 0] > 240


@pytest.mark.parametrize(("side", "expected"), [(2000, 3000), (500, 3000), (450, 3000), (250, 6000), (60, 6000)])
def test_faces_get_as_many_pixels_as_they_need(side, expected, tmp_path):
    picture = PhotoPicture(save(tmp_path / "a.jpg", gradient(6000, 1600)))
    picture.fitted(100)
    pixels, (face,) = picture.around([a_face(1200.0, 400.0, float(side))])
    assert pixels.shape[1] == expected
    np.testing.assert_allclose(face.area, np.array([1200, 400, side, side]) * expected / 6000)
    np.testing.assert_allclose(face.landmarks[0], (np.array([1200, 400]) + side / 2) * expected / 6000)


def test_a_reduction_does_not_make_noise_of_neighbours_alike(tmp_path):
    noise = np.random.default_rng(4).normal(120, 20, (400, 6000, 3)).astype(np.uint8)
    pixels, _ = PhotoPicture(save(tmp_path / "a.png", noise)).around([a_face(1200.0, 100.0, 700.0)])
    assert pixels.shape == (200, 3000, 3)
    codes = pixels[..., 1] - pixels[..., 1].mean()
    assert abs((codes[:, 1:] * codes[:, :-1]).mean()) < 0.02 * codes.var()


def test_without_a_face_nothing_large_is_decoded(tmp_path):
    picture = PhotoPicture(save(tmp_path / "a.jpg", gradient(6000, 1600)))
    pixels, faces = picture.around([])
    assert (max(pixels.shape), faces) == (3000, [])


def test_faces_of_a_photograph(tmp_path):
    rgb = np.zeros((3000, 4000, 3), np.uint8)
    rgb[500:1500, 1000:2000] = 255

    def detector(pixels):
        rows = cv2.connectedComponentsWithStats((pixels[..., 0] > 127).astype(np.uint8))[2][1:]
        return [a_face(float(x), float(y), float(w)) for x, y, w, _, _ in rows]

    (face,) = find_faces(PhotoPicture(save(tmp_path / "a.jpg", rgb)), detector)
    np.testing.assert_allclose(face.area, (1000, 500, 1000, 1000), atol=8)


@pytest.mark.parametrize(("mode", "suffix"), [("1", "png"), ("L", "jpg"), ("CMYK", "jpg"), ("RGBA", "png"), ("P", "png")])
def test_pictures_of_other_modes(mode, suffix, tmp_path):
    Image.fromarray(gradient(700, 500)).convert(mode).save(tmp_path / f"a.{suffix}")
    pixels = PhotoPicture(read_photo(tmp_path / f"a.{suffix}")).fitted(350)
    assert (pixels.shape, pixels.dtype) == ((250, 350, 3), np.uint8)


def test_a_broken_photograph_is_one_line(tmp_path):
    photo = save(tmp_path / "a.png", gradient(700, 500))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:500])
    with pytest.raises(InputError, match=r"a\.png: the image is truncated or damaged"):
        PhotoPicture(photo).fitted(100)
