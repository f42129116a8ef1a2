"""What `hdrkit rank` takes for one photograph, one bracket, one series: in known bursts and brackets, and where files are odd."""

import csv
import gc
import re
import weakref
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from scipy import ndimage

from hdrkit.pipeline.rank import rank
from hdrkit.pipeline.ranking import sharpness
from hdrkit.ranking import read_rating
from hdrkit.ranking.options import RankingOptions, SeriesMethod
from hdrkit.results import rank_page
from hdrkit.simulate import SimulatedCamera, metered_times
from tests.formats.test_raw import patches, write_dng

NOON = datetime(2026, 5, 1, 12)
METHODS = list(SeriesMethod)
MANUAL = {0x8822: 1, 0xA402: 1, 0x9204: 0.0}  # ExposureProgram, ExposureMode, ExposureBiasValue


@pytest.fixture
def take(scenes, tmp_path):
    """Photograph a view of the room; the exposure in EXIF may be another than that of the picture, `lit` EV above it."""

    def photograph(name, second=0.0, view=0, blur=0.0, ev=0.0, lit=0.0, at=NOON, tags=None, exif=True) -> Path:
        light = ndimage.gaussian_filter(scenes[view], (blur, blur, 0))
        [metered] = metered_times(scenes[view], [ev + lit])
        pixels = SimulatedCamera().shoot(light, metered, np.random.default_rng(len(name) + round(10 * second)))
        path = tmp_path / "shoot" / name
        path.parent.mkdir(exist_ok=True)
        block = Image.Exif()
        if exif:
            taken = at + timedelta(seconds=second)
            block[272] = "HK-1"
            camera = block.get_ifd(0x8769)
            camera[0x829A] = IFDRational(*(2.0**ev / 64).as_integer_ratio())
            camera[0x9003], camera[0x9291] = taken.strftime("%Y:%m:%d %H:%M:%S"), f"{taken:%f}"
            for tag, value in (tags or {}).items():
                camera[tag] = value
        Image.fromarray(pixels).save(path, exif=block, quality=93)
        return path

    return photograph


