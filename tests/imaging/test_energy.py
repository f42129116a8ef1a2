"""Gradient energies of cells, as they are defined, and without noise."""

import numpy as np
import pytest

from hdrkit.imaging.energy import halved, measure_cells
from hdrkit.ranking.detail import CELL, NOISE


def test_cells_are_measured_as_they_are_defined():
    rng = np.random.default_rng(7)
    codes = rng.integers(20, 240, (2 * CELL, 3 * CELL), np.uint8)
    codes[3, 40] = 255
    picture, usable = codes.astype(np.float32), codes < 248
    energy, uneven = np.empty((2, 2, 3), np.float32)
    measure_cells(picture, usable, CELL, energy, uneven)
    half, halved_usable = halved(picture, usable)
    across, down = np.diff(picture, axis=1), np.diff(picture, axis=0)
    expected = across[:-1] * across[1:] + down[:, :-1] * down[:, 1:]
    assert energy[0, 0] == pytest.approx(expected[:CELL, :CELL].mean(), rel=1e-4)
    assert uneven[0, 0] == pytest.approx((np.diff(across, axis=0) ** 2)[:CELL, :CELL].mean(), rel=1e-4)
    assert (uneven >= 0).tolist() == (energy != -1).tolist() == [[True, True, False], [True, True, True]]
    assert half == pytest.approx(picture.reshape(CELL, 2, -1, 2).mean(axis=(1, 3)))
    assert halved_usable[1, 20] == np.False_
    assert halved_usable.sum() == half.size - 1


def test_noise_has_no_share_in_the_energy():
    rng = np.random.default_rng(11)
    noise = np.rint(128 + 12 * rng.standard_normal((60 * CELL, 60 * CELL))).clip(10, 240).astype(np.float32)
    usable = np.ones(noise.shape, np.bool_)
    energy, uneven = np.empty((2, 60, 60), np.float32)
    measure_cells(noise, usable, CELL, energy, uneven)
    assert uneven.mean() == pytest.approx(4 * 12**2, rel=0.02)
    assert abs(energy.mean()) < 0.01 * uneven.mean()
    assert 0.5 * NOISE < energy.std() / uneven.mean() < NOISE
