"""Gradient directions: the same at every exposure, and silent where nothing was measured."""

import numpy as np
import pytest

from hdrkit.grouping.evidence.descriptor import GRID, LEAST_CONTENT, CellState, cells_of, describe
from hdrkit.grouping.evidence.similarity import agreement


def test_directions_do_not_change_with_exposure(preview):
    d = describe([cells_of(preview(0, ev)) for ev in (-2.0, 0.0, 1.5)])
    for j in (1, 2):
        products, cells = agreement(d.fine[0], d.fine[j], 0, 0)
        assert cells > 5000
        assert products / cells > 0.9


def test_a_ramp_points_the_way_it_grows():
    ramp = np.repeat(np.linspace(20, 230, 256)[None, :, None], 256, axis=0).repeat(3, axis=2).astype(np.uint8)
    d = describe([cells_of(ramp), cells_of(ramp.transpose(1, 0, 2)), cells_of(ramp[:, ::-1])])
    middle = d.fine[:, :, 8:-8, 8:-8].mean(axis=(2, 3)) / 127
    np.testing.assert_allclose(middle, [[1, 0], [0, 1], [-1, 0]], atol=0.01)
    for level in (d.middle, d.coarse):
        np.testing.assert_allclose(level[:, :, 3:-3, 3:-3].mean(axis=(2, 3)) / 127, middle, atol=0.02)


@pytest.mark.parametrize(
    ("colour", "state"),
    [
        ((0, 0, 0), CellState.DARK),
        ((255, 255, 255), CellState.WHITE),
        ((255, 130, 90), CellState.PARTLY_CLIPPED),
        ((90, 130, 200), CellState.MEASURED),
    ],
)
def test_what_cells_hold(colour, state):
    assert (cells_of(np.full((90, 150, 3), colour, np.uint8)).state == state).all()


def test_a_frame_with_nothing_to_see_has_no_signature(preview):
    d = describe([cells_of(preview(0)), cells_of(preview(0, -24.0)), cells_of(preview(0, 14.0))])
    assert d.content[0] > LEAST_CONTENT > d.content[1:].max()
    np.testing.assert_allclose(np.linalg.norm(d.signature.astype(float), axis=1), [1, 0, 0], atol=1e-3)


def test_luminance_is_the_mean_code(preview):
    picture = preview(3)
    d = describe([cells_of(picture)])
    assert d.luminance.shape == (1, GRID, GRID)
    assert d.luminance.mean() / 256 == pytest.approx(picture.mean(), abs=0.5)


def test_a_batch_is_described_as_each_of_its_photographs(preview):
    cells = [cells_of(preview(scene)) for scene in range(3)]
    together = describe(cells)
    for k, one in enumerate(cells):
        alone = describe([one])
        assert all(np.array_equal(rows[k], alone.arrays()[name][0]) for name, rows in together.arrays().items())
