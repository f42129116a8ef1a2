"""Sidecars beside photographs: which file, what is kept, what is written, and the way back."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdrkit.errors import InputError, OutputError
from hdrkit.io.rating_journal import JOURNAL, Journal
from hdrkit.io.ratings import Sidecar, replace_sidecar, sidecar_path
from hdrkit.io.xmp import new_sidecar, rating_edit, rating_in
from hdrkit.ranking import read_rating, write_rating

FOREIGN = (
    b'\xef\xbb\xbf<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\r\n'
    b'<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" darktable:history_end="4">\r\n'
    b"<darktable:history><rdf:Seq/></darktable:history></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rated(number: int) -> bytes:
    return rating_edit(FOREIGN, number).apply(FOREIGN)


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
    with pytest.raises(InputError, match="RAW files alone"):
        write_rating(photo, 3, Sidecar.LIGHTROOM)
    sidecar_path(photo).write_bytes(FOREIGN[:-4])
    for attempt in (lambda: read_rating(photo), lambda: write_rating(photo, 3)):
        with pytest.raises(InputError, match=r"IMG_1\.JPG\.xmp: it is no well-formed XML .* left as it is"):
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


def test_a_sidecar_that_changes_under_our_hands_is_left(photo):
    sidecar = sidecar_path(photo)
    sidecar.write_bytes(rated(1))
    with pytest.raises(OutputError, match="changed meanwhile"):
        replace_sidecar(sidecar, FOREIGN, rated(2))
    assert sidecar.read_bytes() == rated(1)
    assert names(photo.parent) == ["IMG_1.JPG", "IMG_1.JPG.xmp"]


def run(folder, wanted, overwrite=False):
    """Plan and write, as a run of the command does."""
    journal = Journal(folder)
    plans = {sidecar: journal.plan(sidecar, number, overwrite) for sidecar, number in wanted.items()}
    return plans, journal.write({sidecar: plan.entry for sidecar, plan in plans.items() if plan.entry}, 2)


def test_runs_are_taken_back_to_the_first_byte(tmp_path):
    new, foreign, person = (tmp_path / f"{name}.xmp" for name in ("new", "foreign", "person"))
    foreign.write_bytes(FOREIGN)
    person.write_bytes(rated(4))
    for number in (3, 1, 2):
        plans, failed = run(tmp_path, dict.fromkeys((new, foreign, person), number))
        assert not failed
        assert plans[person].reason == "rated 4 by a person"
        assert [rating_in(path.read_bytes()) for path in (new, foreign, person)] == [number, number, 4]
        assert new.read_bytes() == new_sidecar(number)
        assert foreign.read_bytes() == rated(number)
    undone = Journal(tmp_path).undo()
    assert (undone.taken_back, undone.notes, undone.failures) == (2, (), ())
    assert foreign.read_bytes() == FOREIGN
    assert person.read_bytes() == rated(4)
    assert names(tmp_path) == ["foreign.xmp", "person.xmp"]


def test_overwritten_ratings_come_back(tmp_path):
    person = tmp_path / "person.xmp"
    person.write_bytes(rated(4))
    run(tmp_path, {person: 1}, overwrite=True)
    assert person.read_bytes() == rated(1)
    Journal(tmp_path).undo()
    assert person.read_bytes() == rated(4)


def test_what_others_changed_since_is_respected(tmp_path):
    edited, starred, gone, broken = (tmp_path / f"{name}.xmp" for name in ("edited", "starred", "gone", "broken"))
    for path in (edited, starred, gone, broken):
        path.write_bytes(rated(0))
    run(tmp_path, dict.fromkeys((edited, starred, gone, broken), 3))
    more = rated(3).replace(b"history_end=", b"more='1' darktable:history_end=")
    edited.write_bytes(more)  # another program saved it, with our rating
    starred.write_bytes(rated(5))  # a person rated it
    gone.unlink()
    broken.write_bytes(b"<half")
    assert Journal(tmp_path).plan(edited, 1, False).entry is not None, "our rating may be brought up to date"
    assert Journal(tmp_path).plan(starred, 1, False).reason == "rated 5 by a person"
    undone = Journal(tmp_path).undo()
    assert undone.taken_back == 1
    assert len(undone.notes) == 2
    assert len(undone.failures) == 1
    assert edited.read_bytes() == more.replace(b'xmp:Rating="3"', b'xmp:Rating="0"')
    assert starred.read_bytes() == rated(5)
    assert broken.read_bytes() == b"<half"
    assert (tmp_path / JOURNAL).exists(), "what could not be taken back is remembered"
    broken.write_bytes(rated(3))
    assert Journal(tmp_path).undo().taken_back == 1
    assert broken.read_bytes() == rated(0)
    assert not (tmp_path / JOURNAL).exists()


def test_a_run_after_another_program_saved_the_sidecar_is_taken_back_to_the_rating_before_the_first(tmp_path):
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(rated(0))
    run(tmp_path, {sidecar: 3})
    sidecar.write_bytes(rated(3).replace(b'history_end="4"', b'history_end="5"'))
    run(tmp_path, {sidecar: 2})
    assert rating_in(sidecar.read_bytes()) == 2
    Journal(tmp_path).undo()
    assert sidecar.read_bytes() == rated(0).replace(b'history_end="4"', b'history_end="5"')


def test_the_journal_is_there_before_the_first_sidecar_changes(tmp_path, monkeypatch):
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(FOREIGN)

    def cut_off(*_):
        assert (tmp_path / JOURNAL).exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("hdrkit.io.rating_journal.replace_sidecar", cut_off)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, {sidecar: 3})
    monkeypatch.undo()
    assert Journal(tmp_path).undo().failures == ()
    assert sidecar.read_bytes() == FOREIGN


def test_a_sidecar_that_cannot_be_written_is_told_and_the_rest_is_done(tmp_path):
    good, bad = tmp_path / "good.xmp", tmp_path / "bad.xmp"
    good.write_bytes(FOREIGN)
    bad.write_bytes(FOREIGN)
    journal = Journal(tmp_path)
    plans = {path: journal.plan(path, 3, False) for path in (good, bad)}
    bad.write_bytes(rated(1))  # between plan and write
    failed = journal.write({path: plan.entry for path, plan in plans.items()}, 2)
    assert list(failed) == [bad]
    assert "changed meanwhile" in failed[bad]
    assert good.read_bytes() == rated(3)
    assert bad.read_bytes() == rated(1)


@pytest.mark.parametrize("content", [b"{", b"[1]", b'[{"sidecar": "/a.xmp"}]'])
def test_a_damaged_journal_stops_before_anything_is_written(tmp_path, content):
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(InputError, match="record of the ratings is damaged"):
        Journal(tmp_path)


@given(st.lists(st.tuples(st.integers(-1, 5), st.booleans()), min_size=1, max_size=5), st.sampled_from([None, -1, 0, 4, "none"]))
def test_any_number_of_runs_is_taken_back(tmp_path_factory, runs, before):
    folder = tmp_path_factory.mktemp("runs")
    sidecar = folder / "a.xmp"
    original = None if before is None else FOREIGN if before == "none" else rated(before)
    if original is not None:
        sidecar.write_bytes(original)
    for number, overwrite in runs:
        run(folder, {sidecar: number}, overwrite)
    Journal(folder).undo()
    assert (sidecar.read_bytes() if sidecar.exists() else None) == original
