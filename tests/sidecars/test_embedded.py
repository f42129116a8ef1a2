"""The rating inside a photograph, wherever cameras and programs put it."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hdrkit.sidecars.embedded import embedded_rating
from hdrkit.sidecars.xmp import new_sidecar

BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
PICTURE = Image.new("RGB", (64, 48), (9, 90, 200))


def exif(stars):
    tags = Image.Exif()
    tags[0x4746] = stars
    return tags


def png(path, packet):
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", packet.decode())
    PICTURE.save(path, pnginfo=text)


def png_behind_pixels(path, packet):
    PICTURE.save(path)
    body = b"iTXt" + b"XML:com.adobe.xmp" + bytes(5) + packet
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    whole = path.read_bytes()
    path.write_bytes(whole[:-12] + chunk + whole[-12:])


def tiff(path, packet, order="<", header=None):
    """A directory with the packet alone, which is what RAW files have before all else."""
    mark = b"II" if order == "<" else b"MM"
    start = mark + (header or struct.pack(f"{order}H", 42)) + struct.pack(f"{order}I", 8)
    path.write_bytes(start + struct.pack(f"{order}HHHIII", 1, 700, 1, len(packet), 8 + 18, 0) + packet)


def big_tiff(path, packet):
    path.write_bytes(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) + struct.pack("<QHHQQQ", 1, 700, 1, len(packet), 52, 0) + packet)


def boxes(first, packet, large=False):
    other = struct.pack(">I4s", 24, b"uuid") + bytes(16)
    if large:
        other = struct.pack(">I4sQ", 1, b"mdat", 40) + bytes(24)
    ours = struct.pack(">I4s", 24 + len(packet), b"uuid") + BOX + packet
    return first + other + ours + struct.pack(">I4s", 0, b"mdat") + bytes(64)


def cr3(path, packet):
    path.write_bytes(boxes(struct.pack(">I4s8s8s", 24, b"ftyp", b"crx \0\0\0\1", b"crx isom"), packet, large=True))


def jp2(path, packet):
    path.write_bytes(boxes(struct.pack(">I4s4s", 12, b"jP  ", b"\r\n\x87\n"), packet))


def raf(path, packet):
    PICTURE.save(path, format="JPEG", xmp=packet)
    picture = path.read_bytes()
    path.write_bytes(
        b"FUJIFILMCCD-RAW ".ljust(84, b"0") + struct.pack(">2I", 148, len(picture)) + bytes(56) + picture + b"sensor"
    )


WRITERS = {
    "JPG": lambda path, packet: PICTURE.save(path, format="JPEG", xmp=packet),
    "webp": lambda path, packet: PICTURE.save(path, xmp=packet),
    "avif": lambda path, packet: PICTURE.save(path, xmp=packet),
    "tif": lambda path, packet: PICTURE.save(path, tiffinfo={700: packet}),
    "png": png,
    "behind.png": png_behind_pixels,
    "nef": tiff,
    "motorola.nef": lambda path, packet: tiff(path, packet, ">"),
    "big.tif": big_tiff,
    "orf": lambda path, packet: tiff(path, packet, header=b"RO"),
    "rw2": lambda path, packet: tiff(path, packet, header=b"U\0"),
    "cr3": cr3,
    "jp2": jp2,
    "raf": raf,
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(("there", "found"), [(5, 5), (1, 1), (-1, -1), (0, None)])
def test_a_packet_is_read(tmp_path, suffix, there, found):
    path = tmp_path / f"a.{suffix}"
    WRITERS[suffix](path, new_sidecar(there))
    assert new_sidecar(there)[60:] in path.read_bytes()
    assert embedded_rating(path) == found


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "tif"])
@pytest.mark.parametrize(("there", "found"), [(4, 4), (0, None), (99, None)])
def test_the_tag_of_windows_is_read(tmp_path, suffix, there, found):
    path = tmp_path / f"a.{suffix}"
    PICTURE.save(path, exif=exif(there))
    assert embedded_rating(path) == found


def test_zero_says_nothing_and_does_not_hide_what_another_place_says(tmp_path):
    PICTURE.save(tmp_path / "a.jpg", exif=exif(4), xmp=new_sidecar(0))
    assert embedded_rating(tmp_path / "a.jpg") == 4


@pytest.mark.parametrize("packet", [b"", b"<x", b"\0" * 100, new_sidecar(3).replace(b'"3"', b'"good"')])
def test_a_packet_without_a_certain_meaning_says_nothing(tmp_path, packet):
    PICTURE.save(tmp_path / "a.jpg", xmp=packet)
    assert embedded_rating(tmp_path / "a.jpg") is None


def test_a_large_picture_is_not_decoded(tmp_path):
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", new_sidecar(3).decode())
    PICTURE.save(tmp_path / "a.png", pnginfo=text)
    whole = bytearray((tmp_path / "a.png").read_bytes())
    whole[16:24] = struct.pack(">2I", 60_000, 40_000)
    whole[29:33] = struct.pack(">I", zlib.crc32(whole[12:29]))
    (tmp_path / "a.png").write_bytes(whole)
    assert embedded_rating(tmp_path / "a.png") == 3


@given(st.sampled_from(sorted(WRITERS)), st.data())
def test_what_is_damaged_says_nothing_or_what_is_left(tmp_path_factory, suffix, data):
    path = tmp_path_factory.mktemp("damaged") / f"a.{suffix}"
    WRITERS[suffix](path, new_sidecar(3))
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, min(len(whole), 200) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    assert embedded_rating(path) in (None, -1, 1, 2, 3, 4, 5)


def test_what_is_not_there_says_nothing(tmp_path):
    assert embedded_rating(tmp_path / "none.jpg") is None
    assert embedded_rating(tmp_path) is None
