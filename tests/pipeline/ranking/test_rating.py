"""Stars of a ranking in sidecars: which file carries those of two."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from hdrkit.pipeline.ranking.rating import rate
from hdrkit.ranking import read_rating, write_rating
from hdrkit.ranking.options import RankingOptions
from hdrkit.sidecars.sidecar import Sidecar
from hdrkit.sidecars.xmp import new_sidecar
from hdrkit.types import Encoding, Photo, RankedTake, RankingReport, RankingResult, Take


def series(*groups: list[tuple[Path, int]]) -> RankingResult:
    """A ranking of files with the stars that each should have."""

    def ranked(number: int, rank: int, path: Path, stars: int) -> RankedTake:
        path.touch()
        return RankedTake(Take((Photo(path, 8, 6, Encoding.RAW),)), f"group_{number}", rank, 1 / rank, stars, (4, 3))

    takes = (tuple(ranked(k, rank, *wanted) for rank, wanted in enumerate(group, 1)) for k, group in enumerate(groups))
    return RankingResult(tuple(takes), (), RankingReport({}, None, {}))


def test_of_two_files_with_one_sidecar_the_first_is_rated_and_that_is_said(tmp_path):
    first, second, other = tmp_path / "B.cr2", tmp_path / "B.nef", tmp_path / "C.nef"
    rated = rate(series([(first, 3), (other, 1)], [(second, 2)]), RankingOptions(sidecar=Sidecar.LIGHTROOM))
    assert [(one.photo.path.name, one.written) for one in rated] == [("B.cr2", True), ("C.nef", True), ("B.nef", False)]
    assert rated[2].reason.endswith("not written: B.xmp carries the stars of B.cr2")
    assert (read_rating(first, Sidecar.LIGHTROOM), rated[2].error) == (3, "")


def test_where_nothing_is_to_be_seen_only_ratings_of_ours_change(tmp_path):
    paths = new, ours, foreign, person = [tmp_path / f"{name}.nef" for name in ("new", "ours", "foreign", "person")]
    rate(series([(ours, 3)]), RankingOptions())
    for path in (foreign, person):
        path.touch()
    without = new_sidecar(3).replace(b' xmp:Rating="3"', b"")
    foreign.with_name("foreign.nef.xmp").write_bytes(without)
    write_rating(person, 4)
    dark = series([(path, 0) for path in paths])
    nothing = tuple(replace(one, sharpness=math.nan) for one in dark.groups[0])
    rated = rate(replace(dark, groups=(nothing,)), RankingOptions(overwrite=True))
    assert {one.photo.path.stem: one.written for one in rated} == {"new": False, "ours": True, "foreign": False, "person": False}
    assert [read_rating(path) for path in paths] == [None, 0, None, 4]
    assert foreign.with_name("foreign.nef.xmp").read_bytes() == without
    assert not new.with_name("new.nef.xmp").exists()
    assert {one.reason for one in rated if not one.written} == {"nothing to see in it; left without a rating of ours"}


def shot(*files: Path) -> RankingResult:
    """A ranking of one shot of several files, which should have three stars."""
    first, *others = (Photo(path, 8, 6, Encoding.ENCODED8) for path in files)
    ranked = RankedTake(Take((first,), companions=tuple(others)), "group_0", 1, 1.0, 3, (4, 3))
    return RankingResult(((ranked,),), (), RankingReport({}, None, {}))


@pytest.mark.parametrize("judged", [0, 1])
@pytest.mark.parametrize("verdict", [-1, 1])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_person_who_rates_one_file_rates_the_shot(tmp_path, judged, verdict, dry_run):
    files = tmp_path / "A.JPG", tmp_path / "A.nef"
    for path in files:
        path.touch()
    write_rating(files[judged], verdict)
    for _ in range(2):
        rated = rate(shot(*files), RankingOptions(), dry_run)
        assert not any(one.written or one.error for one in rated)
        assert f"a person rated {files[judged].name}, of the same shot" in rated[1 - judged].reason
        assert (read_rating(files[judged]), read_rating(files[1 - judged])) == (verdict, None)
    assert all(one.written for one in rate(shot(*files), RankingOptions(overwrite=True), dry_run))


@pytest.mark.parametrize("sidecar", list(Sidecar))
def test_a_rating_inside_one_file_is_that_of_the_shot(tmp_path, sidecar):
    picture, raw = tmp_path / "A.JPG", tmp_path / "A.nef"
    tags = Image.Exif()
    tags[0x4746] = 5
    Image.new("RGB", (8, 6)).save(picture, exif=tags)
    raw.touch()
    rated = rate(shot(picture, raw), RankingOptions(sidecar=sidecar))
    assert not any(one.written for one in rated)
    assert "a person rated A.JPG, of the same shot" in rated[1].reason
    assert read_rating(raw, sidecar) is None


def test_stars_that_a_person_changed_are_those_of_the_shot_and_our_own_of_none(tmp_path):
    files = tmp_path / "A.JPG", tmp_path / "A.nef"
    for path in files:
        path.touch()
    assert all(one.written for one in rate(shot(*files), RankingOptions()))
    assert not any(one.written for one in rate(shot(*files), RankingOptions()))
    (tmp_path / "A.nef.xmp").unlink()
    assert [one.written for one in rate(shot(*files), RankingOptions())] == [False, True], "our stars are no verdict"
    write_rating(files[0], 1, overwrite=True)
    (tmp_path / "A.nef.xmp").unlink()
    assert not any(one.written for one in rate(shot(*files), RankingOptions()))


def test_two_raw_files_of_a_shot_share_a_sidecar_that_is_written_once(tmp_path):
    first, second = tmp_path / "B.cr2", tmp_path / "B.nef"
    for path in (first, second):
        path.touch()
    rated = rate(shot(first, second), RankingOptions(sidecar=Sidecar.LIGHTROOM))
    assert [one.written for one in rated] == [True, False]
    assert rated[1].reason == "as B.cr2; not written: B.xmp carries the stars of B.cr2"
    assert read_rating(second, Sidecar.LIGHTROOM) == 3


def test_every_folder_has_a_record_of_its_own(tmp_path):
    places = [tmp_path / name for name in ("a", "b")]
    for place in places:
        place.mkdir()
    rated = rate(series([(places[0] / "1.nef", 3), (places[1] / "1.nef", 1)]), RankingOptions())
    assert all(one.written for one in rated)
    for place in places:
        assert sorted(path.name for path in place.iterdir()) == [".hdrkit-ratings.json", "1.nef", "1.nef.xmp"]
        assert str(tmp_path) not in (place / ".hdrkit-ratings.json").read_text()


def test_a_link_is_rated_beside_itself_and_a_damaged_record_stops_its_folder_alone(tmp_path):
    real, links = tmp_path / "real", tmp_path / "links"
    real.mkdir()
    links.mkdir()
    (real / "1.nef").touch()
    (links / "2.nef").symlink_to(real / "1.nef")
    (real / ".hdrkit-ratings.json").write_text("{")
    ranked = series([(real / "1.nef", 3), (links / "2.nef", 1)])
    counted: list[tuple[str, int, int]] = []
    rated = rate(ranked, RankingOptions(), progress=lambda *told: counted.append(told))
    assert [one.written for one in rated] == [False, True]
    assert "record of the ratings is damaged" in rated[0].error
    assert rated[0].reason == f"sharpest of 2; {rated[0].error}"
    assert (links / "2.nef.xmp").exists()
    assert counted == [("writing ratings", 1, 2)]
