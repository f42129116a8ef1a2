"""A photograph that is known is not read again, and is the same one as from the file."""

import os

import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.formats.metadata import read_photo
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.options import By, InputOptions
from hdrkit.inputs.photo_memory import PhotoMemory

IFD_EXIF, EXPOSURE_TIME, F_NUMBER = 0x8769, 0x829A, 0x829D


def save(path, size=(24, 16), time_s=1 / 60):
    exif = Image.Exif()
    exif.get_ifd(IFD_EXIF).update({EXPOSURE_TIME: time_s, F_NUMBER: 11.0})
    Image.fromarray(np.full((size[1], size[0], 3), 9, np.uint8)).save(path, exif=exif)
    return path


@pytest.fixture
def bracket(tmp_path):
    for code, time_s in ((1000, 1 / 60), (8000, 1 / 8), (64000, 1.0)):
        save(tmp_path / f"20240614120000_{code}.jpg", time_s=time_s)
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [{}, {"literal": True}, {"exposure_unit": "us"}, {"exposures": True}, {"max_pixels": 24 * 16}, {"max_pixels": 24 * 16 - 1}],
    ids=str,
)
def test_every_option_gives_the_same_photos_with_a_memory(bracket, opens, options):
    listing = bracket / "list.csv"
    listing.write_text("filename,exposure_time_s\n20240614120000_8000.jpg,1/5\n")
    if "exposures" in options:
        options = options | {"exposures": listing}
    paths, chosen = sorted(bracket.glob("*.jpg")), InputOptions(by=By.TIME, **options)
    memory = PhotoMemory()
    find_brackets(paths, InputOptions(by=By.TIME), memory)

    def found(*memories):
        try:
            return find_brackets(paths, chosen, *memories)
        except InputError as error:
            return str(error)

    opens.clear()
    known = found(memory)
    read_again = sum(opens[path] for path in paths)
    assert known == found()
    assert read_again == (3 if options.get("max_pixels") == 24 * 16 - 1 else 0)


def test_a_file_that_changes_is_read_again(tmp_path):
    path, memory = save(tmp_path / "a_1.png"), PhotoMemory()
    assert memory.read(path).width == 24
    save(path, (32, 16))
    assert memory.read(path) == read_photo(path)
    before = path.stat()
    data = path.read_bytes()
    save(tmp_path / "b.png", (16, 32))
    other = (tmp_path / "b.png").read_bytes()
    path.write_bytes(other[: len(data)].ljust(len(data), b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # a copy that keeps times, of the same size
    assert memory.read(path) == read_photo(path)
    assert memory.read(path).width == 16


def test_the_memory_is_bounded_and_forgets_what_was_used_least_recently(tmp_path, opens):
    first, second, third = (save(tmp_path / f"{name}.png") for name in "abc")
    memory = PhotoMemory(bound=2)
    for path in (first, second, first, third):
        memory.read(path)
    assert len(memory) == 2
    opens.clear()
    memory.read(first)
    memory.read(second)
    assert (opens[first], opens[second]) == (0, 1)
