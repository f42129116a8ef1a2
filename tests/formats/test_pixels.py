import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from hdrkit.errors import InputError
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.orientation import upright
from hdrkit.formats.pixels import read_frame, read_frames
from hdrkit.types import Encoding

Y, X = np.mgrid[:32, :48]
COLOUR = np.stack([X * 5, Y * 7, 255 - (X + Y) * 3], axis=2).astype(np.uint8)
GRAY = COLOUR[..., 0] // 2 + COLOUR[..., 1] // 2
LOSSLESS = ("png", "tif", "bmp", "jp2")
GRAYLESS = ("webp", "avif")
LOSSY = {"jpg": {"quality": 95, "subsampling": 0}, "webp": {"quality": 95}, "avif": {"quality": 95, "subsampling": "4:4:4"}}


def frame_of(path):
    return read_frame(read_photo(path))


def distance(pixels, truth):
    assert pixels.shape == truth.shape
    return float(np.abs(pixels.astype(float) - truth).mean())


def gray_and_colour(*suffixes):
    return pytest.mark.parametrize(
        ("suffix", "gray"), [(suffix, gray) for suffix in suffixes for gray in (False, True) if not (gray and suffix in GRAYLESS)]
    )


@gray_and_colour(*LOSSLESS, *LOSSY, "PNG", "JPG", "Tiff")
def test_eight_bit_formats(tmp_path, suffix, gray):
    truth = GRAY if gray else COLOUR
    Image.fromarray(truth).save(tmp_path / f"a.{suffix}", **LOSSY.get(suffix.lower(), {}))
    frame = frame_of(tmp_path / f"a.{suffix}")
    assert (frame.pixels.dtype, frame.white, frame.levels, frame.is_linear) == (np.uint8, 255, 256, False)
    assert frame.photo.encoding is Encoding.ENCODED8
    assert (frame.photo.height, frame.photo.width) == frame.pixels.shape[:2]
    limit = 0 if suffix.lower() in LOSSLESS else 2.5
    assert distance(frame.pixels, truth[:, :, None] if gray else truth) <= limit


@gray_and_colour("png", "tif", "jp2")
def test_sixteen_bit_formats(tmp_path, suffix, gray):
    truth = (GRAY if gray else COLOUR).astype(np.uint16) * 257 - 3
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), truth if gray else truth[..., ::-1])
    frame = frame_of(tmp_path / f"a.{suffix}")
    assert (frame.pixels.dtype, frame.white, frame.levels) == (np.uint16, 65535, 65536)
    assert frame.photo.encoding is Encoding.ENCODED16
    np.testing.assert_array_equal(frame.pixels, truth[:, :, None] if gray else truth)


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_avif_keeps_its_own_number_of_levels(tmp_path, bits):
    truth = COLOUR.astype(np.uint16) << (bits - 8)
    settings = [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, 100]
    cv2.imwrite(str(tmp_path / "a.avif"), truth[..., ::-1], settings)
    frame = frame_of(tmp_path / "a.avif")
    assert (frame.white, frame.levels, frame.photo.encoding) == (2**bits - 1, 2**bits, Encoding.ENCODED16)
    assert distance(frame.pixels, truth) < 2 ** (bits - 8)


def test_words_in_a_tiff_do_not_change_its_depth(tmp_path):
    truth = COLOUR[..., 0].astype(np.uint16) * 257
    Image.fromarray(truth).save(tmp_path / "a.tif", tiffinfo={270: "xmlns:pixinsight ihdr pixinsight"})
    assert frame_of(tmp_path / "a.tif").levels == 65536


def test_float_tiff_is_light(tmp_path):
    truth = COLOUR.astype(np.float32) / 17
    cv2.imwrite(str(tmp_path / "a.tif"), truth[..., ::-1])
    frame = frame_of(tmp_path / "a.tif")
    assert frame.is_linear
    np.testing.assert_array_equal(frame.pixels, truth)


def test_a_float_tiff_that_is_no_light_is_refused(tmp_path):
    truth = COLOUR.astype(np.float32)
    truth[0, 0] = np.nan
    cv2.imwrite(str(tmp_path / "a.tif"), truth)
    with pytest.raises(InputError, match=r"a\.tif.*not finite"):
        frame_of(tmp_path / "a.tif")


