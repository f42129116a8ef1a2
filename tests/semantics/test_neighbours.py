import numpy as np

from hdrkit.semantics.neighbours import nearest_of


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_most_similar_rows_come_first():
    rng = np.random.default_rng(0)
    rows, among = unit(rng.normal(size=(7, 12))), unit(rng.normal(size=(50, 12)))
    found, likeness = nearest_of(rows, among, 4)
    products = rows @ among.T
    assert np.array_equal(found, np.argsort(-products, axis=1)[:, :4])
    assert np.allclose(likeness, -np.sort(-products, axis=1)[:, :4], atol=1e-6)


def test_cells_find_nearly_all_neighbours():
    rng = np.random.default_rng(1)
    rows = unit(np.repeat(rng.normal(size=(40, 24)), 30, axis=0) + 0.7 * rng.normal(size=(1200, 24)))
    exact, nearly = nearest_of(rows, rows, 8)[0], nearest_of(rows, rows, 8, most_exact=100)[0]
    assert np.mean([len(set(a) & set(b)) / 8 for a, b in zip(exact.tolist(), nearly.tolist(), strict=True)]) > 0.95


def test_no_row_is_short_of_neighbours():
    rng = np.random.default_rng(2)
    rows = unit(np.concatenate([rng.normal(size=(2, 8)) + 9, rng.normal(size=(400, 8))]))
    assert (nearest_of(rows, rows, 300, most_exact=10)[0] >= 0).all()
