import os
import struct
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from hdrkit.errors import InputError
from hdrkit.formats.metadata import read_photo
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.options import InputOptions
from hdrkit.types import Drive, Encoding, Exposure, ExposureSource

GRAY = Image.fromarray(np.full((6, 8), 90, np.uint8))
EXIF_IFD = 0x8769


def exif(time=(1, 60), f_number=5.6, iso=125, orientation=None, **more):
    tags = Image.Exif()
    tags[271], tags[272] = "NIKON CORPORATION", "NIKON D3200"
    if orientation:
        tags[274] = orientation
    inner = tags.get_ifd(EXIF_IFD)
    inner |= {0x829A: IFDRational(*time), 0x829D: f_number, 0x8827: iso, 0x9003: "2024:06:14 09:30:05", 0xA434: "35 mm"}
    inner |= {int(tag, 16): value for tag, value in more.items()}
    return tags


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "JPEG"])
def test_exif_tells_exposure_camera_and_time(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    GRAY.convert("RGB").save(path, exif=exif())
    photo = read_photo(path)
    assert (photo.path, photo.width, photo.height, photo.orientation) == (path, 8, 6, 1)
    assert photo.exposure.source is ExposureSource.EXIF
    assert photo.exposure.time_s == 2**-6
    assert photo.exposure.f_number == pytest.approx(2**2.5)
    assert photo.exposure.iso == pytest.approx(100 * 2 ** (1 / 3))
    assert (photo.camera, photo.lens) == ("NIKON D3200", "35 mm")
    assert photo.taken_at == datetime(2024, 6, 14, 9, 30, 5)
    assert photo.taken_at.tzinfo is None


def test_tiff_tags_are_read(tmp_path):
    GRAY.save(tmp_path / "a.tif", tiffinfo={272: "Scanner 9", EXIF_IFD: {0x829A: 0.25, 0x8827: 200}})
    photo = read_photo(tmp_path / "a.tif")
    assert (photo.exposure.time_s, photo.exposure.iso, photo.camera) == (0.25, 200, "Scanner 9")


def test_literal_values_are_taken_as_they_are_written(tmp_path):
    GRAY.save(tmp_path / "a.jpg", exif=exif())
    literal = read_photo(tmp_path / "a.jpg", literal=True).exposure
    assert (literal.time_s, literal.f_number, literal.iso) == pytest.approx((1 / 60, 5.6, 125))


def test_time_zone_fraction_and_bias(tmp_path):
    tags = exif(**{"0x9011": "+02:00", "0x9291": "25", "0x9204": -1.0})
    GRAY.save(tmp_path / "a.jpg", exif=tags)
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.taken_at == datetime(2024, 6, 14, 9, 30, 5, 250_000, timezone(timedelta(hours=2)))
    assert photo.exposure.bias_ev == -1


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("SONY", "ILCE-6000", "SONY ILCE-6000"),
        ("", "X", "X"),
        ("Acme\x00", "One \x00", "Acme One"),
    ],
)
def test_camera_names_do_not_repeat_the_maker(tmp_path, make, model, name):
    tags = Image.Exif()
    tags[271], tags[272] = make, model
    GRAY.save(tmp_path / "a.jpg", exif=tags)
    assert read_photo(tmp_path / "a.jpg").camera == name


@pytest.mark.parametrize(("kind", "numbers"), [(5, (0, 1)), (5, (1, 0)), (5, (0, 0)), (10, (-1, 60)), (2, (0, 0))])
def test_an_impossible_time_is_no_exposure(tmp_path, kind, numbers):
    tags = exif(time=(7, 9))
    GRAY.save(tmp_path / "a.jpg", exif=tags)
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    order = "<" if b"Exif\0\0II" in data else ">"
    entry = data.index(struct.pack(order + "HHI", 0x829A, 5, 1))
    data[entry + 2 : entry + 4] = struct.pack(order + "H", kind)
    at = data.index(struct.pack(order + "II", 7, 9))
    data[at : at + 8] = struct.pack(order + ("ii" if kind == 10 else "II"), *numbers)
    (tmp_path / "a.jpg").write_bytes(data)
    assert read_photo(tmp_path / "a.jpg").exposure is None


