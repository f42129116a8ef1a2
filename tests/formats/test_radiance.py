import math
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hdrkit.errors import HdrkitWarning, InputError, OutputError
from hdrkit.formats.exr import split_header
from hdrkit.formats.radiance import radiance_size, read_radiance, write_radiance, writing_radiance
from hdrkit.formats.rgbe import RADIANCE_CHROMATICITIES, from_rgbe, rgb_to_xyz, to_rgbe
from hdrkit.formats.rle import decode_scanlines, encode_scanlines
from hdrkit.types import RadianceMap
from hdrkit.types.image import SRGB_CHROMATICITIES, scale_of


def scene(height=12, width=40, seed=1):
    """Flat patches, smooth ramps and noise over 40 stops, with black."""
    rng = np.random.default_rng(seed)
    pixels = np.exp2(rng.uniform(-20, 20, (height, width, 3))).astype(np.float32)
    pixels[:, : width // 3] = 0.25
    pixels[: height // 3] = np.linspace(1, 3, width)[:, None]
    pixels[-1] = 0
    return pixels


def half_step(pixels):
    """What RGBE may be off by: half of the step that the largest channel sets."""
    return pixels.max(axis=-1, keepdims=True) / 256


# Radiance pictures: numbers


def slow_rgbe(pixel):
    peak = max(map(float, pixel))
    if peak <= np.float32(1e-32):
        return [0, 0, 0, 0]
    exponent = math.frexp(peak)[1]
    return [*(math.floor(math.ldexp(float(value), 8 - exponent)) for value in pixel), exponent + 128]


values = st.floats(0, 2.0**126, width=32)


@settings(deadline=None)
@given(hnp.arrays(np.float32, (2, 3, 3), elements=values))
def test_rgbe_is_what_the_definition_says_and_comes_back_within_half_a_step(pixels):
    rgbe = to_rgbe(pixels)
    assert rgbe.tolist() == [[slow_rgbe(pixel) for pixel in row] for row in pixels]
    back = from_rgbe(rgbe)
    lit = pixels.max(axis=-1) > np.float32(1e-32)
    assert (np.abs(back - pixels) <= half_step(pixels))[lit].all()
    assert (back[~lit] == 0).all()
    assert (to_rgbe(back) == rgbe).all()


def test_truncating_writer_and_half_step_reader_have_no_bias():
    pixels = np.random.default_rng(2).uniform(0.5, 1, (200, 200, 3)).astype(np.float32)
    assert abs(from_rgbe(to_rgbe(pixels)).mean() / pixels.mean() - 1) < 5e-5


# Radiance pictures: run lengths


def slow_decode(data, height, width):
    data, at, rows = bytes(data), 0, []
    for _ in range(height):
        assert data[at : at + 2] == b"\2\2"
        assert data[at + 2] * 256 + data[at + 3] == width
        at += 4
        planes = []
        for _ in range(4):
            plane = b""
            while len(plane) < width:
                count = data[at]
                if count > 128:
                    plane += data[at + 1 : at + 2] * (count - 128)
                    at += 2
                else:
                    assert count
                    plane += data[at + 1 : at + 1 + count]
                    at += 1 + count
            assert len(plane) == width
            planes.append(plane)
        rows.append(list(zip(*planes, strict=True)))
    assert at == len(data)
    return np.array(rows, np.uint8)


@st.composite
def scanlines(draw):
    """Rows made of runs of any length, which is what run-length coders stumble over."""
    width = draw(st.integers(8, 600))
    runs = draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, 2, 3, 4, 5, 126, 127, 128, 129, 255])), min_size=1))
    flat = np.concatenate([np.full(length, value, np.uint8) for value, length in runs])
    return np.resize(flat, (2, 4, width)).transpose(0, 2, 1)


@settings(deadline=None)  # the first call compiles
@given(scanlines())
def test_run_lengths_decode_to_what_was_encoded(rows):
    height, width, _ = rows.shape
    data = encode_scanlines(rows)
    assert (slow_decode(data, height, width) == rows).all()
    assert (decode_scanlines(np.frombuffer(data, np.uint8), height, width) == rows).all()


