import struct
from fractions import Fraction

import numpy as np
import pytest

from hdrkit.errors import ExposureError, InputError
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.pixels import read_frame, read_frames
from hdrkit.formats.raw import read_white_balance
from hdrkit.inputs.find import read_bracket
from hdrkit.types import Encoding, ExposureSource

BLACK, WHITE = 256, 4095
NEUTRAL = (0.5, 1.0, 0.625)  # what a gray card gives in R, G, B
BALANCE = 1 / np.array(NEUTRAL)
BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
SIZES = {BYTE: "B", ASCII: "s", SHORT: "H", LONG: "I", RATIONAL: "II", SRATIONAL: "ii"}


def directory(entries, at):
    """A TIFF directory that starts at `at`, its large values behind it."""
    table, values = b"", b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        kind, content = entries[tag]
        if kind == ASCII:
            data, count = content.encode() + b"\0", len(content) + 1
        else:
            numbers = content if isinstance(content, (tuple, list)) else [content]
            if kind in (RATIONAL, SRATIONAL):
                flat = [n for number in numbers for n in Fraction(number).limit_denominator(1_000_000).as_integer_ratio()]
            else:
                flat = numbers
            data, count = struct.pack(f"<{len(flat)}{SIZES[kind][0]}", *flat), len(numbers)
        if len(data) > 4:
            place = struct.pack("<I", behind + len(values))
            values += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        table += struct.pack("<HHI", tag, kind, count) + place
    return struct.pack("<H", len(entries)) + table + struct.pack("<I", 0) + values


def write_dng(path, mosaic, time_s=Fraction(1, 60), orientation=1, neutral=NEUTRAL, exif=True):
    """An uncompressed RGGB Bayer DNG of uint16 photosites (H, W)."""
    height, width = mosaic.shape
    shot = {
        33434: (RATIONAL, time_s),
        33437: (RATIONAL, 5.6),
        34855: (SHORT, 200),
        36867: (ASCII, "2024:06:14 09:30:05"),
    }
    main = {
        254: (LONG, 0),
        256: (LONG, width),
        257: (LONG, height),
        258: (SHORT, 16),
        259: (SHORT, 1),
        262: (SHORT, 32803),  # colour filter array
        271: (ASCII, "Acme"),
        272: (ASCII, "Box 1"),
        273: (LONG, 0),
        274: (SHORT, orientation),
        277: (SHORT, 1),
        278: (LONG, height),
        279: (LONG, mosaic.nbytes),
        33421: (SHORT, (2, 2)),
        33422: (BYTE, (0, 1, 1, 2)),
        50706: (BYTE, (1, 4, 0, 0)),
        50707: (BYTE, (1, 1, 0, 0)),
        50708: (ASCII, "Acme Box 1"),
        50714: (LONG, BLACK),
        50717: (LONG, WHITE),
        50721: (SRATIONAL, (0.9, -0.3, -0.1, -0.4, 1.2, 0.2, -0.1, 0.3, 0.6)),
        50728: (RATIONAL, neutral),
        50778: (SHORT, 21),
    }
    if exif:
        main[34665] = (LONG, 0)
    size = len(directory(main, 8))
    inner = directory(shot, 8 + size) if exif else b""
    main[273] = (LONG, 8 + size + len(inner))
    if exif:
        main[34665] = (LONG, 8 + size)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + directory(main, 8) + inner + mosaic.astype("<u2").tobytes())
    return path