def test_exif_behind_the_pixels_of_a_png_is_found(tmp_path):
    GRAY.save(tmp_path / "early.png", exif=exif())
    data = (tmp_path / "early.png").read_bytes()
    at = data.index(b"eXIf") - 4
    length = 12 + int.from_bytes(data[at : at + 4])
    chunk, rest = data[at : at + length], data[:at] + data[at + length :]
    end = rest.index(b"IEND") - 4
    (tmp_path / "late.png").write_bytes(rest[:end] + chunk + rest[end:])
    assert read_photo(tmp_path / "late.png").exposure == read_photo(tmp_path / "early.png").exposure is not None


def test_the_pixels_of_a_png_are_not_decoded_for_its_header(tmp_path, monkeypatch):
    GRAY.save(tmp_path / "a.png")
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", pytest.fail)
    assert read_photo(tmp_path / "a.png").exposure is None


@pytest.mark.parametrize("seed", range(40))
def test_damaged_exif_leaves_a_photo(tmp_path, seed):
    GRAY.save(tmp_path / "a.jpg", exif=exif(orientation=6))
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    start = data.index(b"Exif\0\0") + 6
    end = start - 8 + int.from_bytes(data[start - 8 : start - 6])
    rng = np.random.default_rng(seed)
    for _ in range(1 + seed // 4):
        data[int(rng.integers(start, end))] = int(rng.integers(0, 256))
    (tmp_path / "a.jpg").write_bytes(data)
    photo = read_photo(tmp_path / "a.jpg")
    assert {photo.width, photo.height} == {6, 8}


def test_encodings(tmp_path):
    deep = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1000
    colour = np.repeat(deep[:, :, None], 3, axis=2)
    for name, pixels in {"g.png": deep, "c.png": colour, "g.tif": deep, "c.tif": colour}.items():
        cv2.imwrite(str(tmp_path / name), pixels)
        assert read_photo(tmp_path / name).encoding is Encoding.ENCODED16, name
    GRAY.save(tmp_path / "a.png")
    assert read_photo(tmp_path / "a.png").encoding is Encoding.ENCODED8


def test_the_exposure_comes_from_the_list_then_the_metadata_then_the_name(tmp_path):
    GRAY.save(tmp_path / "with_400.jpg", exif=exif())
    GRAY.save(tmp_path / "without_400.jpg")
    override = Exposure(1 / 60)
    with_exif, without = tmp_path / "with_400.jpg", tmp_path / "without_400.jpg"
    assert read_photo(without).exposure == Exposure(400, source=ExposureSource.FILENAME)
    assert read_photo(with_exif).exposure.time_s == 2**-6
    listed = read_photo(with_exif, override=override).exposure
    assert (listed.time_s, listed.source) == (1 / 60, ExposureSource.LIST)  # as it is, and not 1/64
    assert listed.f_number == pytest.approx(2**2.5)
    assert read_photo(without, override=Exposure(0.5, 4, 200)).exposure == Exposure(0.5, 4, 200, source=ExposureSource.LIST)
    assert read_photo(with_exif, override=Exposure(0.5, 4.1, 201)).exposure.relative == pytest.approx(0.5 * 2.01 / 4.1**2)


def listed(folder: Path, text: str, **options):
    path = folder / "times.csv"
    path.write_text(text)
    found = find_brackets(folder, InputOptions(exposures=path, **options))
    return {p.path.relative_to(folder).as_posix(): p.exposure for bracket in found.brackets for p in bracket.photos}


@pytest.fixture
def shoot(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        GRAY.save(tmp_path / name)
    return tmp_path


def test_a_list_goes_by_file_name(shoot):
    exposures = listed(shoot, "filename,exposure_time_s\n1.png,1/60\n2.png,0.5\n")
    assert {name: e.time_s for name, e in exposures.items()} == {
        "a/1.png": 1 / 60,
        "b/1.png": 1 / 60,
        "a/2.png": 0.5,
        "b/2.png": 0.5,
    }


def test_a_list_goes_by_relative_path_where_it_has_one(shoot):
    exposures = listed(shoot, "filename,exposure_time_s,f_number,iso\n1.png,1,,\nb/1.png,2,4,400\n2.png,8,,200\n")
    assert exposures["a/1.png"] == Exposure(1, source=ExposureSource.LIST)
    assert exposures["b/1.png"] == Exposure(2, 4, 400, source=ExposureSource.LIST)
    assert exposures["b/2.png"].iso == 200


def test_a_list_that_names_none_of_the_files_is_an_error(shoot):
    with pytest.raises(InputError, match="times.csv: none of its file names is among the photographs"):
        listed(shoot, "filename,exposure_time_s\n1.jpg,1/60\n")


def test_what_is_no_photo_says_why(tmp_path):
    (tmp_path / "text.jpg").write_text("dear diary")
    (tmp_path / "empty.jpg").touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for name, reason in {
        "text.jpg": "not an image",
        "empty.jpg": "0 bytes",
        "pipe.jpg": "it is a pipe or a device, not a file",
        "folder.jpg": "is a folder",
        "gone.jpg": "No such file",
    }.items():
        with pytest.raises(InputError, match=f"{name}.*{reason}") as caught:
            read_photo(tmp_path / name)
        assert len(str(caught.value).splitlines()) == 1


def bomb(path, width=40_000, height=40_000):
    GRAY.save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)


def test_a_bomb_is_refused_by_its_header(tmp_path, monkeypatch):
    bomb(tmp_path / "bomb.png")
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", pytest.fail)
    with pytest.raises(InputError, match=r"bomb\.png: 40000 x 40000 pixels .* --max-pixels"):
        read_photo(tmp_path / "bomb.png", max_pixels=500_000_000)
    with pytest.raises(InputError, match=r"more than the limit of 500,000,000; take it out, or make it smaller"):  # no option
        read_photo(tmp_path / "bomb.png")
    assert read_photo(tmp_path / "bomb.png", max_pixels=2_000_000_000).width == 40_000
    limit = Image.MAX_IMAGE_PIXELS
    read_photo(tmp_path / "bomb.png", max_pixels=2_000_000_000)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_circumstances_come_from_their_standard_tags(tmp_path):
    more = {"0xA431": "0042", "0x920A": IFDRational(24, 1), "0x9206": IFDRational(5, 2), "0x9209": 0x19, "0xA402": 2}
    GRAY.save(tmp_path / "a.jpg", exif=exif(**more))
    photo = read_photo(tmp_path / "a.jpg")
    assert (photo.serial, photo.focal_length_mm, photo.focus_distance_m) == ("0042", 24, 2.5)
    assert (photo.flash, photo.drive) == (True, Drive.EXPOSURE_BRACKET)


def test_circumstances_that_no_tag_tells_are_unknown(tmp_path):
    GRAY.save(tmp_path / "a.jpg", exif=exif(**{"0x920A": IFDRational(0, 0), "0x9206": IFDRational(0, 1), "0xA402": 0}))
    photo = read_photo(tmp_path / "a.jpg")
    assert (photo.serial, photo.focal_length_mm, photo.focus_distance_m) == ("", None, None)
    assert (photo.flash, photo.drive, photo.shot, photo.shutter_count) == (None, None, None, None)


@pytest.mark.parametrize(
    ("tags", "manual"),
    [
        ({}, None),
        ({"0x8822": 1}, True),
        ({"0x8822": 2}, False),
        ({"0x8822": 0}, None),
        ({"0xA402": 1}, True),
        ({"0xA402": 0}, False),
        ({"0xA402": 2, "0x8822": 1}, True),
    ],
)
def test_who_set_the_exposure_is_in_program_or_mode(tmp_path, tags, manual):
    GRAY.save(tmp_path / "a.jpg", exif=exif(**tags))
    assert read_photo(tmp_path / "a.jpg").manual is manual
