"""The record of the ratings in a folder: what is kept, brought up to date and taken back, wherever a run is cut off."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import write_bytes
from hdrkit.files.lock import alone_in
from hdrkit.sidecars.journal import JOURNAL, Journal, opened
from hdrkit.sidecars.steps import GONE
from hdrkit.sidecars.xmp import new_sidecar, rating_in
from tests.sidecars.sidecars import FOREIGN, names, rated

ROOT = Path(__file__).parents[2]


def run(folder, wanted, overwrite=False):
    """Plan and write, as a run of the command does."""
    with opened(folder) as journal, ThreadPoolExecutor(2) as pool:
        plans = {sidecar: journal.plan(sidecar.with_suffix(""), sidecar, number, overwrite) for sidecar, number in wanted.items()}
        return plans, journal.carry_out({sidecar.name: plan.step for sidecar, plan in plans.items() if plan.step}, pool)


def undo(folder, dry_run=False):
    with opened(folder, dry_run) as journal, ThreadPoolExecutor(2) as pool:
        return journal.undo(pool, dry_run)


def reason(sidecar, number):
    return Journal(sidecar.parent).plan(sidecar.with_suffix(""), sidecar, number, False).reason


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
    undone = undo(tmp_path)
    assert (set(undone.taken_back), undone.notes, undone.failures) == ({new, foreign}, (), ())
    assert foreign.read_bytes() == FOREIGN
    assert person.read_bytes() == rated(4)
    assert names(tmp_path) == ["foreign.xmp", "person.xmp"]


def test_overwritten_ratings_come_back(tmp_path):
    person = tmp_path / "person.xmp"
    person.write_bytes(rated(4))
    run(tmp_path, {person: 1}, overwrite=True)
    assert person.read_bytes() == rated(1)
    undo(tmp_path)
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
    assert reason(edited, 1) == "existing sidecar", "our rating may be brought up to date"
    assert reason(starred, 1) == "rated 5 by a person"
    undone = undo(tmp_path)
    assert undone.taken_back == (edited,)
    assert [note.split(": ")[1] for note in undone.notes] == [
        "rated 5 by a person since; it stays",
        GONE,
    ]
    assert [failure.path for failure in undone.failures] == [broken]
    assert edited.read_bytes() == more.replace(b'xmp:Rating="3"', b'xmp:Rating="0"')
    assert starred.read_bytes() == rated(5)
    assert broken.read_bytes() == b"<half"
    assert (tmp_path / JOURNAL).exists(), "what could not be taken back is remembered"
    broken.write_bytes(rated(3))
    assert undo(tmp_path).taken_back == (broken,)
    assert broken.read_bytes() == rated(0)
    gone.write_bytes(rated(3))
    assert undo(tmp_path).taken_back == (gone,)
    assert gone.read_bytes() == rated(0)
    assert not (tmp_path / JOURNAL).exists()


def test_a_run_after_another_program_saved_the_sidecar_is_taken_back_to_the_rating_before_the_first(tmp_path):
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(rated(0))
    run(tmp_path, {sidecar: 3})
    sidecar.write_bytes(rated(3).replace(b'history_end="4"', b'history_end="5"'))
    run(tmp_path, {sidecar: 2})
    assert rating_in(sidecar.read_bytes()) == 2
    undo(tmp_path)
    assert sidecar.read_bytes() == rated(0).replace(b'history_end="4"', b'history_end="5"')


def test_a_sidecar_that_cannot_be_written_is_told_and_the_rest_is_done(tmp_path):
    good, bad = tmp_path / "good.xmp", tmp_path / "bad.xmp"
    good.write_bytes(FOREIGN)
    bad.write_bytes(FOREIGN)
    with opened(tmp_path) as journal, ThreadPoolExecutor(2) as pool:
        steps = {path.name: journal.plan(path.with_suffix(""), path, 3, False).step for path in (good, bad)}
        bad.write_bytes(rated(1))  # between plan and write
        failed = journal.carry_out(steps, pool)
    assert list(failed) == ["bad.xmp"]
    assert "changed meanwhile" in failed["bad.xmp"]
    assert good.read_bytes() == rated(3)
    assert bad.read_bytes() == rated(1)


RECORD = '{"sidecars": {"%s": {"before": null, "created": true, "states": [{"stars": 3, "digest": "", "edit": null}]}}}'


@pytest.mark.parametrize(
    "content", [b"{", b"[1]", b'{"sidecars": {"a.xmp": {}}}', (RECORD % "../a.xmp").encode(), (RECORD % "b/a.xmp").encode()]
)
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
    undo(folder)
    assert (sidecar.read_bytes() if sidecar.exists() else None) == original


def test_a_zero_in_the_place_of_ours_is_a_decision(tmp_path):
    ours, before = tmp_path / "ours.xmp", tmp_path / "before.xmp"
    before.write_bytes(rated(0))
    run(tmp_path, {ours: 3, before: 3})
    ours.write_bytes(new_sidecar(0))
    before.write_bytes(rated(0))
    plans, _ = run(tmp_path, {ours: 2, before: 2})
    assert {plan.reason for plan in plans.values()} == {"left without stars by a person"}
    assert (ours.read_bytes(), before.read_bytes()) == (new_sidecar(0), rated(0))
    run(tmp_path, {ours: 2}, overwrite=True)
    assert ours.read_bytes() == new_sidecar(2)
    undo(tmp_path)
    assert ours.read_bytes() == new_sidecar(0)


def test_a_zero_of_ours_is_brought_up_to_date(tmp_path):
    sidecar = tmp_path / "a.xmp"
    for number in (0, 2, 0, 1):
        run(tmp_path, {sidecar: number})
        assert sidecar.read_bytes() == new_sidecar(number)


def test_a_folder_that_was_moved_can_be_undone_and_what_is_missing_is_told(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    sidecars = [here / f"{k}.xmp" for k in range(3)]
    sidecars[0].write_bytes(FOREIGN)
    run(here, dict.fromkeys(sidecars, 3))
    here.rename(there)
    (there / "2.xmp").rename(tmp_path / "elsewhere.xmp")
    planned = undo(there, dry_run=True)
    assert rating_in((there / "0.xmp").read_bytes()) == 3
    undone = undo(there)
    assert undone == planned
    assert set(undone.taken_back) == {there / "0.xmp", there / "1.xmp"}
    assert [line.split(", ")[0] for line in undone.notes] == [f"{there / '2.xmp'}: it is gone"]
    assert not undone.failures
    assert names(there) == [JOURNAL, "0.xmp"]
    assert (there / "0.xmp").read_bytes() == FOREIGN
    again = undo(there)
    assert (again.taken_back, again.notes, again.failures) == ((), undone.notes, ())
    (tmp_path / "elsewhere.xmp").rename(there / "2.xmp")
    assert undo(there).taken_back == (there / "2.xmp",)
    assert names(there) == ["0.xmp"]


ORIGINAL = {"0.xmp": FOREIGN, "1.xmp": rated(0)}
KILLED = """
import os, signal, sys
from itertools import count
from pathlib import Path
from tests.sidecars.test_journal import ORIGINAL, run, undo
what, when, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
def counted(original):
    def change(*arguments, **named):
        last = next(changes) == at and os.getpid() != parent
        if last and when == "before": os.kill(os.getpid(), signal.SIGKILL)
        original(*arguments, **named)
        if last: os.kill(os.getpid(), signal.SIGKILL)
    return change
