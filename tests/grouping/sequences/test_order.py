from collections import defaultdict

import numpy as np
import pytest

from hdrkit.grouping.sequences.order import ev_of_pixels, order_exposures, ordinary_curve


def by_pixels(luminance, clipped, stated):
    return order_exposures(luminance, clipped, ev_of_pixels(luminance, clipped), stated)


def unstated(evs):
    return [None] * len(evs)


@pytest.mark.parametrize("evs", [[0, -2, 2], [4, 2, 0, -2, -4], [-3, 3, 0], [1, 0.67, 0.33, 0, -0.33], [-6, 6, 0, -3, 3]])
@pytest.mark.parametrize("scene", range(4))
def test_pixels_alone_give_order_and_steps(picture, evs, scene):
    order = by_pixels(*picture(evs, scene), unstated(evs))
    assert list(order.order) == list(np.argsort(evs))
    true = np.array(evs) - evs[order.reference]
    assert order.ev[order.reference] == 0
    assert abs(order.ev - true).max() <= 0.25 * np.ptp(evs) + 0.1  # the curve is not the camera's


def test_shifts_of_a_hand_do_not_change_the_order(picture):
    evs = [2, -2, 0, 1, -1]
    assert list(by_pixels(*picture(evs, shifts=[3, -5, 0, 6, -4]), unstated(evs)).order) == list(np.argsort(evs))


def test_the_ordinary_curve_is_undone(picture):
    curve = ordinary_curve()
    assert (np.diff(curve) > 0).all()
    luminance = np.clip(np.interp(curve[np.arange(60, 188)] + 1.5, curve, np.arange(256)), 0, 255)
    frames = np.rint(np.stack([np.arange(60, 188), luminance])[:, None, :].repeat(128, axis=1)).astype(np.uint8)
    assert np.diff(ev_of_pixels(frames, np.zeros(frames.shape, bool))) == pytest.approx(1.5, abs=0.05)


def test_stated_exposures_are_taken_as_they_are(picture):
    stated = [2.0, -2.0, 0.0]
    order = by_pixels(*picture(stated), stated)
    assert order.ev == pytest.approx(np.array(stated) - stated[order.reference])
    assert order.notes == ()


@pytest.mark.parametrize("wrong", [[-2.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
def test_pixels_overrule_metadata_that_they_contradict(picture, wrong):
    evs = [2.0, -2.0, 0.0]
    order = by_pixels(*picture(evs), wrong)
    assert list(order.order) == [1, 2, 0]
    assert np.diff(order.ev[list(order.order)]).min() > 1
    assert len(order.notes) == 1


def test_a_missing_exposure_is_filled_in_on_the_scale_of_the_stated_ones(picture):
    evs = [-2.0, 0.0, 1.0, 3.0]
    order = by_pixels(*picture(evs), [-2.0, 0.0, None, 3.0])
    assert order.ev[2] - order.ev[1] == pytest.approx(1, abs=0.3)
    assert order.ev[3] - order.ev[0] == 5


def test_a_black_frame_comes_first_with_an_unknown_exposure(picture):
    luminance, clipped = picture([0, 2, -25], noise=0)
    order = by_pixels(luminance, clipped, unstated(luminance))
    assert order.order[0] == 2
    assert np.isnan(order.ev[2])
    assert np.isfinite(order.ev[:2]).all()


def test_the_reference_is_well_exposed(picture):
    evs = [-6, -4, -2, 0, 2, 4, 6]
    luminance, clipped = picture(evs)
    share = (~clipped & (luminance >= 16) & (luminance <= 235)).mean(axis=(1, 2))
    order = by_pixels(luminance, clipped, unstated(evs))
    assert share[order.reference] >= 0.95 * share.max()
    equal = by_pixels(luminance[[3] * 5], clipped[[3] * 5], unstated(range(5)))
    assert equal.order.index(equal.reference) == 2


def test_one_frame_is_its_own_reference(picture):
    order = by_pixels(*picture([0]), [None])
    assert (order.order, order.reference, list(order.ev)) == ((0,), 0, [0.0])


@pytest.mark.data
def test_real_brackets_are_ordered_by_their_pixels(data_folder):
    """Adjacent pairs of frames that show something, in the order of their EXIF exposures."""
    import csv

    import cv2

    views = defaultdict(list)
    with (data_folder / "brackets" / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["exposure_source"] == "exif" and row["content"] == "1" and row["kind"] == "bracket":
                views[row["view"]].append(row)
    wrong = pairs = 0
    for rows in list(views.values())[::4]:
        codes = [
            cv2.imread(str(data_folder / "brackets" / "images" / row["filename"]), cv2.IMREAD_REDUCED_COLOR_4) for row in rows
        ]
        luminance = np.stack(
            [cv2.resize(cv2.cvtColor(c, cv2.COLOR_BGR2GRAY), (128, 128), interpolation=cv2.INTER_AREA) for c in codes]
        )
        light = np.array([float(r["exposure_time_s"]) * float(r["iso"] or 100) / float(r["fnumber"]) ** 2 for r in rows])
        order = by_pixels(luminance, (luminance <= 2) | (luminance >= 252), unstated(rows))
        in_order = light[list(order.order)]
        wrong += int((in_order[1:] < in_order[:-1] / 1.05).sum())
        pairs += len(rows) - 1
    assert pairs > 80
    assert wrong <= 0.005 * pairs
