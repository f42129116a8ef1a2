import io
import struct
import threading
from itertools import islice

import cv2
import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.orientation import upright
from hdrkit.formats.pixels import read_frame
from hdrkit.formats.previews import content_digest, read_preview, read_previews
from hdrkit.formats.radiance import write_radiance
from hdrkit.types import RadianceMap
from tests.formats.test_raw import LONG, SHORT, directory, patches, write_dng

TARGET = (512, 512)


@pytest.fixture(scope="module")
def picture():
    """Codes (680, 1024, 3) with as much detail at one scale as at another, more of light than of colour, as photographs have."""
    rng = np.random.default_rng(5)
    tint = (0.3, 0.3, 0.3, 1)
    octaves = [cv2.resize(rng.normal(0, tint, (680 // 2**k, 1024 // 2**k, 4)), (1024, 680)) for k in range(1, 7)]
    total = sum(octave[..., :3] + octave[..., 3:] for octave in octaves)
    return np.clip(128 + 40 * total / total.std(), 0, 255).astype(np.uint8)


def written(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return read_photo(path)


def averaged(pixels, size):
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def shift(a, b):
    """By how many pixels the second picture lies off the first."""
    gray = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (a, b)]
    return cv2.phaseCorrelate(*gray, cv2.createHanningWindow(gray[0].shape[::-1], cv2.CV_32F))[0]


@pytest.mark.parametrize(("target", "size"), [((512, 512), (512, 340)), ((511, 511), (256, 170)), ((128, 128), (128, 85))])
def test_a_jpeg_is_decoded_to_the_largest_reduction_that_fits(tmp_path, picture, target, size):
    photo = written(tmp_path / "a.jpg", picture, quality=95)
    preview = read_preview(photo, target)
    assert (preview.shape, preview.dtype) == ((size[1], size[0], 3), np.uint8)
    assert np.abs(preview.astype(float) - averaged(picture, size)).mean() < 6


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("most", [512, 256, 128, 100])
def test_reductions_leave_things_in_their_place(tmp_path, picture, subsampling, most):
    preview = read_preview(written(tmp_path / "a.jpg", picture, quality=95, subsampling=subsampling), (most, most))
    assert np.hypot(*shift(averaged(picture, preview.shape[1::-1]), preview)) < 0.05


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_previews_are_upright_and_nothing_is_enlarged(tmp_path, picture, suffix, orientation):
    tags = Image.Exif()
    tags[274] = orientation
    photo = written(tmp_path / f"a.{suffix}", picture[:96, :160], exif=tags, quality=95)
    truth = upright(picture[:96, :160], orientation)
    assert read_preview(photo, TARGET).shape == truth.shape
    small = read_preview(photo, (80, 80))
    assert np.abs(small.astype(float) - averaged(truth, small.shape[1::-1])).mean() < 10
    assert max(small.shape) == 80


def test_width_and_height_are_bounded_apart(tmp_path, picture):
    assert read_preview(written(tmp_path / "a.png", picture), (1000, 100)).shape == (100, 151, 3)
    assert read_preview(written(tmp_path / "a.jpg", picture), (1000, 100)).shape == (85, 128, 3)


def test_sixteen_bits_become_the_eight_that_are_the_same_share_of_white(tmp_path, picture):
    cv2.imwrite(str(tmp_path / "a.tif"), picture[..., ::-1].astype(np.uint16) * 257)
    assert (read_preview(read_photo(tmp_path / "a.tif"), (2000, 2000)) == picture).all()
    assert (read_preview(written(tmp_path / "a.png", picture), (2000, 2000)) == picture).all()


def test_gray_pictures_have_three_equal_channels(tmp_path, picture):
    for suffix in ("jpg", "png"):
        preview = read_preview(written(tmp_path / f"a.{suffix}", picture[..., 0]), TARGET)
        assert preview.shape[2] == 3
        assert (preview == preview[..., :1]).all()


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_radiance_is_shown_on_a_display_curve_at_any_scale(tmp_path, suffix):
    light = np.repeat(np.linspace(0, 1, 200, dtype=np.float32)[None, :, None], 50, 0).repeat(3, 2)
    previews = []
    for scale in (1e-3, 1.0, 500.0):
        write_radiance(RadianceMap(np.ascontiguousarray(light * scale)), tmp_path / f"a{suffix}")
        previews.append(read_preview(read_photo(tmp_path / f"a{suffix}"), TARGET))
    assert previews[0][0, 100].tolist() == pytest.approx([255 * (0.5 / 0.99) ** (1 / 2.2)] * 3, abs=2)
    assert previews[0].max() == 255
    for other in previews[1:]:
        assert np.abs(other.astype(int) - previews[0])[:, 8:].max() <= 2


def embed(path, jpeg):
    """Put a JPEG into a DNG, as a second directory that its first one points to."""
    data = path.read_bytes() + b"\0" * (path.stat().st_size % 2)
    width, height = Image.open(io.BytesIO(jpeg)).size
    behind = 8 + 2 + 12 * struct.unpack_from("<H", data, 8)[0]
    entries = {254: (LONG, 1), 256: (LONG, width), 257: (LONG, height), 258: (SHORT, (8, 8, 8)), 259: (SHORT, 7)}
    entries |= {262: (SHORT, 6), 273: (LONG, 0), 277: (SHORT, 3), 278: (LONG, height), 279: (LONG, len(jpeg))}
    entries[273] = (LONG, len(data) + len(directory(entries, len(data))))
    table = directory(entries, len(data))
    path.write_bytes(data[:behind] + struct.pack("<I", len(data)) + data[behind + 4 :] + table + jpeg)


def jpeg_bytes(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_raw_gives_its_embedded_picture_upright(tmp_path, picture, orientation):
    mosaic = patches(np.full((2, 2, 3), 0.4), 384, 576)
    path = write_dng(tmp_path / "a.dng", mosaic, orientation=orientation)
    embed(path, jpeg_bytes(picture[:384, :576]))
    preview = read_preview(read_photo(path), (288, 288))
    truth = averaged(upright(picture[:384, :576], orientation), preview.shape[1::-1])
    assert max(preview.shape) == 288
    assert np.abs(preview.astype(float) - truth).mean() < 6


def test_an_embedded_picture_that_was_turned_already_is_not_turned_again(tmp_path, picture):
    path = write_dng(tmp_path / "a.dng", patches(np.full((2, 2, 3), 0.4), 384, 576), orientation=6)
    tall = upright(picture[:384, :576], 6)
    embed(path, jpeg_bytes(tall))
    preview = read_preview(read_photo(path), (2000, 2000))
    assert np.abs(preview.astype(float) - tall).mean() < 6


@pytest.mark.parametrize("embedded", [None, "small", "damaged"])
def test_raw_without_a_useful_embedded_picture_is_developed(tmp_path, picture, embedded):
    light = np.array([[[0.05, 0.1, 0.0625], [0.4, 0.8, 0.5]], [[0.2, 0.4, 0.25], [0.0, 0.0, 0.0]]])
    path = write_dng(tmp_path / "a.dng", patches(light, 384, 576), orientation=3)
    if embedded:
        jpeg = jpeg_bytes(picture[:64, :96] if embedded == "small" else picture[:384, :576])
        embed(path, jpeg if embedded == "small" else jpeg[:300] + bytes(len(jpeg) - 300))
    preview = read_preview(read_photo(path), TARGET)
    assert preview.shape == (192, 288, 3)
    corners = preview[[48, 48, 144, 144], [72, 216, 72, 216]].astype(int)  # turned by half a turn
    assert (np.ptp(corners, axis=1) <= 3).all()  # the light is neutral at the camera's white balance
    assert corners[0].max() < 3 < corners[3].max() < corners[1].min() < corners[2].min()


def test_previews_come_in_order_with_errors_in_their_place(tmp_path, picture):
    photos = [written(tmp_path / f"{k}.jpg", np.full((48 + k, 64, 3), 10 * k, np.uint8)) for k in range(12)]
    whole = photos[5].path.read_bytes()
    photos[5].path.write_bytes(b"\xff\xd8\xff" + bytes(500))
    photos[7].path.unlink()
    found = list(read_previews(photos, TARGET, workers=3))
    assert [type(found[k]) for k in (5, 7)] == [InputError, InputError]
    assert str(photos[5].path) in str(found[5])
    assert str(photos[7].path) in str(found[7])
    good = [k for k in range(12) if k not in (5, 7)]
    assert [(found[k].photo, found[k].pixels.shape[0]) for k in good] == [(photos[k], 48 + k) for k in good]
    photos[5].path.write_bytes(whole)
    assert next(iter(read_previews(photos[5:6], TARGET, workers=1))).digest == content_digest(whole)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "dng", "hdr"])
def test_metadata_digest_and_pixels_come_from_one_read(tmp_path, picture, opens, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "dng":
        embed(write_dng(path, patches(np.full((2, 2, 3), 0.4), 384, 576)), jpeg_bytes(picture[:384, :576]))
    elif suffix == "hdr":
        write_radiance(RadianceMap(picture[:64, :64].astype(np.float32)), path)
    else:
        written(path, picture)
    photo = read_photo(path)
    pixels = read_preview(photo, TARGET)
    opens.clear()
    (found,) = read_previews([path], TARGET, workers=1)
    assert opens[path] == (3 if suffix == "hdr" else 1)
    assert (found.photo, found.digest) == (photo, content_digest(path.read_bytes()))
    assert (found.pixels == pixels).all()


def test_known_contents_are_not_decoded(tmp_path, picture):
    photos = [written(tmp_path / f"{k}.png", picture[:64, : 64 + k]) for k in range(3)]
    known = {content_digest(photos[1].path.read_bytes())}
    assert [preview.pixels is None for preview in read_previews(photos, TARGET, 2, known)] == [False, True, False]


def test_reading_ahead_is_bounded_and_stops_with_its_reader(tmp_path, picture):
    photo = written(tmp_path / "a.png", picture[:64, :64])
    asked = []

    def endless():
        while True:
            asked.append(1)
            yield photo

    reader = read_previews(endless(), TARGET, workers=2)
    assert len(list(islice(reader, 3))) == 3
    assert len(asked) <= 3 + 2 * 2
    reader.close()
    assert not [thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]


def test_one_changed_byte_is_another_content():
    data = bytearray(np.random.default_rng(0).bytes(1 << 20))
    before = content_digest(bytes(data))
    data[1 << 19] ^= 1
    assert len(before) == 16
    assert content_digest(bytes(data)) != before


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_damaged_files_are_named_as_full_decoding_names_them(tmp_path, picture, suffix):
    photo = written(tmp_path / f"a.{suffix}", picture[:200, :200])
    photo.path.write_bytes(photo.path.read_bytes()[:1200])
    with pytest.raises(InputError) as whole:
        read_frame(photo)
    with pytest.raises(InputError) as small:
        read_preview(photo, (64, 64))
    assert str(small.value) == str(whole.value)


@pytest.mark.data
def test_real_previews_are_the_pictures_averaged(data_folder):
    for path in sorted((data_folder / "brackets" / "images").iterdir())[::40]:
        photo = read_photo(path)
        preview, whole = read_preview(photo, TARGET), read_frame(photo).pixels
        assert max(preview.shape) <= 512
        n = round(max(whole.shape) / max(preview.shape))
        whole = whole[: whole.shape[0] // n * n, : whole.shape[1] // n * n]
        same = averaged(whole, (whole.shape[1] // n, whole.shape[0] // n))
        assert np.abs(same - preview[: same.shape[0], : same.shape[1]].astype(float)).mean() < 3
