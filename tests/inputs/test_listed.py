"""groups.csv as what the next steps are given: its paths, and its exposures where photographs state none."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.exposure import exposure_from_name
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.listed import fill_exposures
from hdrkit.inputs.lists import read_groups
from hdrkit.inputs.options import InputOptions
from hdrkit.types import Encoding, Exposure, ExposureSource, Photo


def photo(name, exposure=None):
    return Photo(Path(name), 60, 40, Encoding.ENCODED8, exposure or exposure_from_name(Path(name).stem))


def relative(photos):
    return [one.exposure and one.exposure.relative for one in photos]


def sources(photos):
    return [one.exposure and one.exposure.source for one in photos]


def test_where_none_states_an_exposure_the_list_does():
    photos, note = fill_exposures("hall", [photo("a.jpg"), photo("b.jpg"), photo("c.jpg")], [-2.5, 0.0, 3.0])
    assert relative(photos) == [2**-2.5, 1.0, 8.0]
    assert set(sources(photos)) == {ExposureSource.ESTIMATED}
    told = "3 of 3 photographs state no exposure; it is taken from the column ev of the list, and 0 EV counts as 1 s"
    assert note == f"hall: {told}"


def test_where_some_state_theirs_the_others_are_relative_to_them():
    stated = [Exposure(1 / 64, 8.0, 200.0, bias_ev=-2.0, source=ExposureSource.EXIF), Exposure(1 / 4, 8.0, 200.0)]
    photos, note = fill_exposures("hall", [photo("a.jpg", stated[0]), photo("b.jpg"), photo("c.jpg", stated[1])], [-2, 1.5, 2])
    assert [photos[0].exposure, photos[2].exposure] == stated
    filled = photos[1].exposure
    assert math.isclose(filled.relative, stated[1].relative * 2**-0.5)
    assert (filled.f_number, filled.iso, filled.bias_ev, filled.source) == (8.0, 200.0, None, ExposureSource.ESTIMATED)
    assert "1 of 3 photographs" in note
    assert "relative to the others" in note


def test_where_all_state_theirs_the_list_is_not_asked():
    own = [photo("a.jpg", Exposure(1.0)), photo("b.jpg", Exposure(2.0))]
    assert fill_exposures("hall", own, [0.0, 5.0]) == (own, "")


def test_what_the_list_does_not_know_is_left_out():
    photos, note = fill_exposures("hall", [photo("dark.jpg"), photo("a.jpg"), photo("b.jpg")], [None, 0.0, 1.0])
    assert [one.path.name for one in photos] == ["a.jpg", "b.jpg"]
    assert relative(photos) == [1.0, 2.0]
    assert "3 of 3 photographs state no exposure" in note
    assert note.endswith("; left out, because they have none: dark.jpg")


@pytest.mark.parametrize("stated", [None, Exposure(1.0)])
def test_a_single_known_exposure_is_no_help(stated):
    photos = [photo("a.jpg", stated), photo("b.jpg")]  # how far apart they are is not known
    assert fill_exposures("hall", photos, [None, 1.0]) == (photos, "")


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["IMG_0415.jpg", "IMG_0419.jpg"], [1.0, 4.0]),
        (["IMG_0001.jpg", "IMG_0009.jpg"], [1.0, 4.0]),
        (["20240614093000_100.jpg", "20240614093001_400.jpg"], [100.0, 400.0]),
        (["20240614093000_1.jpg", "20240614093001_2.jpg", "20240614093002_3.jpg"], [1.0, 4.0, 16.0]),
    ],
)
def test_numbers_in_names_count_behind_a_timestamp_where_they_are_no_counter(names, taken):
    photos, _ = fill_exposures("hall", [photo(name) for name in names], [2.0 * k for k in range(len(names))])
    assert relative(photos) == taken


def test_numbers_in_names_do_not_count_beside_metadata():
    photos, _ = fill_exposures("hall", [photo("20240614093000_100.jpg"), photo("b.jpg", Exposure(0.5))], [-1.0, 0.0])
    assert relative(photos) == [0.25, 0.5]


@pytest.fixture
def bare(tmp_path, shoot):
    """Two brackets without EXIF, one listed with the EV of its exposures, one with its times in a list of exposures."""
    for seed, name in enumerate(("hall", "yard")):
        folder = tmp_path / name
        for k, path in enumerate(shoot(folder, seed=seed)):
            pixels = np.asarray(Image.open(path))
            path.unlink()
            Image.fromarray(pixels).save(folder / f"IMG_04{10 + 7 * k}.png")
    lines = ["path,bracket,ev"]
    for name in ("hall", "yard"):
        paths = sorted((tmp_path / name).iterdir())
        lines += [f"{path.relative_to(tmp_path)},{name},{3 * k - 3}" for k, path in enumerate(paths)]
    (tmp_path / "groups.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_brackets_without_exif_are_calibrated_and_merged_by_the_ev_of_their_list(hdrkit, bare, curve):
    merged = hdrkit("merge", bare / "groups.csv", "-o", bare / "merged", "--response", curve, "--align", "none")
    assert merged.code == 0
    assert merged.err.count("3 of 3 photographs state no exposure; it is taken from the column ev of the list") == 2
    assert sorted(path.name for path in (bare / "merged").glob("*.exr")) == ["hall.exr", "yard.exr"]
    calibrated = hdrkit("calibrate", bare / "groups.csv", "-o", bare / "response.npz", "--align", "none")
    assert calibrated.code == 0
    assert "hall: 3 of 3 photographs state no exposure" in calibrated.err
    bracket = find_brackets(bare / "groups.csv").brackets[0]
    assert bracket.relative_exposures() == (1 / 8, 1.0, 8.0)


def test_a_list_of_exposures_and_their_estimation_win_over_the_list_of_groups(bare):
    times = "".join(f"hall/IMG_04{10 + 7 * k}.png,{time_s}\n" for k, time_s in enumerate((0.01, 0.1, 1)))
    (bare / "times.csv").write_text("filename,exposure_time_s\n" + times)
    found = find_brackets(bare / "groups.csv", InputOptions(exposures=bare / "times.csv"))
    assert [bracket.relative_exposures() for bracket in found.brackets] == [(0.01, 0.1, 1.0), (1 / 8, 1.0, 8.0)]
    assert [note.split(":")[0] for note in found.notes] == ["yard"]
    estimating = find_brackets(bare / "groups.csv", InputOptions(estimate_exposures=True))
    assert not [note for note in estimating.notes if "column ev" in note]
    assert all(ExposureSource.ESTIMATED not in sources(bracket.photos) for bracket in estimating.brackets)


def test_a_list_without_ev_leaves_exposures_alone(bare):
    lines = (bare / "groups.csv").read_text().splitlines()
    (bare / "groups.csv").write_text("".join(line.rpartition(",")[0] + "\n" for line in lines))
    found = find_brackets(bare / "groups.csv")
    assert found.notes == ()
    assert [bracket.stated_exposures() for bracket in found.brackets] == [(None, None, None)] * 2
    assert read_groups(bare / "groups.csv").ev == {}


def test_an_ev_that_is_no_number_is_refused_with_its_line(bare):
    listing = bare / "groups.csv"
    listing.write_text(listing.read_text().replace("hall,0", "hall,bright"))
    with pytest.raises(InputError, match=r"groups\.csv, line 3: ev 'bright' is not a number"):
        read_groups(listing)


def test_paths_come_back_short_unless_a_link_makes_them_lead_elsewhere(tmp_path):
    for folder in ("card", "out", "deep/down/out"):
        (tmp_path / folder).mkdir(parents=True)
    listed = "path,bracket\n../card/a.jpg,hall\n"
    (tmp_path / "out" / "groups.csv").write_text(listed)
    assert read_groups(tmp_path / "out" / "groups.csv").paths == (str(tmp_path / "card" / "a.jpg"),)
    (tmp_path / "linked").symlink_to(tmp_path / "deep" / "down" / "out")
    (tmp_path / "linked" / "groups.csv").write_text(listed)
    assert read_groups(tmp_path / "linked" / "groups.csv").paths == (str(tmp_path / "linked" / ".." / "card" / "a.jpg"),)
