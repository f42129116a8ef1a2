"""What becomes of the rating in one sidecar, from what was there and what we did to it before, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.atomic import writing
from hdrkit.files.text import show
from hdrkit.sidecars.embedded import embedded_rating
from hdrkit.sidecars.sidecar import digest_of, rating_of, read_sidecar, replace_sidecar
from hdrkit.sidecars.xmp import Edit, new_sidecar, rating_edit

GONE = "it is gone, removed or moved with its photograph; its rating can be taken back when it is here again"
_NO_EDIT = Edit(0, b"", b"")


@dataclass(frozen=True)
class State:
    """A content of a sidecar: its rating, the digest of its bytes, and the `edit` that led there from what was before ours.

    The edit is empty where that is what is there, and None where another program has saved the sidecar in between.
    """

    stars: int | None
    digest: str
    edit: Edit | None

    @property
    def original(self) -> bool:
        """Whether nothing of ours is in it."""
        return self.edit == _NO_EDIT


@dataclass(frozen=True)
class Entry:
    """A sidecar since its first rating of ours: the rating before, whether it was `created`, and the states it may be in.

    There are two, the one it is in and the one it comes to, from before it is written until that is done.
    """

    before: int | None
    created: bool
    states: tuple[State, ...]


@dataclass(frozen=True)
class Step:
    """A change to a sidecar, from the first state of `entry` to the second; without `edit` it is removed."""

    edit: Edit | None
    entry: Entry


@dataclass(frozen=True)
class Stays:
    """A sidecar that there is no step back for: `why` in words, empty where nothing was done to it.

    It is `settled` where nothing of ours is left to take back, now or later.
    """

    why: str
    settled: bool = True


@dataclass(frozen=True)
class Plan:
    """What is to become of a sidecar: a step with the reason in words, or none and why it stays, which may be an `error`."""

    step: Step | None
    reason: str = ""
    error: str = ""


def plan_rating(earlier: Entry | None, photo: Path, sidecar: Path, stars: int, overwrite: bool, only_ours: bool = False) -> Plan:
    """How a rating gets into a sidecar of which `earlier` is known.

    A rating that a person gave, inside the photograph too, stays unless `overwrite`; one of ours is brought up to date, and with
    `only_ours` nothing else is. Raises InputError for a sidecar that cannot be read.
    """
    data = read_sidecar(sidecar)
    found = None if data is None else rating_of(data, sidecar)
    if data is not None and found == stars:
        return Plan(None, "has this rating already")
    now = _seen(earlier, data, found)
    if only_ours and now.states[0].original:
        return Plan(None, "left without a rating of ours")
    if not overwrite and (kept := _of_a_person(earlier, now, data, found) or _inside(photo)):
        return Plan(None, kept)
    linked = data is not None and sidecar.stat().st_nlink > 1
    reason = "new sidecar" if data is None else "existing sidecar" + ", parted from its hard links" * linked
    return Plan(_rated(now, data, stars), reason)


def way_back(sidecar: Path, entry: Entry) -> Step | Stays:
    """The step to what was before the first rating of ours, or why there is none.

    A sidecar that is `GONE` was culled with its photograph, or is away for now. Raises InputError for one that cannot be read.
    """
    data = read_sidecar(sidecar)
    digest = digest_of(data)
    if any(state.original and state.digest == digest for state in entry.states):
        return Stays("")
    if data is None:
        return Stays(GONE, settled=False)
    now = next((state for state in entry.states if state.digest == digest), None)
    if now is not None and now.edit is not None:
        edit = None if entry.created else now.edit.reversed()
        back = State(entry.before, "" if edit is None else digest_of(edit.apply(data)), _NO_EDIT)
        return Step(edit, replace(entry, states=(now, back)))
    found = rating_of(data, sidecar)
    if found == entry.before:
        return Stays("it has the rating of before; it stays")
    if found not in [state.stars for state in entry.states]:
        return Stays(f"rated {found} by a person since; it stays")
    edit = rating_edit(data, entry.before or 0)
    back = State(entry.before or 0, digest_of(edit.apply(data)), _NO_EDIT)
    return Step(edit, replace(entry, states=(State(found, digest, None), back)))


def carry_out(sidecar: Path, step: Step) -> None:
    """Change a sidecar. Raises OutputError where somebody changed it meanwhile, or the file system refuses."""
    data = read_sidecar(sidecar)
    if digest_of(data) != step.entry.states[0].digest:
        raise InputError(f"{show(sidecar)}: it was changed meanwhile and is left as it is; run again")
    if step.edit is None:
        with writing(sidecar):
            sidecar.unlink()
    else:
        replace_sidecar(sidecar, data, step.edit.apply(data or b""))


def _seen(earlier: Entry | None, data: bytes | None, found: int | None) -> Entry:
    """The entry of a sidecar in the state that it is in: of ours by its bytes, or by its rating; or as somebody left it."""
    digest = digest_of(data)
    ours = [state for state in earlier.states if not state.original] if earlier else []
    if earlier and (known := [state for state in ours if state.digest == digest]):
        return replace(earlier, states=(known[-1],))
    if earlier and data is not None and found in [state.stars for state in ours]:
        return replace(earlier, states=(State(found, digest, None),))
    return Entry(found, data is None, (State(found, digest, _NO_EDIT),))


def _of_a_person(earlier: Entry | None, now: Entry, data: bytes | None, found: int | None) -> str:
    """In words, the rating in a sidecar that a person gave, stars or none in the place of ours; empty for all others."""
    if not now.states[0].original:
        return ""
    if found:
        return "rejected by a person" if found < 0 else f"rated {found} by a person"
    unwritten = earlier is None or found in [state.stars for state in earlier.states if state.original]
    return "" if unwritten or data is None else "left without stars by a person"


def _inside(photo: Path) -> str:
    found = embedded_rating(photo)
    if found is None:
        return ""
    return "rejected by a person, in the photograph" if found < 0 else f"rated {found} by a person, in the photograph"


def _rated(now: Entry, data: bytes | None, stars: int) -> Step:
    """The step to another rating."""
    edit = Edit(0, b"", new_sidecar(stars)) if data is None else rating_edit(data, stars)
    after = edit.apply(data or b"")
    whole = now.states[0].edit
    if whole is not None:
        original = whole.reversed().apply(data or b"")
        whole = Edit(0, b"", after) if now.created else rating_edit(original, stars)
        whole = whole if whole.apply(original) == after else None
    return Step(edit, replace(now, states=(*now.states, State(stars, digest_of(after), whole))))
