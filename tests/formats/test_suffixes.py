import subprocess
import sys

import numpy as np
import pytest

from hdrkit.errors import InputError, OutputError
from hdrkit.formats import suffixes
from hdrkit.formats.display import write_display
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.radiance import read_radiance, write_radiance
from hdrkit.formats.suffixes import (
    FORMATS,
    PHOTOGRAPHS,
    RESULTS,
    FileKind,
    Format,
    format_of,
    kind_of,
    suffixes_of,
    written_format,
    written_formats,
)
from hdrkit.types import Encoding, RadianceMap

PIXMAP = """
import numpy as np


def encode(image, bits, name):
    codes = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return f"P6 {codes.shape[1]} {codes.shape[0]} 255\\n".encode() + codes.tobytes()
"""
ARRAY = """
import numpy as np
from hdrkit.types import RadianceMap


class Rows:
    def __init__(self, file, path, height):
        self._file, self._height, self._pieces = file, height, []

    def write(self, rows):
        self._pieces.append(rows.pixels)
        if sum(len(piece) for piece in self._pieces) == self._height:
            np.save(self._file, np.concatenate(self._pieces))


def read(path):
    return RadianceMap(np.load(path))
"""


@pytest.fixture
def with_format(tmp_path, monkeypatch):
    """Give hdrkit another format: a module of its own, and a row of the table."""

    def add(module, source, row):
        (tmp_path / "modules").mkdir(exist_ok=True)
        (tmp_path / "modules" / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path / "modules")
        monkeypatch.setattr(suffixes, "FORMATS", (*suffixes.FORMATS, row))

    return add


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: f"{row.name}, {row.kind.value}")
def test_what_a_row_names_is_there(row):
    assert row.suffixes == tuple(suffix.lower() for suffix in row.suffixes)
    assert all(suffix.startswith(".") for suffix in row.suffixes)
    for function, loaded in (("read", "reader"), ("size", "sizer"), ("write", "writer")):
        if getattr(row, function):
            assert callable(getattr(row, loaded))
    if row.kind in PHOTOGRAPHS:
        assert not row.write  # photographs are never written
    else:
        assert row.read or row.write


def test_of_one_kind_a_suffix_stands_for_one_format():
    of_kind = [(row.kind, suffix) for row in FORMATS for suffix in row.suffixes]
    assert len(of_kind) == len(set(of_kind))


@pytest.mark.parametrize(
    ("suffix", "taken_for", "written_as"),
    [
        (".jpg", FileKind.ENCODED, FileKind.DISPLAY),
        (".JPEG", FileKind.ENCODED, FileKind.DISPLAY),
        (".jpe", FileKind.ENCODED, None),
        (".tif", FileKind.ENCODED, FileKind.DISPLAY),
        (".webp", FileKind.ENCODED, None),
        (".CR3", FileKind.RAW, None),
        (".dng", FileKind.RAW, None),
        (".exr", FileKind.RADIANCE, FileKind.RADIANCE),
        (".pic", FileKind.RADIANCE, FileKind.RADIANCE),
        (".npz", FileKind.CURVE, None),
        (".txt", None, None),
        ("", None, None),
    ],
)
def test_a_suffix_is_no_kind_but_has_one_by_itself_and_one_as_a_result(suffix, taken_for, written_as):
    assert kind_of(suffix) is taken_for
    found = written_format(suffix, *RESULTS)
    assert (found.kind if found else None) is written_as


def test_a_tiff_is_a_photograph_by_its_name_and_may_hold_radiance(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "light.tif"), np.full((4, 5, 3), 2.5, np.float32))
    assert ".tif" not in suffixes_of(FileKind.RADIANCE)
    assert format_of(".tif", FileKind.RADIANCE).name == "float TIFF"
    assert read_photo(tmp_path / "light.tif").encoding is Encoding.FLOAT
    assert read_radiance(tmp_path / "light.tif").pixels == pytest.approx(2.5)


