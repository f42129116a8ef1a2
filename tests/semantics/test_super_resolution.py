import cv2
import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import Model, find_model
from hdrkit.pipeline.map_networks import open_enlarger
from hdrkit.semantics.super_resolution import Enlarger, enlarger_of, needs_enlarging
from tests.fixtures import networks
from tests.fixtures.tensorflow import repeating_graph


@pytest.fixture(scope="module")
def ours():
    return open_enlarger(find_model(Role.SUPER_RESOLUTION))


def drawn(seed=4, side=288):
    """A picture of shapes, lines, letters and woven textures, drawn four times as large and reduced."""
    random, large = np.random.default_rng(seed), 4 * side
    rows, columns = np.mgrid[:large, :large].astype(np.float32)
    weave = 20 * np.sin(columns / 9) * np.sin(rows / 11) + 12 * np.sin((columns + 2 * rows) / 14)
    canvas = np.clip(rng_colour(random) * 0.5 + 70 + weave[..., None], 0, 255).astype(np.uint8)
    for _ in range(40):
        x, y, size = (int(value) for value in random.integers(0, large, 3))
        colour, size = tuple(map(int, random.integers(0, 256, 3))), size // 8 + 20
        match random.integers(4):
            case 0:
                cv2.circle(canvas, (x, y), size, colour, -1)
            case 1:
                cv2.ellipse(canvas, (x, y), (size, size // 3), float(x % 180), 0, 360, colour, 14)
            case 2:
                cv2.line(canvas, (x, y), (y, size * 6), colour, 10 + size // 12)
            case _:
                cv2.putText(canvas, "map", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 6, colour, 22)
    return cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)


def rng_colour(random):
    return random.integers(0, 256, 3).astype(np.float32)


def reduced(rgb):
    return cv2.resize(rgb, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)


def decibels(picture, truth):
    error = np.mean((picture[3:-3, 3:-3].astype(float) - truth[3:-3, 3:-3]) ** 2)
    return 10 * np.log10(255**2 / error)


def test_a_side_under_128_pixels_is_small():
    for shape, small in (((128, 128, 3), False), ((127, 4000, 3), True), ((4000, 127, 3), True), ((1, 1, 3), True)):
        assert needs_enlarging(np.zeros(shape, np.uint8)) is small


@pytest.mark.parametrize("seed", [4, 5])
def test_edges_and_textures_come_out_closer_to_the_truth_than_by_bicubic(ours, seed):
    truth = drawn(seed)
    small = reduced(truth)
    bicubic = cv2.resize(small, truth.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    assert decibels(ours(small), truth) > decibels(bicubic, truth) + 0.3


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 300), (127, 5)])
def test_any_size_becomes_three_times_as_large(ours, shape):
    small = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    large = ours(small)
    assert large.shape == (3 * shape[0], 3 * shape[1], 3)
    assert large.dtype == np.uint8


@pytest.mark.parametrize("grey", [0, 1, 90, 200, 255])
def test_one_colour_stays_one_colour(ours, grey):
    colour = (grey, grey, 255 - grey)
    assert np.abs(ours(np.full((20, 30, 3), colour, np.uint8)).astype(int) - colour).max() <= 3


def test_grey_pictures_stay_grey(ours):
    grey = cv2.cvtColor(reduced(drawn()), cv2.COLOR_RGB2GRAY)
    large = ours(np.repeat(grey[..., None], 3, axis=2)).astype(int)
    assert np.percentile(np.ptp(large, axis=2), 99) <= 8


def test_tiles_leave_no_seam(ours):
    small = drawn(side=288)[:40]  # wider than a tile
    tiled = ours(small).astype(int)
    shifted = ours(small[:, 16:]).astype(int)
    assert np.abs(tiled[:, 48 + 60 :] - shifted[:, 60:]).max() <= 3


def test_the_same_picture_gives_the_same_bytes(ours):
    small = reduced(drawn())
    np.testing.assert_array_equal(ours(small), ours(small))


def test_both_runtimes_agree():
    path = find_model(Role.SUPER_RESOLUTION).path
    small = reduced(drawn())
    one, other = (Enlarger(open_network(path, runtime=name))(small) for name in ("onnxruntime", "opencv"))
    assert np.abs(one.astype(int) - other).max() <= 1


@pytest.mark.parametrize("white", [1.0, 255.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_a_users_network_takes_for_white_is_found(channels, white):
    found = enlarger_of(open_network(networks.enlarger(channels, white, lift=0.02)), channels, "mine.onnx")
    assert (found.channels, found.white) == (channels, white)


def test_a_network_of_luma_enlarges_colours_too():
    small = drawn(side=48)
    large = Enlarger(open_network(networks.enlarger(1)), channels=1)(small)
    assert np.abs(reduced(large).astype(int) - small).mean() < 4


def test_networks_that_do_something_else_are_one_line():
    with pytest.raises(InputError, match=r"mine\.onnx: it does not make pictures three times as large"):
        enlarger_of(open_network(networks.enlarger(times=2)), 3, "mine.onnx")
    with pytest.raises(InputError, match=r"mine\.onnx: grey pictures do not stay grey"):
        enlarger_of(open_network(networks.enlarger(white=255.0, lift=0.6)), 3, "mine.onnx")


def test_models_of_users_are_recognised_and_opened(tmp_path):
    small = drawn(side=30)
    expected = small.repeat(3, axis=0).repeat(3, axis=1).astype(int)
    for name, content, kind in (
        ("mine.onnx", networks.enlarger(), ModelKind.ENLARGES_X3),
        ("codes.onnx", networks.enlarger(white=255.0, lift=0.01), ModelKind.ENLARGES_X3),
        ("EDSR_x3.pb", repeating_graph(), ModelKind.EDSR_GRAPH),
    ):
        (tmp_path / name).write_bytes(content)
        model = find_model(Role.SUPER_RESOLUTION, {Role.SUPER_RESOLUTION: tmp_path / name})
        assert model.kind is kind
        assert np.abs(open_enlarger(model)(small) - expected).max() <= 3


def test_a_model_of_another_kind_enlarges_nothing(tmp_path):
    model = Model(Role.SUPER_RESOLUTION, ModelKind.OTHER, "mine", tmp_path / "mine.onnx", "MIT")
    with pytest.raises(InputError, match=r"mine\.onnx: it enlarges no pictures"):
        open_enlarger(model)
    (tmp_path / "twice.onnx").write_bytes(networks.enlarger(times=2))
    with pytest.raises(InputError, match=r"twice\.onnx: its inputs and outputs are those of no model for super-resolution"):
        find_model(Role.SUPER_RESOLUTION, {Role.SUPER_RESOLUTION: tmp_path / "twice.onnx"})