@gray_and_colour("png", "tif", "webp")
def test_alpha_is_dropped(tmp_path, suffix, gray):
    alpha = np.where((X > 20) | (suffix == "tif"), 255, 128).astype(np.uint8)  # in TIFF only where it says nothing
    planes = [GRAY, alpha] if gray else [*np.moveaxis(COLOUR, 2, 0), alpha]
    image = Image.merge("LA" if gray else "RGBA", [Image.fromarray(plane) for plane in planes])
    image.save(tmp_path / f"a.{suffix}", **({"lossless": True, "exact": True} if suffix == "webp" else {}))
    pixels = frame_of(tmp_path / f"a.{suffix}").pixels
    truth = GRAY[:, :, None] if gray else COLOUR
    np.testing.assert_array_equal(pixels, np.broadcast_to(truth, pixels.shape))


def test_palettes_and_bitmaps_are_expanded(tmp_path):
    Image.fromarray(COLOUR).quantize(16).save(tmp_path / "p.png")
    np.testing.assert_array_equal(frame_of(tmp_path / "p.png").pixels, np.array(Image.open(tmp_path / "p.png").convert("RGB")))
    Image.fromarray(GRAY).convert("1").save(tmp_path / "1.png")
    np.testing.assert_array_equal(frame_of(tmp_path / "1.png").pixels[..., 0] > 0, np.array(Image.open(tmp_path / "1.png")))


@pytest.mark.parametrize("orientation", range(1, 9))
@gray_and_colour("jpg", "png", "tif", "webp", "avif")
def test_all_orientations_are_upright(tmp_path, suffix, orientation, gray):
    stored = Image.fromarray(GRAY if gray else COLOUR)
    tags = Image.Exif()
    tags[274] = orientation
    path = tmp_path / f"a.{suffix}"
    stored.save(path, exif=tags, **LOSSY.get(suffix, {}))
    stored.getexif()[274] = orientation
    truth = np.array(ImageOps.exif_transpose(stored))
    frame = frame_of(path)
    assert (frame.photo.height, frame.photo.width) == frame.pixels.shape[:2]
    assert distance(frame.pixels, truth[:, :, None] if gray else truth) <= (0 if suffix in LOSSLESS else 2.5)


def test_deep_turned_tiff_is_upright(tmp_path):
    deep = GRAY.astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "a.tif", tiffinfo={274: 6})
    np.testing.assert_array_equal(frame_of(tmp_path / "a.tif").pixels[..., 0], np.rot90(deep, -1))


def test_turning_makes_contiguous_copies_and_leaves_the_argument():
    before = COLOUR.copy()
    for orientation in range(1, 9):
        assert upright(COLOUR, orientation).flags.c_contiguous
    np.testing.assert_array_equal(COLOUR, before)


def write(path, pixels):
    Image.fromarray(pixels).save(path)
    return read_photo(path)


def test_frames_of_a_bracket_come_in_order(tmp_path):
    photos = [write(tmp_path / f"{k}.png", np.full((4, 5, 3), k, np.uint8)) for k in range(7)]
    frames = read_frames(photos)
    assert [int(frame.pixels.max()) for frame in frames] == list(range(7))
    assert [frame.photo for frame in frames] == photos


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (np.zeros((5, 4, 3), np.uint8), "4 x 5 pixels.*5 x 4.*one size"),
        (np.zeros((4, 5), np.uint8), "8 bit gray.*8 bit colour.*one kind"),
        (np.zeros((4, 5), np.uint16), "16 bit gray.*8 bit colour.*one kind"),
    ],
)
def test_frames_that_do_not_go_together_are_named(tmp_path, other, reason):
    photos = [write(tmp_path / "first.png", np.zeros((4, 5, 3), np.uint8)), write(tmp_path / "second.png", other)]
    with pytest.raises(InputError, match=f"second.*{reason}"):
        read_frames(photos)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "jp2", "bmp", "gif", "avif"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_truncated_pictures_are_refused(tmp_path, suffix, share):
    path = tmp_path / f"a.{suffix}"
    noisy = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(noisy).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=rf"a\.{suffix}.*(truncated|damaged)") as caught:
        frame_of(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_picture_of_one_pixel_is_a_picture(tmp_path):
    assert read_frame(write(tmp_path / "a.png", np.full((1, 1, 3), 7, np.uint8))).pixels.tolist() == [[[7, 7, 7]]]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_of_an_animation_the_first_picture_counts(tmp_path, suffix):
    pictures = [Image.new("RGB", (12, 9), colour) for colour in ("red", "lime", "blue")]
    pictures[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=pictures[1:], lossless=True)
    pixels = frame_of(tmp_path / f"a.{suffix}").pixels
    assert pixels.shape == (9, 12, 3)
    assert (pixels == (255, 0, 0)).all()