def test_what_a_format_cannot_hold_is_refused_with_those_that_can(tmp_path):
    image = np.zeros((4, 4, 3), np.float32)
    with pytest.raises(OutputError, match=r"choose \.jpg with 8, \.png with 8 or 16 or \.tif with 8 or 16"):
        write_display(image, tmp_path / "a.jpg", 16)
    with pytest.raises(OutputError, match=r"\.webp is not a display format; choose \.jpg, \.png or \.tif$"):
        write_display(image, tmp_path / "a.webp")
    with pytest.raises(OutputError, match=r"not a radiance format; choose \.exr, \.hdr or \.pic$"):
        write_radiance(RadianceMap(image), tmp_path / "a.tif")
    with pytest.raises(OutputError, match=r"only \.exr holds half floats; choose \.exr or leave half out"):
        write_radiance(RadianceMap(image), tmp_path / "a.hdr", half=True)
    with pytest.raises(InputError, match=r"is not a radiance format; give \.exr, \.hdr, \.pic or a float \.tif$"):
        read_radiance(tmp_path / "a.jpg")


def test_the_table_loads_nothing():
    probe = "import sys; before = set(sys.modules); import hdrkit.formats.suffixes; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("hdrkit")} == {"hdrkit", "hdrkit.formats", "hdrkit.formats.suffixes"}
    assert not {"numpy", "cv2", "PIL", "OpenEXR"} & set(loaded)


def test_a_format_for_the_display_is_a_row_and_a_module(tmp_path, room, with_format, hdrkit):
    row = Format("portable pixmap", FileKind.DISPLAY, (".ppm", ".pnm"), write="pixmap_for_tests:encode", bits=(8,))
    with_format("pixmap_for_tests", PIXMAP, row)
    assert row in written_formats(*RESULTS)
    assert hdrkit("merge", room, "-o", tmp_path / "a.ppm", "--jobs", 1).code == 0
    assert hdrkit("merge", room, "-o", tmp_path / "b.png", "--jobs", 1).code == 0
    pixmap, png = (read_photo_pixels(tmp_path / name) for name in ("a.ppm", "b.png"))
    np.testing.assert_allclose(pixmap / 255, png / 65535, atol=0.51 / 255)
    assert hdrkit("merge", room, "-o", tmp_path / "c.pnm", "--estimator", "mertens", "--jobs", 1).code == 0
    refused = hdrkit("merge", room, "-o", tmp_path / "d.exr", "--estimator", "mertens")
    assert (refused.code, ".ppm" in refused.err) == (2, True)


def read_photo_pixels(path):
    from hdrkit.formats.pixels import read_frame

    return read_frame(read_photo(path)).pixels


def test_a_format_of_radiance_is_a_row_and_a_module(tmp_path, room, with_format, hdrkit):
    row = Format("array", FileKind.RADIANCE, (".light",), read="array_for_tests:read", write="array_for_tests:Rows")
    with_format("array_for_tests", ARRAY, row)
    for name in ("a.light", "b.exr"):
        assert hdrkit("merge", room, "-o", tmp_path / name, "--preview", "--jobs", 1).code == 0
    np.testing.assert_array_equal(read_radiance(tmp_path / "a.light").pixels, read_radiance(tmp_path / "b.exr").pixels)
    assert (tmp_path / "a_preview.jpg").read_bytes() == (tmp_path / "b_preview.jpg").read_bytes()
    assert read_photo(tmp_path / "a.light").encoding is Encoding.FLOAT
    told = hdrkit("info", tmp_path / "a.light")
    assert (told.code, "radiance" in told.out) == (0, True)
    refused = hdrkit("merge", room, "-o", tmp_path / "c.light", "--half")
    assert (refused.code, "only .exr holds half floats" in " ".join(refused.err.replace("│", " ").split())) == (2, True)
    tight = hdrkit("merge", room, "-o", tmp_path / "d.light", "--max-memory", "300M")
    assert tight.code == 1
    assert not (tmp_path / "d.light").exists()
