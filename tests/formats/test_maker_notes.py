"""Maker notes built byte by byte, as each maker lays them out, give back what was planted."""

import struct

import numpy as np
import pytest
from PIL import Image

from hdrkit.formats.maker_notes import Release, read_release
from hdrkit.formats.metadata import read_photo
from hdrkit.types import Drive

SHORT, LONG, UNDEFINED = 3, 4, 7
FORMATS = {SHORT: "H", LONG: "I"}


def directory(entries, at, order, base=0):
    """A TIFF directory at `at`, long values behind it; offsets count from `base`."""
    table, values = b"", b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, (kind, numbers) in sorted(entries.items()):
        data = numbers if kind == UNDEFINED else struct.pack(f"{order}{len(numbers)}{FORMATS[kind]}", *numbers)
        place = data.ljust(4, b"\0")
        if len(data) > 4:
            place = struct.pack(order + "I", behind + len(values) - base)
            values += data
        table += struct.pack(order + "HHI", tag, kind, len(numbers)) + place
    return struct.pack(order + "H", len(entries)) + table + struct.pack(order + "I", 0) + values


def tiff(note, order="<"):
    """A TIFF structure whose EXIF directory holds the maker note that `note(at)` builds for its place `at`."""
    exif_at, note_at = 26, 26 + 18
    built = note(note_at)
    exif = struct.pack(order + "HHHII", 1, 0x927C, UNDEFINED, len(built), note_at) + struct.pack(order + "I", 0)
    main = struct.pack(order + "HHHII", 1, 0x8769, LONG, 1, exif_at) + struct.pack(order + "I", 0)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return start + main + exif + built


def sony(drive, shot, order="<"):
    return lambda at: b"SONY DSC \0\0\0" + directory({0xB049: (SHORT, [drive]), 0xB04A: (SHORT, [shot])}, at + 12, order)


def panasonic(drive, shot):
    return lambda at: b"Panasonic\0\0\0" + directory({0x2A: (SHORT, [drive]), 0x2B: (LONG, [shot])}, at + 12, "<")


def fuji(bracket, shot):
    return lambda at: b"FUJIFILM\x0c\0\0\0" + directory({0x1100: (SHORT, [bracket]), 0x1101: (SHORT, [shot])}, at + 12, "<", at)


def nikon(mode, count):
    def note(at):
        tags = directory({0x89: (SHORT, [mode]), 0xA7: (LONG, [count])}, at + 18, ">", at + 10)
        return b"Nikon\0\x02\x11\0\0" + b"MM\0*" + struct.pack(">I", 8) + tags

    return note


def olympus(drive, head=b"OLYMPUS\0II\x03\0"):
    def note(at):
        settings_at = len(head) + 18
        main = directory({0x2020: (LONG, [settings_at])}, at + len(head), "<", at)
        return head + main + directory({0x600: (SHORT, drive)}, at + settings_at, "<", at)

    return note


def olympus_old(drive):
    def note(at):
        settings_at = at + 8 + 18
        return (
            b"OLYMP\0\1\0"
            + directory({0x2020: (LONG, [settings_at])}, at + 8, "<")
            + directory({0x600: (SHORT, drive)}, settings_at, "<")
        )

    return note


def canon(continuous=0, shot_info=(), file_info=()):
    settings = [0] * 5 + [continuous] + [0] * 40
    entries = {1: (SHORT, settings), 4: (SHORT, list(shot_info) or [0] * 20)}
    if file_info:
        entries[0x93] = (SHORT, list(file_info))
    return lambda at: directory(entries, at, "<")