def test_flat_areas_take_little_room_and_noise_hardly_more_than_its_own():
    assert len(encode_scanlines(np.full((10, 1000, 4), 7, np.uint8))) == 10 * (4 + 4 * 2 * 8)
    noise = np.random.default_rng(3).integers(0, 256, (10, 1000, 4), np.uint8)
    assert len(encode_scanlines(noise)) < 1.01 * noise.size + 40


@pytest.mark.parametrize("width", [1, 7, 8, 32767, 32768])
def test_widths_at_the_limits_of_run_lengths(tmp_path, width):
    pixels = np.broadcast_to(scene(2, 64)[:, :1], (2, width, 3)).copy()
    path = write_radiance(RadianceMap(pixels), tmp_path / "a.hdr")
    back = read_radiance(path).pixels
    assert (np.abs(back - pixels) <= half_step(pixels)).all()


# Radiance pictures: files


def hand_made(body, size="-Y 1 +X 8", header="FORMAT=32-bit_rle_rgbe", magic="#?RADIANCE"):
    return f"{magic}\n{header}\n\n{size}\n".encode() + bytes(body)


def value_of(mantissa, exponent):
    return (mantissa + 0.5) * 2.0 ** (exponent - 136)


def test_round_trip_of_a_picture_and_what_its_header_says(tmp_path):
    radiance = RadianceMap(
        scene(),
        chromaticities=(0.7, 0.29, 0.17, 0.79, 0.13, 0.04, 0.3127, 0.329),
        metadata={
            "camera": "Maker\tModel\n7",
            "view": "-vta -vh 180 -vv 180",
            "capdate": "2024:05:06 07:08:09",
            "exposure_times": [1, 2],
        },
    )
    path = write_radiance(radiance, tmp_path / "a.hdr")
    back = read_radiance(path)
    assert (np.abs(back.pixels - radiance.pixels) <= half_step(radiance.pixels)).all()
    assert back.chromaticities == radiance.chromaticities
    assert back.unit == "relative"
    assert back.metadata.pop("software").startswith("hdrkit ")
    assert back.metadata == {"camera": "Maker Model 7", "view": "-vta -vh 180 -vv 180", "capdate": "2024:05:06 07:08:09"}
    header = path.read_bytes().split(b"\n\n")[0].decode().splitlines()
    assert header[0] == "#?RADIANCE"
    assert {"FORMAT=32-bit_rle_rgbe", "EXPOSURE=1.000000e+00"} < set(header)
    assert any(line.startswith("PRIMARIES=0.7 0.29 ") for line in header)
    assert not any("\t" in line for line in header)
    assert radiance_size(path) == (40, 12)


def test_reading_what_was_read_and_written_changes_nothing(tmp_path):
    first = read_radiance(write_radiance(RadianceMap(scene()), tmp_path / "a.hdr"))
    second = read_radiance(write_radiance(first, tmp_path / "b.pic"))
    assert (first.pixels == second.pixels).all()
    assert (tmp_path / "a.hdr").read_bytes() == (tmp_path / "b.pic").read_bytes()


def test_luminance_is_written_for_tools_that_multiply_by_179(tmp_path):
    radiance = RadianceMap(scene(), unit="cd/m2")
    path = write_radiance(radiance, tmp_path / "a.hdr")
    assert b"EXPOSURE=1.790000e+02" in path.read_bytes()
    back = read_radiance(path)
    assert back.unit == "cd/m2"
    assert (np.abs(back.pixels - radiance.pixels) <= half_step(radiance.pixels) * 1.0001).all()


