"""Stars of a ranking in sidecars: which file carries those of two."""

from pathlib import Path

from hdrkit.io.ratings import Sidecar
from hdrkit.pipeline.rating import rate
from hdrkit.ranking import read_rating
from hdrkit.ranking.options import RankingOptions
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