@pytest.mark.parametrize(
    ("note", "maker", "release"),
    [
        (sony(5, 3), "SONY", Release(Drive.EXPOSURE_BRACKET, 3)),
        (sony(0, 0), "SONY", Release(Drive.SINGLE)),
        (sony(2, 65535), "SONY", Release(Drive.BURST)),
        (sony(6, 2), "SONY", Release(None, 2)),  # white balance bracket
        (panasonic(2, 4), "Panasonic", Release(Drive.EXPOSURE_BRACKET, 4)),
        (panasonic(3, 7), "Panasonic", Release(Drive.FOCUS_BRACKET, 7)),
        (panasonic(0, 0), "Panasonic", Release(Drive.SINGLE)),
        (fuji(1, 2), "FUJIFILM", Release(Drive.EXPOSURE_BRACKET, 2)),
        (fuji(0, 0), "FUJIFILM", Release()),
        (nikon(0x11, 12345), "NIKON CORPORATION", Release(Drive.EXPOSURE_BRACKET, None, 12345)),
        (nikon(0x01, 8), "NIKON CORPORATION", Release(Drive.BURST, None, 8)),
        (nikon(0x00, 8), "NIKON CORPORATION", Release(Drive.SINGLE, None, 8)),
        (olympus([2, 3, 0]), "OLYMPUS CORPORATION", Release(Drive.EXPOSURE_BRACKET, 3)),
        (olympus([5, 2, 0x40, 0, 0]), "OLYMPUS CORPORATION", Release(Drive.FOCUS_BRACKET, 2)),
        (olympus([5, 2, 0x01], b"OM SYSTEM\0\0\0II\x04\0"), "OM Digital Solutions", Release(Drive.EXPOSURE_BRACKET, 2)),
        (olympus([0, 0]), "OLYMPUS CORPORATION", Release(Drive.SINGLE)),
        (olympus_old([1, 5, 0]), "OLYMPUS IMAGING CORP.", Release(Drive.BURST, 5)),
        (canon(file_info=[0, 0, 0, 1, 0, 2, 0]), "Canon", Release(Drive.EXPOSURE_BRACKET, 2)),
        (canon(file_info=[0, 0, 0, 2, 0, 5, 0]), "Canon", Release(Drive.FOCUS_BRACKET, 5)),
        (canon(shot_info=[0] * 16 + [3, 0, 0]), "Canon", Release(Drive.EXPOSURE_BRACKET, 3)),
        (canon(continuous=5, file_info=[0] * 7), "Canon", Release(Drive.BURST)),
        (canon(), "Canon", Release(Drive.SINGLE)),
        (canon(continuous=5), "CASIO", Release()),
    ],
)
def test_each_maker_says_how_the_shutter_was_released(note, maker, release):
    assert read_release(tiff(note), maker) == release


def test_byte_order_is_the_files():
    assert read_release(tiff(sony(5, 3, ">"), ">"), "SONY") == Release(Drive.EXPOSURE_BRACKET, 3)


@pytest.mark.parametrize(
    "note", [sony(5, 3), nikon(0x11, 9), olympus([2, 3, 0]), canon(file_info=[0, 0, 0, 1, 0, 2, 0]), fuji(1, 2)]
)
def test_damaged_notes_say_nothing_and_never_fail(note):
    whole = tiff(note)
    rng = np.random.default_rng(0)
    for cut in range(len(whole)):
        read_release(whole[:cut], "Canon")
    for _ in range(300):
        broken = bytearray(whole)
        for place in rng.integers(8, len(whole), 3):
            broken[place] = int(rng.integers(256))
        read_release(bytes(broken), "Canon")


def test_a_jpeg_carries_them_to_its_photo(tmp_path):
    block = tiff(sony(5, 4))
    Image.fromarray(np.full((6, 8, 3), 90, np.uint8)).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + block)
    photo = read_photo(tmp_path / "a.jpg")
    assert (photo.drive, photo.shot, photo.shutter_count) == (Drive.EXPOSURE_BRACKET, 4, None)


@pytest.mark.data
def test_real_sony_notes_count_the_shots_of_a_bracket(data_folder):
    photos = [read_photo(path) for path in sorted((data_folder / "originals" / "rx100_set1").glob("*.JPG"))]
    assert [photo.shot for photo in photos] == [1, 2, 3, 4, 5]
    assert {photo.drive for photo in photos} == {Drive.EXPOSURE_BRACKET}
    assert {(photo.flash, photo.focal_length_mm) for photo in photos} == {(False, 11.29)}