def test_opencv_reads_ours_and_we_read_opencvs(tmp_path):
    pixels = np.maximum(scene(), np.float32(1e-6))
    ours = write_radiance(RadianceMap(pixels), tmp_path / "ours.hdr")
    read_by_opencv = cv2.imread(str(ours), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert (np.abs(read_by_opencv - pixels) <= 2 * half_step(pixels)).all()  # it does not add the half step
    assert cv2.imwrite(str(tmp_path / "theirs.hdr"), np.ascontiguousarray(pixels[..., ::-1]))
    back = read_radiance(tmp_path / "theirs.hdr").pixels
    assert (np.abs(back - pixels) <= half_step(pixels)).all()


@pytest.mark.parametrize("signs", ["-+", "--", "++", "+-"])
@pytest.mark.parametrize("major", ["Y", "X"])
def test_all_eight_orientations(tmp_path, signs, major):
    picture = to_rgbe(scene(3, 5))
    y_sign, x_sign = signs
    stored = picture[:: 1 if y_sign == "-" else -1, :: 1 if x_sign == "+" else -1]
    size = f"{y_sign}Y 3 {x_sign}X 5" if major == "Y" else f"{x_sign}X 5 {y_sign}Y 3"
    stored = stored if major == "Y" else stored.swapaxes(0, 1)
    path = tmp_path / "a.hdr"
    path.write_bytes(hand_made(stored.tobytes(), size))
    assert (read_radiance(path).pixels == from_rgbe(picture)).all()
    assert radiance_size(path) == (5, 3)


def test_old_run_lengths(tmp_path):
    path = tmp_path / "a.hdr"
    red, green = [200, 10, 20, 130], [10, 200, 20, 131]
    body = [*red, 1, 1, 1, 4, *green, 1, 1, 1, 2, 1, 1, 1, 1]  # red 1 + 4, green 1 + 2 + 1 * 256
    path.write_bytes(hand_made(body, "-Y 1 +X 264"))
    expected = from_rgbe(np.array([[red] * 5 + [green] * 259], np.uint8))
    assert (read_radiance(path).pixels == expected).all()


def test_exposures_multiply_and_inherited_lines_do_not_count(tmp_path):
    header = "EXPOSURE=2\n\tEXPOSURE=100\nEXPOSURE= 4.0e0\nCOLORCORR=1 2 0.5\noconv a b=c\n#EXPOSURE=7\nFORMAT=32-bit_rle_rgbe"
    path = tmp_path / "a.hdr"
    path.write_bytes(hand_made([128, 128, 128, 136], "-Y 1 +X 1", header))
    np.testing.assert_allclose(read_radiance(path).pixels[0, 0], value_of(128, 136) / np.array([8, 16, 4]), rtol=1e-6)


@pytest.mark.parametrize(
    "line", ["EXPOSURE=0", "EXPOSURE=much", "EXPOSURE=-1", "COLORCORR=1 2", "PRIMARIES=1 2 3", "PRIMARIES=a"]
)
def test_header_lines_that_make_no_sense_are_ignored_with_a_warning(tmp_path, line):
    path = tmp_path / "a.hdr"
    path.write_bytes(hand_made([128, 128, 128, 136], "-Y 1 +X 1", line))
    with pytest.warns(HdrkitWarning, match=line.split("=")[0]):
        radiance = read_radiance(path)
    assert radiance.pixels[0, 0, 0] == value_of(128, 136)
    assert radiance.chromaticities == RADIANCE_CHROMATICITIES


def test_any_magic_and_primaries_of_zeros(tmp_path):
    path = tmp_path / "a.hdr"
    path.write_bytes(hand_made([128, 128, 128, 136], "-Y 1 +X 1", "PRIMARIES=0 0 0 0 0 0 0 0", magic="#?AUTOPANO v2"))
    assert read_radiance(path).chromaticities == RADIANCE_CHROMATICITIES


def test_xyze_becomes_rgb(tmp_path):
    rgb = np.array([[[1.0, 1.0, 1.0], [4.0, 2.0, 1.0]]], np.float32)
    xyz = (rgb @ rgb_to_xyz(RADIANCE_CHROMATICITIES).T).astype(np.float32)
    path = tmp_path / "a.hdr"
    path.write_bytes(hand_made(to_rgbe(xyz).tobytes(), "-Y 1 +X 2", "FORMAT=32-bit_rle_xyze"))
    np.testing.assert_allclose(read_radiance(path).pixels, rgb, rtol=0.03)


def test_rgb_to_xyz_of_srgb_is_the_known_matrix():
    known = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    np.testing.assert_allclose(rgb_to_xyz(SRGB_CHROMATICITIES), known, atol=2e-4)


def test_every_truncation_is_an_input_error(tmp_path):
    whole = write_radiance(RadianceMap(scene(4, 16)), tmp_path / "a.hdr").read_bytes()
    cut = tmp_path / "cut.hdr"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(InputError) as caught:
            read_radiance(cut)
        assert str(caught.value).startswith(str(cut))
        assert "\n" not in str(caught.value)


@settings(deadline=None)
@given(st.data())
def test_damaged_bytes_never_do_worse_than_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.hdr"
    whole = bytearray(write_radiance(RadianceMap(scene(3, 16)), path).read_bytes())
    start = whole.index(b"\n\n") + 15
    for at in data.draw(st.lists(st.integers(start, len(whole) - 1), min_size=1, max_size=4)):
        whole[at] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        pixels = read_radiance(path).pixels
    except InputError:
        return
    assert pixels.shape == (3, 16, 3)
    assert np.isfinite(pixels).all()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a Radiance picture"),
        (b"P6 3 3 255\n", "not a Radiance picture"),
        (hand_made([], "-Y 4 -Y 4"), "does not end in a size"),
        (hand_made([], "-Y 0 +X 4"), "does not end in a size"),
        (hand_made([], "4 4"), "does not end in a size"),
        (hand_made([], header="FORMAT=Radiance_spectra"), "Radiance_spectra cannot be read"),
        (hand_made([2, 2, 0, 9] * 20), "damaged scanline"),
        (hand_made([2, 2, 0, 8, 0] + [1] * 50), "damaged scanline"),
        (hand_made([2, 2, 0, 8, 128 + 9] + [1] * 50), "damaged scanline"),
        (hand_made([1, 1, 1, 3] * 8), "damaged scanline"),
        (hand_made([9, 9, 9, 130], "-Y 99999999 +X 30000"), "99999999 scanlines of 30000 pixels"),
        (hand_made([255, 0, 0, 255], "-Y 1 +X 1", "EXPOSURE=1e-9"), "EXPOSURE= .* infinite"),
    ],
)
def test_files_that_are_no_radiance_pictures(tmp_path, content, complaint):
    path = tmp_path / "a.hdr"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        read_radiance(path)