def patches(light, height=48, width=64):
    """Photosites that see camera-native light (rows x columns of patches, 3), as shares of saturation."""
    light = np.asarray(light, float)
    rows, columns = light.shape[:2]
    full = np.repeat(np.repeat(light, height // rows, 0), width // columns, 1)
    y, x = np.mgrid[: full.shape[0], : full.shape[1]]
    channel = np.array([[0, 1], [1, 2]])[y % 2, x % 2]
    seen = np.take_along_axis(full, channel[..., None], 2)[..., 0]
    return np.clip(np.rint(BLACK + seen * (WHITE - BLACK)), 0, WHITE).astype(np.uint16)


def middles(pixels, rows, columns):
    height, width = pixels.shape[0] // rows, pixels.shape[1] // columns
    return np.array([[pixels[int((r + 0.5) * height), int((c + 0.5) * width)] for c in range(columns)] for r in range(rows)])


def test_pixels_are_proportional_to_the_photosites_above_black(tmp_path):
    rng = np.random.default_rng(0)
    light = rng.uniform(0.02, 0.9, (3, 4, 3))
    light[0, 0] = 0
    frame = read_frame(read_photo(write_dng(tmp_path / "a.dng", patches(light))))
    assert (frame.pixels.dtype, frame.white, frame.is_linear) == (np.uint16, 65535, True)
    expected = 65535 * light * BALANCE / BALANCE.max()
    assert middles(frame.pixels, 3, 4) == pytest.approx(expected, abs=15)
    assert middles(frame.pixels, 3, 4)[0, 0].tolist() == [0, 0, 0]


def test_a_gray_card_is_gray_and_white_stays_white(tmp_path):
    light = np.broadcast_to(np.array(NEUTRAL) * 0.6, (2, 2, 3))
    frame = read_frame(read_photo(write_dng(tmp_path / "a.dng", patches(light))))
    middle = middles(frame.pixels, 2, 2)[0, 0].astype(float)
    assert middle == pytest.approx([middle[1]] * 3, rel=2e-3)
    assert frame.to_srgb @ np.ones(3) == pytest.approx(np.ones(3), abs=1e-6)


def test_a_pixel_that_clips_in_one_channel_holds_white_in_all(tmp_path):
    light = np.array([[[0.2, 1.4, 0.2], [0.2, 0.5, 0.2]], [[1.4, 0.2, 0.2], [0.2, 0.2, 0.98]]])
    pixels = read_frame(read_photo(write_dng(tmp_path / "a.dng", patches(light)))).pixels
    seen = middles(pixels, 2, 2)
    assert seen[0, 0].tolist() == seen[1, 0].tolist() == [65535] * 3
    assert seen[0, 1].max() < 65535
    assert seen[1, 1].max() < 65535
    assert ((pixels == 65535).all(axis=2) == (pixels == 65535).any(axis=2)).all()


def test_one_white_balance_for_the_whole_bracket(tmp_path):
    light = np.broadcast_to(np.array([0.2, 0.4, 0.25]), (2, 2, 3))
    paths = [
        write_dng(tmp_path / f"{k}.dng", patches(light * 2.0 ** (k - 1)), Fraction(2**k, 120), neutral=neutral)
        for k, neutral in enumerate([(0.4, 1, 0.9), NEUTRAL, (0.9, 1, 0.4)])
    ]
    frames = read_frames([read_photo(path) for path in paths])
    seen = np.array([middles(frame.pixels, 2, 2)[0, 0] for frame in frames], float)
    assert seen[1] / seen[0] == pytest.approx([2, 2, 2], rel=3e-3)
    assert seen[2] / seen[1] == pytest.approx([2, 2, 2], rel=3e-3)
    balance = np.array(read_white_balance(frames[1].photo)[:3])
    assert balance / balance[1] == pytest.approx(BALANCE, rel=1e-3)
    assert seen[1] == pytest.approx(65535 * np.array([0.2, 0.4, 0.25]) * BALANCE / BALANCE.max(), rel=3e-3)


def test_the_exposure_comes_from_the_raw_metadata(tmp_path):
    photo = read_photo(write_dng(tmp_path / "a_400.DNG", patches(np.full((2, 2, 3), 0.3))))
    assert photo.encoding is Encoding.RAW
    assert photo.exposure.source is ExposureSource.RAW
    assert photo.exposure.time_s == 2**-6
    assert photo.exposure.relative == pytest.approx(2**-6 * 2 / 2**5)
    assert (photo.camera, photo.taken_at.year) == ("Acme Box 1", 2024)
    assert read_photo(tmp_path / "a_400.DNG", literal=True).exposure.time_s == pytest.approx(1 / 60)


def test_a_raw_file_without_exposure_takes_it_from_its_name(tmp_path):
    mosaic = patches(np.full((2, 2, 3), 0.3))
    assert read_photo(write_dng(tmp_path / "a_400.dng", mosaic, exif=False)).exposure.source is ExposureSource.FILENAME
    bare = [write_dng(tmp_path / f"{name}.dng", mosaic, exif=False) for name in "ab"]
    with pytest.raises(ExposureError, match=r"a\.dng: no exposure time"):
        read_bracket(bare).bracket.relative_exposures()


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_raw_is_turned_upright(tmp_path, orientation, turns):
    light = np.array([[[0.1, 0.1, 0.1], [0.3, 0.3, 0.3]], [[0.5, 0.5, 0.5], [0.45, 0.2, 0.1]]])
    level = read_frame(read_photo(write_dng(tmp_path / "level.dng", patches(light)))).pixels
    frame = read_frame(read_photo(write_dng(tmp_path / "turned.dng", patches(light), orientation=orientation)))
    assert (frame.photo.height, frame.photo.width) == frame.pixels.shape[:2]
    np.testing.assert_array_equal(frame.pixels, np.rot90(level, turns))


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_truncated_raw_is_refused(tmp_path, share):
    path = write_dng(tmp_path / "a.dng", patches(np.full((2, 2, 3), 0.3)))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match=r"a\.dng: .*cut off; copy it again from the card") as caught:
        read_frame(read_photo(path))
    assert len(str(caught.value).splitlines()) == 1


def test_text_named_raw_is_refused(tmp_path):
    (tmp_path / "a.nef").write_text("dear diary")
    with pytest.raises(InputError, match=r"a\.nef: not a RAW file"):
        read_photo(tmp_path / "a.nef")


@pytest.mark.data
def test_a_real_dng(data_folder):
    frame = read_frame(photo := read_photo(data_folder / "originals" / "raw_tinydng" / "colorchart.dng"))
    assert photo.encoding is Encoding.RAW
    assert (photo.height, photo.width) == frame.pixels.shape[:2]
    assert frame.is_linear
    assert 100 < np.median(frame.pixels) < 60_000


@pytest.mark.data
def test_real_truncated_files(data_folder):
    refusals = {}
    for path in sorted((data_folder / "originals" / "raw_truncated_nef").iterdir()):
        try:
            read_frame(read_photo(path))
        except InputError as error:
            refusals[path.name] = str(error)
    assert refusals
    for name, text in refusals.items():
        assert name in text
        assert len(text.splitlines()) == 1
