import math

import pytest

from hdrkit.errors import ExposureError, HdrkitError
from hdrkit.exposure import (
    exact_exposure,
    exact_f_number,
    exact_iso,
    exact_time_s,
    exposure_from_name,
    format_time,
    looks_like_counter,
    parse_time_s,
)
from hdrkit.types import Exposure, ExposureSource

FULL_STOPS = ["8000", "4000", "2000", "1000", "500", "250", "125", "60", "30", "15", "8", "4", "2"]
THIRD_STOPS = [
    "8000",
    "6400",
    "5000",
    "4000",
    "3200",
    "2500",
    "2000",
    "1600",
    "1250",
    "1000",
    "800",
    "640",
    "500",
    "400",
    "320",
    "250",
    "200",
    "160",
    "125",
    "100",
    "80",
    "60",
    "50",
    "40",
    "30",
    "25",
    "20",
]
HALF_STOPS = [
    "8000",
    "6000",
    "4000",
    "3000",
    "2000",
    "1500",
    "1000",
    "750",
    "500",
    "350",
    "250",
    "180",
    "125",
    "90",
    "60",
    "45",
    "30",
]


@pytest.mark.parametrize(("dial", "steps"), [(FULL_STOPS, 1), (THIRD_STOPS, 3), (HALF_STOPS, 2)])
def test_a_dial_of_shutter_times_becomes_equal_steps(dial, steps):
    exact = [math.log2(exact_time_s(1 / float(nominal))) for nominal in dial]
    assert exact[0] == -13
    assert [later - earlier for earlier, later in zip(exact, exact[1:], strict=False)] == pytest.approx(
        [1 / steps] * (len(dial) - 1)
    )


@pytest.mark.parametrize(
    ("nominal", "stops"),
    [
        (1 / 60, -6),
        (1 / 125, -7),
        (1 / 15, -4),
        (10 / 13, -1 / 3),  # 1/1.3, as some cameras write 0.8 s
        (0.769, -1 / 3),
        (0.8, -1 / 3),
        (0.7, -0.5),
        (0.6, -2 / 3),
        (0.5, -1),
        (0.4, -4 / 3),
        (0.3, -5 / 3),
        (1 / 3, -5 / 3),
        (1, 0),
        (1.3, 1 / 3),
        (15, 4),
        (30, 5),
        (60, 6),
    ],
)
def test_nominal_times_stand_for_powers_of_two(nominal, stops):
    assert exact_time_s(nominal) == pytest.approx(2.0**stops, rel=1e-12)


@pytest.mark.parametrize("time_s", [1 / 64, 1 / 53, 0.0123, 0.9, 7.0, 111.0, 400.0, 1e-6])
def test_a_time_that_no_dial_shows_is_kept(time_s):
    assert exact_time_s(time_s) == time_s


def test_exact_values_are_close_to_nominal_ones_and_do_not_move_again():
    for dial in (FULL_STOPS, THIRD_STOPS, HALF_STOPS):
        for nominal in dial:
            exact = exact_time_s(1 / float(nominal))
            assert exact == pytest.approx(1 / float(nominal), rel=0.07)
            assert exact_time_s(exact) == exact


def test_apertures_and_isos_stand_for_exact_ones():
    assert exact_f_number(5.6) == pytest.approx(2**2.5)
    stops = [2 * math.log2(exact_f_number(n)) for n in (1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 22)]
    assert stops == pytest.approx(range(1, 10))
    assert [6 * math.log2(exact_f_number(n)) for n in (4, 4.5, 5, 5.6, 6.3, 7.1, 8)] == pytest.approx(range(12, 19))
    assert exact_f_number(1.7) == pytest.approx(2**0.75)
    assert exact_f_number(2.05) == 2.05
    assert [math.log2(exact_iso(n) / 100) for n in (50, 100, 125, 160, 200, 6400, 12800, 25600)] == pytest.approx(
        [-1, 0, 1 / 3, 2 / 3, 1, 6, 7, 8]
    )
    assert exact_iso(137) == 137


def test_an_exposure_is_made_exact_in_all_its_parts_and_keeps_the_rest():
    nominal = Exposure(1 / 60, 5.6, 125, bias_ev=-1.0, source=ExposureSource.EXIF)
    exact = exact_exposure(nominal)
    assert exact == Exposure(2**-6, 2**2.5, 100 * 2 ** (1 / 3), bias_ev=-1.0, source=ExposureSource.EXIF)
    assert nominal.time_s == 1 / 60
    assert exact_exposure(Exposure(1 / 60)) == Exposure(2**-6)