@pytest.mark.parametrize("bad", [-1e-3, np.nan, np.inf, 2.0**127])
def test_hdr_refuses_values_that_it_would_corrupt(tmp_path, bad):
    pixels = scene()
    pixels[3, 20, 1] = bad
    (tmp_path / "a.hdr").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"a\.hdr: \.hdr holds finite values"):
        write_radiance(RadianceMap(pixels), tmp_path / "a.hdr")
    assert (tmp_path / "a.hdr").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


# OpenEXR


def exr_of(path, channels, **header):
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage} | header, dict(channels)).write(
        str(path)
    )
    return path


def test_the_zip_of_openexr_is_the_fast_one(tmp_path):
    written = write_radiance(RadianceMap(np.ones((16, 64, 3), np.float32)), tmp_path / "a.exr").read_bytes()
    _, chunks = split_header(memoryview(written))
    assert bytes(chunks[0][4:6]) == b"\x78\x01"  # RFC 1950: the level is in the header of the stream


def test_exr_gives_back_exactly_what_was_written(tmp_path):
    rng = np.random.default_rng(5)
    metadata = {
        "software": "a test",
        "comments": "two\nlines",
        "capdate": "2024:05:06 07:08:09",
        "sources": ["a.jpg", os.fsdecode(b"b\xff.jpg")],
        "exposure_times": [0.1, 1 / 3, 2.0],
        "response": {"algorithm": "debevec", "camera": "Maker Model"},
        "alignment": [[[1.0, 0.0, 0.1], [0.0, 1.0, 0.2], [0.0, 0.0, 1.0]]],
        "shift_px": 0.30000000000000004,
    }
    radiance = RadianceMap(
        scene() * np.float32(1e9),
        unit="cd/m2",
        variance=rng.random((12, 40, 3), dtype=np.float32),
        validity=rng.integers(0, 8, (12, 40), np.uint8),
        metadata=metadata,
    )
    path = write_radiance(radiance, tmp_path / "a.exr")
    back = read_radiance(path)
    for name in ("pixels", "variance", "validity"):
        stored = getattr(back, name)
        assert stored.dtype == getattr(radiance, name).dtype
        assert (stored == getattr(radiance, name)).all()
    assert (back.unit, back.chromaticities, back.metadata) == ("cd/m2", SRGB_CHROMATICITIES, metadata)
    assert radiance_size(path) == (40, 12)
    header = OpenEXR.File(str(path), header_only=True).header()
    assert header["whiteLuminance"] == 1
    np.testing.assert_allclose(header["exposureTimes"], metadata["exposure_times"], rtol=1e-6)
    assert header["capDate"] == metadata["capdate"]


