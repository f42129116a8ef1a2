import numpy as np

from hdrkit.imaging.vectors import unit_rows


def test_rows_have_length_1_and_rows_of_zeros_stay():
    rows = np.array([[3, 4], [0, 0], [-1e-3, 0]], np.float32)
    assert np.allclose(unit_rows(rows), [[0.6, 0.8], [0, 0], [-1, 0]])
    assert unit_rows(rows).dtype == np.float32
