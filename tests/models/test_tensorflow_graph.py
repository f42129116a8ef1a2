import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.recognise import recognise
from hdrkit.models.roles import ModelKind
from hdrkit.models.tensorflow_graph import is_edsr_graph, open_edsr_graph
from tests.fixtures import networks
from tests.fixtures.tensorflow import edsr_graph, repeating_graph


@pytest.fixture
def graph(tmp_path):
    (tmp_path / "EDSR_x3.pb").write_bytes(repeating_graph())
    return tmp_path / "EDSR_x3.pb"


def test_a_graph_of_edsr_is_known_by_its_layers(graph):
    assert recognise(graph) is ModelKind.EDSR_GRAPH
    assert not is_edsr_graph(networks.enlarger())
    assert not is_edsr_graph(b"\x0a\xff\xff\x7f")


def test_pictures_of_several_sizes_go_through_with_colours_and_blocks_in_their_places(graph):
    network = open_edsr_graph(graph)
    for height, width in ((4, 5), (7, 3)):
        rgb = np.random.default_rng(height).integers(10, 255, (1, 3, height, width)).astype(np.float32)
        expected = rgb.repeat(3, axis=2).repeat(3, axis=3)
        expected[:, :, 2::3, 2::3] -= np.array([3, 2, 1], np.float32)[:, None, None]
        np.testing.assert_allclose(network(rgb)[0], expected, atol=1e-3)


def test_other_channels_at_the_end_are_one_line(tmp_path):
    (tmp_path / "odd.pb").write_bytes(edsr_graph(np.zeros((3, 3, 3, 6)), np.zeros(6)))
    with pytest.raises(InputError, match=r"odd\.pb: the graph ends in 6 channels, which make no colour picture"):
        open_edsr_graph(tmp_path / "odd.pb")(np.zeros((1, 3, 4, 4), np.float32))


def test_a_graph_that_is_cut_off_is_no_model(graph):
    graph.write_bytes(graph.read_bytes()[:400])
    with pytest.raises(InputError, match=r"EDSR_x3\.pb: it is no model that hdrkit can read, or it is cut off"):
        recognise(graph)