def test_exr_of_views_that_are_not_contiguous(tmp_path):
    big = scene(24, 80)
    views = [big[..., ::-1], big[2:14, 5:45], big[::2, ::2], big.transpose(1, 0, 2), np.asfortranarray(big), big[::-1]]
    for number, view in enumerate(views):
        path = write_radiance(
            RadianceMap(view, variance=view, validity=(view[..., 0] > 1).astype(np.uint8)), tmp_path / f"{number}.exr"
        )
        back = read_radiance(path)
        assert (back.pixels == view).all()
        assert (back.variance == view).all()
        assert (back.validity == (view[..., 0] > 1)).all()
        path = write_radiance(RadianceMap(view), tmp_path / f"{number}.hdr")
        assert (np.abs(read_radiance(path).pixels - view) <= half_step(view)).all()


def test_half_floats_round_and_refuse_what_they_cannot_hold(tmp_path):
    pixels = np.clip(scene(), 1e-4, 65504).astype(np.float32)
    path = write_radiance(RadianceMap(pixels), tmp_path / "a.exr", half=True)
    np.testing.assert_allclose(read_radiance(path).pixels, pixels, rtol=2**-11)
    assert OpenEXR.File(str(path), separate_channels=True).channels()["R"].pixels.dtype == np.float16
    pixels[0, 0, 0] = 65505
    with pytest.raises(OutputError, match="above 65504.*write 32-bit floats"):
        write_radiance(RadianceMap(pixels), tmp_path / "b.exr", half=True)
    assert not (tmp_path / "b.exr").exists()


def test_exr_channels_of_other_programs(tmp_path):
    red, green, blue = (np.ascontiguousarray(scene()[..., c]) for c in range(3))
    path = tmp_path / "a.exr"
    mixed = {"B": np.clip(blue, 0, 6e4).astype(np.float16), "A": green, "R": red, "G": np.full_like(red, 3, dtype=np.uint32)}
    back = read_radiance(exr_of(path, mixed)).pixels
    assert (back == np.stack([red, mixed["G"], mixed["B"]], axis=-1)).all()
    assert (read_radiance(exr_of(path, {"Y": green})).pixels == green[..., None]).all()
    layer = {"beauty.R": red, "beauty.G": green, "beauty.B": blue, "depth.Z": red}
    assert (read_radiance(exr_of(path, layer)).pixels == scene()).all()
    with pytest.raises(InputError, match="holds the channels U, V; save it"):
        read_radiance(exr_of(path, {"U": red, "V": green}))


def test_exr_headers_of_other_programs(tmp_path):
    path = exr_of(tmp_path / "a.exr", {"RGB": scene()}, whiteLuminance=80.0, expTime=0.5, owner="someone")
    back = read_radiance(path)
    assert back.unit == "cd/m2"
    np.testing.assert_allclose(back.pixels, scene() * 80, rtol=1e-6)
    assert back.metadata == {"expTime": 0.5, "owner": "someone"}


