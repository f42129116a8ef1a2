"""Shifts, turns and brightness transfers that were planted are found; what follows for one view or two."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from hdrkit.grouping.evidence import displacement, similarity, transfer
from hdrkit.grouping.evidence.compare import Evidence, compare, nominated
from hdrkit.grouping.evidence.descriptor import GRID, cells_of, describe


def obvious_agreement(a, b, dy, dx):
    products, cells = 0.0, 0
    size = a.shape[1]
    for y in range(size):
        for x in range(size):
            if 0 <= y + dy < size and 0 <= x + dx < size:
                u, v = a[:, y, x] / 127, b[:, y + dy, x + dx] / 127
                if u.any() and v.any():
                    products += u @ v
                    cells += 1
    return products, cells


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-5, 7)])
def test_agreement_is_that_of_the_obvious_loop(preview, shift):
    d = describe([cells_of(preview(0)), cells_of(preview(1, 2.0))])
    products, cells = similarity.agreement(d.coarse[0], d.coarse[1], *shift)
    expected = obvious_agreement(d.coarse[0].astype(float), d.coarse[1].astype(float), *shift)
    assert cells == expected[1]
    assert products == pytest.approx(expected[0], abs=1e-6)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.03, -0.05), (-0.055, 0.04)])
def test_a_planted_shift_is_found(preview, shift):
    d = describe([cells_of(preview(0)), cells_of(preview(0, 2.0, shift))])
    dy, dx = similarity.find_shift(d.fine, d.middle, d.coarse, 0, 1)
    assert abs(dy - shift[0] * GRID) <= 1
    assert abs(dx - shift[1] * GRID) <= 1


def test_a_planted_turn_is_found(preview):
    d = describe([cells_of(preview(0)), cells_of(preview(0, 1.0, turn_deg=1.5))])
    moved = displacement.refine(d.middle[0], d.middle[1], 0, 0)
    # A turn by an angle moves what lies half the picture off the middle by the angle, in cells of a squashed picture.
    angle = np.deg2rad(1.5) * GRID / 2
    assert moved[0, 2] == pytest.approx(-angle * 288 / 192, abs=0.4)
    assert moved[1, 1] == pytest.approx(angle * 192 / 288, abs=0.4)
    still = displacement.displaced_agreement(d.fine[0], d.fine[1], displacement.shifted(0.0, 0.0))
    turned = displacement.displaced_agreement(d.fine[0], d.fine[1], moved)
    assert turned[0] / turned[1] > still[0] / still[1] + 0.1


def test_without_a_displacement_agreement_is_the_plain_one(preview):
    d = describe([cells_of(preview(0)), cells_of(preview(1))])
    products, cells, *_ = displacement.displaced_agreement(d.fine[0], d.fine[1], displacement.shifted(0.0, 0.0))
    inside = d.fine[:, :, :-1, :-1]  # the last row and column have no cell to interpolate with
    plain = similarity.agreement(np.ascontiguousarray(inside[0]), np.ascontiguousarray(inside[1]), 0, 0)
    assert cells == plain[1]
    assert products == pytest.approx(plain[0], abs=0.01 * cells)


def test_one_direction_everywhere_is_no_agreement():
    down = np.zeros((2, GRID, GRID), np.int8)
    down[1] = 127
    products, cells, varied, various = displacement.displaced_agreement(down, down, displacement.shifted(0.0, 0.0))
    assert products / cells == pytest.approx(1)
    assert abs(varied) < 1e-6
    assert various < 1e-6


def test_the_isotonic_curve_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 64, (64, 64)).astype(np.int32) * 1024 + 512
    b = np.clip(a * 0.5 + rng.normal(0, 9000, a.shape), 0, 65535).astype(np.int32)
    b[a > 50000] = 3000  # a part that falls
    curve = transfer.isotonic(a, b, np.ones(a.shape, bool))
    oracle = IsotonicRegression().fit(a.ravel(), b.ravel()).predict(np.arange(64) * 1024 + 512)
    np.testing.assert_allclose(curve, oracle, rtol=1e-6)


def test_order_and_transfer_tell_a_growing_function_from_another_scene():
    rng = np.random.default_rng(1)
    a = (rng.random((GRID, GRID)) * 60000 + 2000).astype(np.int32)
    darker, other = (a.astype(float) ** 0.8).astype(np.int32), rng.permuted(a.ravel()).reshape(a.shape)
    everywhere = np.ones(a.shape, bool)
    same, compared = transfer.brightness_order(a, darker)
    assert same == compared > 10_000
    assert transfer.transferred_gradient(a, darker, everywhere)[0] > 0.98
    same, compared = transfer.brightness_order(a, other)
    assert same / compared == pytest.approx(0.5, abs=0.02)
    assert abs(transfer.transferred_gradient(a, other, everywhere)[0]) < 0.1


@pytest.fixture(scope="module")
def mixed(preview):
    """Two scenes at five exposures, the second held by hand, and a white frame: descriptors, pairs, evidence."""
    frames = [preview(0, ev) for ev in (-4.0, -2.0, 0.0, 2.0, 4.0)]
    frames += [preview(1, ev, (0.03 * ev / 4, -0.02), 0.4 * ev) for ev in (-4.0, -2.0, 0.0, 2.0, 4.0)]
    d = describe([cells_of(frame) for frame in [*frames, preview(0, 14.0)]])
    pairs = np.stack(np.triu_indices(11, 1), axis=1).astype(np.int32)
    return d, pairs, Evidence.of_rows(compare(d, pairs))


def test_exposures_of_one_scene_belong_together_and_others_do_not(mixed):
    _, pairs, evidence = mixed
    scene = pairs // 5
    log_odds = evidence.log_odds()
    assert log_odds[(scene[:, 0] == scene[:, 1]) & (pairs < 10).all(axis=1)].min() > 0
    assert log_odds[(scene[:, 0] != scene[:, 1]) & (pairs < 10).all(axis=1)].max() < -1


def test_nothing_seen_says_nothing(mixed):
    _, pairs, evidence = mixed
    blank = (pairs == 10).any(axis=1)
    assert evidence.trust()[blank].max() < 0.05
    assert np.abs(evidence.log_odds()[blank]).max() < 0.5


def test_evidence_does_not_depend_on_the_other_pairs_or_the_number_of_threads(mixed):
    d, pairs, evidence = mixed
    some = pairs[::-3]
    rows = compare(d, some, workers=1)
    np.testing.assert_array_equal(Evidence.of_rows(rows).terms(), evidence.terms()[::-3])


def test_copies_are_as_alike_as_can_be(mixed):
    evidence = mixed[2].and_copies(2)
    assert (evidence.log_odds()[-2:] > evidence.log_odds()[:-2].max() - 1).all()
    assert (evidence.trust()[-2:] > 0.95).all()


def test_nominations_rank_one_scene_before_another(mixed):
    d, pairs, _ = mixed
    seen = (pairs < 10).all(axis=1)
    likeness, scene = nominated(d, pairs)[seen], pairs[seen] // 5
    assert np.median(likeness[scene[:, 0] == scene[:, 1]]) > likeness[scene[:, 0] != scene[:, 1]].max()
