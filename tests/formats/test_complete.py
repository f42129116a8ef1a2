"""The structure of a file shows whether it is complete."""

import io

import numpy as np
import pytest
from PIL import Image

from hdrkit.formats.complete import is_surely_complete

PIXELS = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)


def encoded(kind, **options):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, kind, **options)
    return file.getvalue()


def with_thumbnail():
    """A JPEG with a smaller complete JPEG in its segment APP1."""
    thumbnail = io.BytesIO()
    Image.fromarray(PIXELS[::4, ::4]).save(thumbnail, "JPEG")
    segment = b"Exif\0\0" + thumbnail.getvalue()
    whole = encoded("JPEG")
    return whole[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + whole[2:]


FILES = {
    "baseline": encoded("JPEG"),
    "progressive": encoded("JPEG", progressive=True),
    "restart markers": encoded("JPEG", restart_marker_blocks=1),
    "thumbnail": with_thumbnail(),
    "png": encoded("PNG"),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_a_complete_file_is_known_and_none_of_its_beginnings(data):
    assert is_surely_complete(data)
    assert is_surely_complete(data + b"bytes after the end")
    assert not any(is_surely_complete(data[:size]) for size in range(len(data)))


def test_a_changed_byte_in_a_png_is_found():
    data = bytearray(FILES["png"])
    data[len(data) // 2] ^= 1
    assert not is_surely_complete(bytes(data))


def test_a_jpeg_whose_rest_is_zeros_is_not_complete():
    data = FILES["baseline"]
    assert not is_surely_complete(data[: len(data) // 2].ljust(len(data), b"\0"))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xd9", encoded("BMP"), encoded("TIFF"), encoded("WEBP")])
def test_other_files_have_to_be_decoded(data):
    assert not is_surely_complete(data)