def test_exr_values_that_are_not_light_are_replaced_with_a_warning(tmp_path):
    pixels = np.array([[[1, 2, 3], [np.nan, 1, 1], [np.inf, 1, 1], [-1, -np.inf, 1]]], np.float32)
    path = exr_of(tmp_path / "a.exr", {"RGB": pixels})
    with pytest.warns(HdrkitWarning, match="3 pixels are negative or not finite"):
        back = read_radiance(path)
    assert back.pixels.tolist() == [[[1, 2, 3], [0, 1, 1], [3, 1, 1], [0, 0, 1]]]


def test_damaged_exr(tmp_path):
    whole = write_radiance(RadianceMap(scene()), tmp_path / "a.exr").read_bytes()
    for content in (b"", b"text", whole[:8], whole[: len(whole) // 2], whole[:-10], hand_made([])):
        (tmp_path / "a.exr").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.exr: not an OpenEXR picture"):
            read_radiance(tmp_path / "a.exr")


# Either format


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".pic", ".EXR"])
def test_the_same_map_twice_gives_the_same_bytes(tmp_path, suffix):
    radiance = RadianceMap(scene(), metadata={"sources": ["a.jpg"], "camera": "c"})
    first = write_radiance(radiance, tmp_path / f"a{suffix}").read_bytes()
    assert write_radiance(radiance, tmp_path / f"b{suffix}").read_bytes() == first
    assert "software" not in radiance.metadata


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
@pytest.mark.parametrize("stem", [b"two words", b"quote'\"s", b"latin\xe9\xff"])
def test_names_that_libraries_stumble_over(tmp_path, suffix, stem):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + stem + suffix.encode()))
    write_radiance(RadianceMap(scene()), path)
    assert read_radiance(path).pixels.shape == (12, 40, 3)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, suffix):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=f"a{suffix}: cannot be written: the disk is full"):
        write_radiance(RadianceMap(scene()), tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


def test_one_pixel(tmp_path):
    for name in ("a.exr", "a.hdr"):
        path = write_radiance(RadianceMap(np.full((1, 1, 3), 0.75, np.float32)), tmp_path / name)
        np.testing.assert_allclose(read_radiance(path).pixels, 0.75, rtol=1 / 256)


def test_other_suffixes(tmp_path):
    with pytest.raises(OutputError, match=r"\.jpg is not a radiance format; choose \.exr, \.hdr"):
        write_radiance(RadianceMap(scene()), tmp_path / "a.jpg")
    with pytest.raises(OutputError, match="only .exr holds half"):
        write_radiance(RadianceMap(scene()), tmp_path / "a.hdr", half=True)
    with pytest.raises(InputError, match="no suffix is not a radiance format"):
        read_radiance(tmp_path / "a")
    with pytest.raises(InputError, match="no such file"):
        read_radiance(tmp_path / "a.exr")


def test_float_tiff_is_read(tmp_path):
    path = tmp_path / "a.tif"
    cv2.imwrite(str(path), np.ascontiguousarray(scene()[..., ::-1]))
    assert (read_radiance(path).pixels == scene()).all()
    cv2.imwrite(str(path), np.ascontiguousarray(scene()[..., 0]))
    assert (read_radiance(path).pixels == scene()[..., :1]).all()
    assert radiance_size(path) == (40, 12)
    cv2.imwrite(str(path), np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match="uint8"):
        read_radiance(path)
    cv2.imwrite(str(path), np.full((4, 4), -1, np.float32))
    with pytest.raises(InputError, match="negative"):
        read_radiance(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="not a TIFF"):
        read_radiance(path)


# --- piece by piece ---


@pytest.mark.parametrize(("suffix", "half"), [("exr", False), ("exr", True), ("hdr", False)])
@pytest.mark.parametrize("height", [1, 15, 16, 17, 200])
def test_pieces_make_the_same_file_as_the_whole(tmp_path, suffix, half, height):
    rng = np.random.default_rng(height)
    pixels = rng.lognormal(size=(height, 70, 3)).astype(np.float32)
    whole = RadianceMap(
        pixels,
        variance=None if suffix == "hdr" else pixels**2,
        validity=rng.integers(0, 8, pixels.shape[:2]).astype(np.uint8),
        metadata={"exposure_times": [0.1, 0.2], "owner": "Ægir"},
    )
    write_radiance(whole, tmp_path / f"whole.{suffix}", half)
    with writing_radiance(tmp_path / f"pieces.{suffix}", height, half) as write:
        for top in range(0, height, 64):
            part = slice(top, top + 64)
            layers = {name: None if (layer := getattr(whole, name)) is None else layer[part] for name in ("variance", "validity")}
            write(replace(whole, pixels=pixels[part], **layers))
    assert (tmp_path / f"pieces.{suffix}").read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()


def test_an_exr_of_joined_chunks_is_the_one_that_the_library_writes(tmp_path):
    pixels = np.random.default_rng(0).lognormal(size=(17_000, 64, 3)).astype(np.float32)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, "chromaticities": SRGB_CHROMATICITIES}
    header["software"] = "test"
    OpenEXR.File(header, {"RGB": pixels}).write(str(tmp_path / "theirs.exr"))
    write_radiance(RadianceMap(pixels, metadata={"software": "test"}), tmp_path / "ours.exr")
    assert (tmp_path / "ours.exr").read_bytes() == (tmp_path / "theirs.exr").read_bytes()


