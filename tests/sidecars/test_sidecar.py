"""Sidecars beside photographs: which file, what is kept, what is written, and the way back."""

import stat

import pytest
from PIL import Image

from hdrkit.errors import InputError, OutputError
from hdrkit.ranking import read_rating, write_rating
from hdrkit.sidecars.sidecar import Sidecar, replace_sidecar, sidecar_path
from tests.sidecars.sidecars import FOREIGN, names, rated


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "IMG_1.JPG"
    path.write_bytes(b"a photograph")
    return path


def test_each_program_has_its_own_place(tmp_path):
    raw = tmp_path / "IMG_1.NEF"
    assert sidecar_path(raw) == tmp_path / "IMG_1.NEF.xmp"
    assert sidecar_path(raw, Sidecar.LIGHTROOM) == tmp_path / "IMG_1.xmp"
    (tmp_path / "IMG_1.XMP").touch()
    assert sidecar_path(raw, Sidecar.LIGHTROOM).samefile(tmp_path / "IMG_1.XMP")
    for name in ("IMG_1.JPG", "IMG_1.dng", "IMG_1.tif"):
        assert sidecar_path(tmp_path / name, Sidecar.LIGHTROOM) is None


def test_a_rating_inside_the_photograph_is_a_persons(tmp_path):
    photo = tmp_path / "IMG_1.JPG"
    Image.new("RGB", (64, 48)).save(photo, xmp=rated(5))
    assert not write_rating(photo, 3)
    assert names(tmp_path) == ["IMG_1.JPG"]
    sidecar_path(photo).write_bytes(rated(0))
    assert not write_rating(photo, 3)
    assert sidecar_path(photo).read_bytes() == rated(0)
    assert write_rating(photo, 3, overwrite=True)
    assert read_rating(photo) == 3


def test_a_rating_is_for_a_photograph(tmp_path):
    with pytest.raises(InputError, match="no such photograph"):
        write_rating(tmp_path / "IMG_1.JPG", 3)
    assert names(tmp_path) == []


def test_a_rating_is_read_as_it_was_written_and_never_into_the_photograph(photo):
    assert read_rating(photo) is None
    for number in (-1, 0, 5):
        assert write_rating(photo, number, overwrite=True)
        assert read_rating(photo) == number
    assert photo.read_bytes() == b"a photograph"
    assert names(photo.parent) == ["IMG_1.JPG", "IMG_1.JPG.xmp"]


@pytest.mark.parametrize(("there", "kept"), [(None, False), (0, False), (4, True), (-1, True)])
def test_what_a_person_gave_is_kept(photo, there, kept):
    sidecar = sidecar_path(photo)
    sidecar.write_bytes(FOREIGN if there is None else rated(there))
    assert write_rating(photo, 2) is not kept
    assert sidecar.read_bytes() == rated(there if kept else 2)
    assert write_rating(photo, 2, overwrite=True)
    assert sidecar.read_bytes() == rated(2)


def test_what_is_no_rating_or_no_sidecar_is_refused_by_name(photo):
    for number in (-2, 6):
        with pytest.raises(InputError, match="a rating is -1"):
            write_rating(photo, number)
    with pytest.raises(InputError, match="RAW files only"):
        write_rating(photo, 3, Sidecar.LIGHTROOM)
    sidecar_path(photo).write_bytes(FOREIGN[:-4])
    for attempt in (lambda: read_rating(photo), lambda: write_rating(photo, 3)):
        with pytest.raises(InputError, match=r"IMG_1\.JPG\.xmp: it is not well-formed XML .* left as it is"):
            attempt()
    assert sidecar_path(photo).read_bytes() == FOREIGN[:-4]


def test_permissions_stay_and_links_are_written_through(photo, tmp_path):
    target = tmp_path / "elsewhere.xmp"
    target.write_bytes(FOREIGN)
    target.chmod(0o640)
    sidecar_path(photo).symlink_to(target)
    write_rating(photo, 3)
    assert sidecar_path(photo).is_symlink()
    assert target.read_bytes() == rated(3)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_that_leads_nowhere_is_left(photo, tmp_path):
    nowhere = tmp_path / "nowhere" / "deep" / "x.xmp"
    sidecar_path(photo).symlink_to(nowhere)
    for attempt in (lambda: read_rating(photo), lambda: write_rating(photo, 3, overwrite=True)):
        with pytest.raises(InputError, match=r"IMG_1\.JPG\.xmp: it is a link to .*x\.xmp, which does not exist"):
            attempt()
    assert names(tmp_path) == ["IMG_1.JPG", "IMG_1.JPG.xmp"]


def test_a_sidecar_that_changes_under_our_hands_is_left(photo):
    sidecar = sidecar_path(photo)
    sidecar.write_bytes(rated(1))
    with pytest.raises(OutputError, match="changed meanwhile"):
        replace_sidecar(sidecar, FOREIGN, rated(2))
    assert sidecar.read_bytes() == rated(1)
    assert names(photo.parent) == ["IMG_1.JPG", "IMG_1.JPG.xmp"]