@pytest.mark.parametrize(
    ("text", "time_s"),
    [
        ("0.5", 0.5),
        ("1/60", 1 / 60),
        ("1/60s", 1 / 60),
        (" 1/60 s ", 1 / 60),
        ('2"', 2),
        ("2\u2033", 2),
        ("30 ms", 0.03),
        ("100us", 1e-4),
        ("100 \u00b5s", 1e-4),
        ("100\u03bcs", 1e-4),
        ("1e-3", 1e-3),
        ("30 sec", 30),
        ("10/13", 10 / 13),
    ],
)
def test_shutter_times_as_people_write_them(text, time_s):
    assert parse_time_s(text) == pytest.approx(time_s, rel=1e-15)


@pytest.mark.parametrize(
    "text", ["", "fast", "1/", "/60", "1/0", "0", "-1", "1/-60", "inf", "nan", "1e999", "1/2/3", "1,5", "5 h", "+-1"]
)
def test_what_is_no_time_is_refused_with_the_words_that_were_given(text):
    with pytest.raises(ExposureError) as caught:
        parse_time_s(text)
    assert repr(text) in str(caught.value)
    assert isinstance(caught.value, HdrkitError)


@pytest.mark.parametrize(("time_s", "text"), [(1 / 60, "1/60 s"), (2.5, "2.5 s"), (0.5, "0.5 s"), (1 / 8000, "1/8000 s")])
def test_times_print_as_photographers_write_them_and_read_back(time_s, text):
    assert format_time(time_s) == text
    assert parse_time_s(text) == pytest.approx(time_s)


@pytest.mark.parametrize(
    ("stem", "time"),
    [
        ("20240614093000_51200", 51200),
        ("set_two_1_250", 250),
        ("a_007", 7),
        ("a_0", None),
        ("a", None),
        ("a_12b", None),
        ("123", None),
    ],
)
def test_an_exposure_at_the_end_of_a_name(stem, time):
    assert exposure_from_name(stem) == (None if time is None else Exposure(time, source=ExposureSource.FILENAME))


def named(*stems):
    return [exposure_from_name(stem) for stem in stems]


@pytest.mark.parametrize(
    "stems",
    [
        ("IMG_0412", "IMG_0413", "IMG_0414"),
        ("IMG_0414", "IMG_0412", "IMG_0413"),
        ("IMG_0412", "IMG_0413"),
        ("IMG_0412", "IMG_0413", "IMG_0415"),  # one was deleted
        ("img1_1", "img1_2", "img1_3", "img1_4"),
        ("DSC_9998", "DSC_9999", "DSC_10000"),
    ],
)
def test_picture_counters_are_no_exposures(stems):
    assert looks_like_counter(named(*stems))


@pytest.mark.parametrize(
    "stems",
    [
        ("a_100", "a_800", "a_6400"),
        ("a_1", "a_2", "a_4"),
        ("a_1", "a_2"),
        ("a_500", "b_500", "c_500"),  # equal exposures are another mistake, with a message of its own
        ("a_100", "a_126", "a_159"),  # thirds of a stop
        ("a_500",),
        (),
    ],
)
def test_exposures_in_names_are_no_counters(stems):
    assert not looks_like_counter(named(*stems))


def test_times_from_elsewhere_are_never_taken_for_a_counter():
    assert not looks_like_counter([Exposure(t, source=ExposureSource.EXIF) for t in (1.0, 2.0, 3.0)])


def test_relative_exposure_counts_iso_and_aperture():
    assert Exposure(1 / 4).relative == 1 / 4
    assert Exposure(1 / 4, f_number=2).relative == 1 / 16
    assert Exposure(1 / 4, f_number=2, iso=400).relative == 1 / 4
    assert Exposure(1 / 4, bias_ev=3).relative == 1 / 4


def test_ev100():
    assert Exposure(1, f_number=1, iso=100).ev100 == 0
    assert Exposure(1 / 64, f_number=8, iso=100).ev100 == 12
    assert Exposure(1 / 64, f_number=8, iso=400).ev100 == 10
    assert Exposure(1 / 64, f_number=8).ev100 == 12
    assert Exposure(1 / 64).ev100 is None