def found(folder: Path, method: SeriesMethod = SeriesMethod.HASH) -> list[list[list[str]]]:
    """The stems of the photographs of each take of each series, from sharp to soft."""
    result = rank(folder, RankingOptions(method=method))
    return [[[photo.path.stem for photo in one.take.photos] for one in group] for group in result.groups]


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "ranking" / "ranking.csv").open(newline="") as file:
        return {Path(row["path"]).name: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("turning_s", [0.5, 6.0])
def test_a_bracket_is_rated_as_one_however_long_the_dial_takes(take, tmp_path, method, turning_s):
    for k, ev in enumerate((0, -2, 2)):
        take(f"a_{k}.jpg", turning_s * k, ev=ev)
        take(f"b_{k}.jpg", 600 + turning_s * k, view=1, blur=0.5, ev=ev)
    single = take("c.jpg", 1200, view=2)
    result = rank(tmp_path / "shoot", RankingOptions(method=method))
    takes = {one.take.shown.path.stem: one for [one] in result.groups}
    assert sorted(takes) == ["a_0", "b_0", "c"], "the best exposed frame carries the stars"
    assert {name: len(one.take.photos) for name, one in takes.items()} == {"a_0": 3, "b_0": 3, "c": 1}
    assert {one.stars for one in takes.values()} == {3}
    assert takes["c"].take.shown.path == single


@pytest.mark.parametrize("method", METHODS)
def test_a_burst_whose_meter_moves_is_a_series_of_rivals(take, tmp_path, method):
    for k, (ev, blur) in enumerate(((0, 1.2), (0.7, 2.5), (1.4, 0), (2.1, 0.5))):
        take(f"{k}.jpg", 0.4 * k, ev=ev, lit=-ev, blur=blur)
    assert found(tmp_path / "shoot", method) == [[["2"], ["3"], ["0"], ["1"]]]


def test_bursts_with_a_compensation_between_them_are_one_series_of_rivals(take, tmp_path):
    for k, ev in enumerate((0, 0, 0, 1, 1, 1, -1, -1, -1)):
        take(f"{k}.jpg", 0.4 * k + 20 * (k // 3), ev=ev, blur=0.3 * (k % 3), tags={0x9204: float(ev)})
    [series] = found(tmp_path / "shoot", SeriesMethod.VIEW)
    assert [len(one) for one in series] == [1] * 9


@pytest.mark.parametrize("exposures", [(0, -2, 2, 0, 0, 0), (0, 0, 0, -2, 2)])
def test_a_burst_of_the_view_of_a_bracket_is_no_part_of_it(take, tmp_path, exposures):
    for k, ev in enumerate(exposures):
        later = 540 if k > 2 and ev == 0 else 0
        take(f"{k}.jpg", 6.0 * k + later, ev=ev, tags=MANUAL)
    [series] = found(tmp_path / "shoot", SeriesMethod.VIEW)
    assert sorted(len(one) for one in series) == [1] * (len(exposures) - 3) + [3]
    [bracket] = [one for one in series if len(one) == 3]
    assert sorted(bracket) == (["0", "1", "2"] if len(exposures) == 6 else ["2", "3", "4"])


def test_views_keep_a_bracket_whole_whose_frames_are_far_apart(take, tmp_path):
    for k, ev in enumerate((0, -2, 2)):
        take(f"{k}.jpg", 300.0 * k, ev=ev, tags=MANUAL)
    [[[*frames]]] = found(tmp_path / "shoot", SeriesMethod.VIEW)
    assert sorted(frames) == ["0", "1", "2"]


@pytest.mark.parametrize("method", [SeriesMethod.HASH, SeriesMethod.FEATURES])
@pytest.mark.parametrize("blank", [-14, 14])
def test_a_frame_that_shows_nothing_parts_no_series(take, tmp_path, method, blank):
    for k, ev in enumerate((0, 0, blank, 0, 0)):
        take(f"a_{k}.jpg", k, blur=0.5 * k, ev=ev)
    take("b_0.jpg", 5, ev=blank)
    for k in range(2):
        take(f"c_{k}.jpg", 6 + k, view=1, blur=k)
    result = rank(tmp_path / "shoot", RankingOptions(method=method))
    stars = [{one.take.shown.path.stem: one.stars for one in group} for group in result.groups]
    assert stars == [{"a_0": 3, "a_1": 2, "a_3": 1, "a_4": 0, "a_2": 0}, {"b_0": 0}, {"c_0": 3, "c_1": 1}]


def test_small_steps_are_a_bracket_where_they_were_set_by_hand(take, tmp_path):
    for k, ev in enumerate((0, -0.7, 0.7)):
        take(f"by_hand_{k}.jpg", 3.0 * k, ev=ev, tags=MANUAL)
        take(f"unknown_{k}.jpg", 300 + 3.0 * k, view=1, ev=ev)
    assert sorted(len(one) for group in found(tmp_path / "shoot") for one in group) == [1, 1, 1, 3]


def test_without_metadata_the_pixels_and_the_numbers_in_names_tell(take, tmp_path):
    for k, ev in enumerate((0, -2, 2)):
        take(f"f_{k + 8}.jpg", ev=ev, exif=False)
        take(f"f_{k + 11}.jpg", k, view=1, blur=k, exif=False)
    assert found(tmp_path / "shoot") == [[["f_8", "f_9", "f_10"]], [["f_11"], ["f_12"], ["f_13"]]]


def test_frames_of_different_views_are_no_bracket(take, tmp_path):
    for k, ev in enumerate((0, -2, 2)):
        take(f"{k}.jpg", 2.0 * k, view=k, ev=ev)
    assert sorted(found(tmp_path / "shoot")) == [[["0"]], [["1"]], [["2"]]]


def test_shots_before_and_after_a_fast_bracket_are_no_part_of_it(take, tmp_path):
    for k, (second, ev) in enumerate(((0, 0.4), (10, 0), (10.3, -1), (10.6, 1), (25, 0.6))):
        take(f"{k}.jpg", second, ev=ev)
    takes = [one for group in found(tmp_path / "shoot") for one in group]
    assert sorted(takes) == [["0"], ["1", "2", "3"], ["4"]]


def test_a_series_goes_on_past_midnight_and_not_past_hours(take, tmp_path):
    midnight = datetime(2026, 5, 2)
    for k in range(3):
        take(f"night_{k}.jpg", 0.5 * (k - 1), blur=k, at=midnight)
        take(f"morning_{k}.jpg", 0.5 * k, blur=k, at=midnight + timedelta(hours=5))
    assert found(tmp_path / "shoot") == [[[f"{when}_{k}"] for k in range(3)] for when in ("night", "morning")]


@pytest.mark.parametrize("words", [[], ["--sharpness", "laplacian"]])
def test_where_nothing_is_to_be_seen_there_are_no_stars(hdrkit, take, tmp_path, words):
    for k in range(3):
        take(f"black_{k}.jpg", k, ev=-14)
        take(f"white_{k}.jpg", 7200 + k, ev=14)
    take("alone.jpg", 14400, ev=-14)
    for k in range(2):
        take(f"seen_{k}.jpg", 21600 + k, blur=k)
    assert hdrkit("rank", tmp_path / "shoot", *words).code == 0
    table = rows(tmp_path / "shoot")
    for name, row in table.items():
        if not name.startswith("seen"):
            assert (row["stars"], row["rank"], row["sharpness"]) == ("0", "", "")
            assert row["reason"].startswith("nothing to see in it")
    assert [table[f"seen_{k}.jpg"]["stars"] for k in range(2)] == ["3", "1"]
    assert "nan" not in re.sub(r'src="[^"]*"', "", (tmp_path / "shoot" / "ranking" / "report.html").read_text())


def test_pairs_get_their_stars_whatever_the_case_of_their_names(hdrkit, take, tmp_path):
    folder = take("IMG_1.JPG").parent
    write_dng(folder / "img_1.dng", patches(np.full((2, 2, 3), 0.4), 320, 480))
    assert hdrkit("rank", folder).code == 0
    assert read_rating(folder / "IMG_1.JPG") == read_rating(folder / "img_1.dng") == 3
    assert rows(folder)["img_1.dng"]["reason"].startswith("as IMG_1.JPG")


@pytest.mark.parametrize("method", METHODS)
def test_a_raw_file_stands_for_its_damaged_picture(hdrkit, take, tmp_path, method):
    picture = take("A.JPG")
    folder = picture.parent
    take("B.JPG", 100, view=1)
    rng = np.random.default_rng(3)
    write_dng(folder / "a.dng", patches(rng.uniform(0.1, 0.6, (8, 12, 3)), 320, 480))
    picture.write_bytes(picture.read_bytes()[:9000])
    done = hdrkit("rank", folder, "--method", method)
    assert done.code == 1
    assert "A.JPG" in done.err
    table = rows(folder)
    assert (table["a.dng"]["stars"], read_rating(folder / "a.dng")) == ("3", 3)
    assert (table["A.JPG"]["stars"], read_rating(picture)) == ("", None)
    assert str(picture) in table["A.JPG"]["reason"]


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_photograph_is_listed_by_every_method(hdrkit, take, tmp_path, method):
    paths = [take(f"{k}.jpg", k, blur=k) for k in range(3)]
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[: len(whole) // 3])
    done = hdrkit("rank", tmp_path / "shoot", "--method", method)
    assert done.code == 1
    assert str(paths[1]) in done.err
    assert str(paths[1]) in rows(tmp_path / "shoot")["1.jpg"]["reason"]
    assert [rows(tmp_path / "shoot")[f"{k}.jpg"]["stars"] for k in (0, 2)] == ["3", "1"]


def test_the_smallest_picture_is_ranked_by_features_too(hdrkit, take, tmp_path):
    take("a.jpg")
    Image.fromarray(np.full((1, 1, 3), 99, np.uint8)).save(tmp_path / "shoot" / "dot.png")
    assert hdrkit("rank", tmp_path / "shoot", "-f").code == 0
    assert rows(tmp_path / "shoot")["dot.png"]["reason"].startswith("nothing to see in it")


@pytest.mark.parametrize("words", [["-d", "0.3"], ["-f"]])
def test_what_views_do_not_go_by_is_refused(hdrkit, take, tmp_path, words):
    take("a.jpg")
    refused = hdrkit("rank", tmp_path / "shoot", "--method", "view", *words)
    assert refused.code == 2
    assert words[0].strip("-f") or "-f" in refused.err
    assert not (tmp_path / "shoot" / "ranking").exists()


def test_a_dry_run_needs_no_folder_for_results(hdrkit, take, tmp_path):
    one, other = take("a.jpg"), take("b.jpg", 1, blur=1)
    before = sorted(tmp_path.rglob("*"))
    for inputs in ([one], [one, other], [one.parent, tmp_path]):
        done = hdrkit("rank", *inputs, "--dry-run")
        assert done.code == 0, done.err
        assert hdrkit("rank", *inputs, "--dry-run", "--json").code == 0
    assert "2 photographs: 1 series" in done.out
    assert sorted(tmp_path.rglob("*")) == before
    assert hdrkit("rank", one, other).code == 2


def test_our_own_sidecars_are_no_strangers(hdrkit, take, tmp_path):
    take("a.jpg")
    (tmp_path / "shoot" / "notes.txt").touch()
    assert "1 other file ignored" in hdrkit("rank", tmp_path / "shoot").err
    (tmp_path / "shoot" / "b.XMP").touch()
    assert "1 other file ignored" in hdrkit("rank", tmp_path / "shoot").err


def test_a_name_of_two_lines_is_printed_on_one(hdrkit, take, tmp_path):
    take("a\nb.jpg")
    take("c.jpg", 1, blur=2)
    assert any(re.search(r"group_0 .*a\\nb\.jpg .*3 1", line) for line in hdrkit("rank", tmp_path / "shoot").out.splitlines())


def test_where_all_is_left_out_the_results_stay(hdrkit, take, tmp_path):
    for k in range(2):
        take(f"{k}.jpg", k, blur=k)
    folder = tmp_path / "shoot"
    hdrkit("rank", folder)
    before = {path: path.read_bytes() for path in (folder / "ranking").iterdir() if path.is_file()}
    again = hdrkit("rank", folder, "-e")
    assert again.code == 0
    assert "2 photographs left out" in again.out
    assert "difference" not in again.out, "there was nothing to compare"
    assert "wrote" not in again.out
    assert {path: path.read_bytes() for path in (folder / "ranking").iterdir() if path.is_file()} == before
    assert hdrkit("rank", folder, "-e", "-o", tmp_path / "new").code == 0
    assert not (tmp_path / "new").exists()


def test_nothing_of_a_picture_is_kept_when_its_series_is_ranked(take, tmp_path, monkeypatch):
    for number in range(6):
        for k in range(3):
            take(f"{number}_{k}.jpg", 3600.0 * number + k, view=number % 3, blur=k)
    measured, most = [], 0

    def watched(*arguments):
        nonlocal most
        gc.collect()
        most = max(most, sum(one() is not None for one in measured))
        detail = measure(*arguments)
        measured.append(weakref.ref(detail))
        return detail

    measure = sharpness.measure_detail
    monkeypatch.setattr(sharpness, "measure_detail", watched)
    assert len(rank(tmp_path / "shoot", RankingOptions(workers=1)).groups) == 6
    assert len(measured) == 18
    assert most <= 6, "one series, and the one that is begun"


def test_many_series_are_spread_over_pages(hdrkit, take, tmp_path, monkeypatch):
    monkeypatch.setattr(rank_page, "MOST", 4)
    for number, size in enumerate((2, 2, 3, 6)):
        for k in range(size):
            take(f"{number}_{k}.jpg", 3600.0 * number + k, view=number % 3, blur=0.5 * k)
    take("alone.jpg", 36000)
    folder = tmp_path / "shoot"
    done = hdrkit("rank", folder)
    assert done.code == 0, done.err
    pages = [(folder / "ranking" / name).read_text() for name in ("report.html", "report_2.html", "report_3.html")]
    assert [re.findall(r'<section id="(\w+)"', page) for page in pages] == [["group_0", "group_1"], ["group_2"], ["group_3"]]
    assert [page.count('class="crop"') for page in pages] == [4, 3, 4]
    assert "6 photographs; this page shows the 4 sharpest" in pages[2]
    assert ["alone.jpg" in page for page in pages] == [False, False, True]
    for page in pages:
        assert "4 series of two or more" in page
        assert len(re.findall(r'(?:src|href)="(?!data:|\.\./[\w.]+\.jpg"|report[_\d]*\.html")', page)) == 0
    assert 'href="report_3.html"' in pages[0]
    take("0_2.jpg", 2, blur=3)
    monkeypatch.setattr(rank_page, "MOST", 40)
    assert hdrkit("rank", folder).code == 0
    assert sorted(path.name for path in (folder / "ranking").glob("*.html")) == ["report.html"]