def test_a_picture_that_is_broken_off_leaves_nothing(tmp_path):
    def write_half_of_it():
        with writing_radiance(tmp_path / "a.exr", 64) as write:
            write(RadianceMap(np.ones((32, 8, 3), np.float32)))
            raise InputError("the next rows cannot be read")

    with pytest.raises(InputError, match="the next rows"):
        write_half_of_it()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("unit", ["relative", "cd/m2"])
@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_a_scale_changes_the_values_of_the_file_and_not_what_is_read(tmp_path, suffix, unit):
    pixels = np.geomspace(1, 1e5, 48, dtype=np.float32).reshape(4, 4, 3)
    scaled = RadianceMap(pixels, unit, variance=pixels**2, metadata={"scale": 2e-4})
    path = write_radiance(scaled, tmp_path / f"a{suffix}")
    again = read_radiance(path)
    plain = read_radiance(write_radiance(RadianceMap(pixels, unit, variance=pixels**2), tmp_path / f"b{suffix}"))
    np.testing.assert_allclose(again.pixels, plain.pixels, rtol=1e-6 if suffix == ".exr" else 0.02)
    twice = read_radiance(write_radiance(again, tmp_path / f"c{suffix}"))
    np.testing.assert_allclose(twice.pixels, plain.pixels, rtol=1e-6 if suffix == ".exr" else 0.02)
    if suffix == ".exr":
        stored = OpenEXR.File(str(path)).channels()["RGB"].pixels
        np.testing.assert_allclose(stored, 2e-4 * pixels, rtol=1e-6)
        np.testing.assert_allclose(again.variance, plain.variance, rtol=1e-5)
        assert again.metadata["scale"] == 2e-4
        assert OpenEXR.File(str(path)).header().get("whiteLuminance") == (pytest.approx(5000) if unit == "cd/m2" else None)


def test_a_scale_brings_bright_light_into_half_floats(tmp_path):
    pixels = np.full((4, 4, 3), 1e6, np.float32)
    with pytest.raises(OutputError, match="--scale normal"):
        write_radiance(RadianceMap(pixels), tmp_path / "a.exr", half=True)
    path = write_radiance(RadianceMap(pixels, metadata={"scale": 1e-6}), tmp_path / "a.exr", half=True)
    assert read_radiance(path).pixels == pytest.approx(pixels, rel=1e-3)


@pytest.mark.parametrize("scale", [0, -1, math.inf, "2", None])
def test_a_scale_without_sense_is_none(scale):
    assert scale_of({"scale": scale}) == 1