Path.replace, Path.unlink = counted(Path.replace), counted(Path.unlink)
parent = os.getpid()
for at in range(1, 100):
    changes = count()
    folder = place / str(at)
    folder.mkdir()
    for name, content in ORIGINAL.items():
        (folder / name).write_bytes(content)
    sidecars = [folder / f"{k}.xmp" for k in range(3)]
    if what != "first run":
        run(folder, dict.fromkeys(sidecars, 3))
    changes = count(1)
    child = os.fork()
    if not child:
        undo(folder) if what == "undo" else run(folder, dict.fromkeys(sidecars, 1))
        os._exit(0)
    if os.waitpid(child, 0)[1] != signal.SIGKILL: break
"""


@pytest.mark.parametrize("what", ["first run", "run", "undo"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_killed_anywhere_can_be_repeated_and_taken_back(tmp_path, what, when):
    """A folder is changed by renaming and removing alone: SIGKILL before or after each of these, one after the other."""
    subprocess.run([sys.executable, "-c", KILLED, what, when, str(tmp_path)], check=True, cwd=ROOT)
    folders = [tmp_path / str(at) for at in range(1, len(names(tmp_path)) + 1)]
    assert len(folders) > 6
    for folder in folders:
        again = folder.with_name(f"{folder.name} again")
        shutil.copytree(folder, again)
        plans, failed = run(again, {again / f"{k}.xmp": 2 for k in range(3)})
        assert not failed
        assert {plan.reason for plan in plans.values()} <= {"existing sidecar", "new sidecar"}, "none is a person's"
        assert [rating_in((again / f"{k}.xmp").read_bytes()) for k in range(3)] == [2, 2, 2]
        for place in (folder, again):
            assert not undo(place).failures
            assert {path.name: path.read_bytes() for path in place.iterdir()} == ORIGINAL


def test_a_journal_is_not_opened_twice(tmp_path):
    sidecar = tmp_path / "a.xmp"
    with alone_in(tmp_path):
        with pytest.raises(OutputError, match="another run of hdrkit"):
            run(tmp_path, {sidecar: 3})
        with opened(tmp_path, held=tmp_path) as journal:
            assert journal.plan(sidecar.with_suffix(""), sidecar, 3, False).step
    assert names(tmp_path) == []


def test_a_hard_link_is_parted_and_that_is_said(tmp_path):
    sidecar, backup = tmp_path / "a.xmp", tmp_path / "backup"
    backup.write_bytes(FOREIGN)
    os.link(backup, sidecar)
    plans, _ = run(tmp_path, {sidecar: 3})
    assert plans[sidecar].reason == "existing sidecar, parted from its hard links"
    assert (sidecar.read_bytes(), backup.read_bytes()) == (rated(3), FOREIGN)


def test_a_full_disk_behind_the_sidecars_loses_nothing(tmp_path, monkeypatch):
    sidecars = [tmp_path / f"{k}.xmp" for k in range(3)]
    saved = []

    def full(path, data):
        if saved:
            raise OutputError("full")
        saved.append(data)
        return write_bytes(path, data)

    monkeypatch.setattr("hdrkit.sidecars.journal.write_bytes", full)
    _, failed = run(tmp_path, dict.fromkeys(sidecars, 3))
    assert not failed
    monkeypatch.undo()
    assert set(undo(tmp_path).taken_back) == set(sidecars)
    assert names(tmp_path) == []
