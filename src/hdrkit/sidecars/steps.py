"""The change of the rating in one sidecar, given its content and what we wrote to it before, and the change that undoes it."""

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
class SidecarState:
    """A content of a sidecar: its rating, the digest of its bytes, and the `edit` that made it from the original content.

    The edit is empty if this is the original content, and None if another program has saved the sidecar in between.
    """

    stars: int | None
    digest: str
    edit: Edit | None

    @property
    def original(self) -> bool:
        """Whether the content holds nothing of ours."""
        return self.edit == _NO_EDIT


@dataclass(frozen=True)
class Entry:
    """The record of a sidecar since our first rating: the rating before, whether we `created` it, and its possible states.

    There are two states while it is written, the old and the new one, because a run may be cut off; otherwise there is one.
    """

    before: int | None
    created: bool
    states: tuple[SidecarState, ...]


@dataclass(frozen=True)
class Step:
    """A change to a sidecar, from the first state of `entry` to the second. Without `edit` the sidecar is removed."""

    edit: Edit | None
    entry: Entry


@dataclass(frozen=True)
class Stays:
    """A sidecar that cannot or need not be undone. `why` says the reason; it is empty if the sidecar is as it was before us.

    It is `settled` if nothing of ours is left to take back, now or later.
    """

    why: str
    settled: bool = True


@dataclass(frozen=True)
class Plan:
    """The plan for a sidecar: a step and its reason, or no step and the reason why it stays. The reason may be an `error`."""

    step: Step | None
    reason: str = ""
    error: str = ""


def plan_rating(earlier: Entry | None, photo: Path, sidecar: Path, stars: int, overwrite: bool, only_ours: bool = False) -> Plan:
    """The plan to write a rating into a sidecar. `earlier` is its entry in the record, None if it has none.

    A rating that a person gave, in the sidecar or in the photograph, stays unless `overwrite`. A rating of ours is replaced. With
    `only_ours` only ratings of ours are written. Raises InputError for a sidecar that cannot be read.
    """
    data = read_sidecar(sidecar)
    found = None if data is None else rating_of(data, sidecar)
    if data is not None and found == stars:
        return Plan(None, "has this rating already")
    now = _present(earlier, data, found)
    if only_ours and now.states[0].original:
        return Plan(None, "left without a rating of ours")
    if not overwrite and (kept := _of_a_person(earlier, now, data, found) or _inside(photo)):
        return Plan(None, kept)
    linked = data is not None and sidecar.stat().st_nlink > 1
    reason = "new sidecar" if data is None else "existing sidecar" + ", parted from its hard links" * linked
    return Plan(_rated(now, data, stars), reason)


def way_back(sidecar: Path, entry: Entry) -> Step | Stays:
    """The step to the content before our first rating, or the reason why there is no such step.

    A sidecar that is `GONE` was removed with its photograph, or is away for now. Raises InputError if it cannot be read.
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
        back = SidecarState(entry.before, "" if edit is None else digest_of(edit.apply(data)), _NO_EDIT)
        return Step(edit, replace(entry, states=(now, back)))
    found = rating_of(data, sidecar)
    if found == entry.before:
        return Stays("it has its earlier rating; it stays")
    if found not in [state.stars for state in entry.states]:
        return Stays(f"rated {found} by a person since; it stays")
    edit = rating_edit(data, entry.before or 0)
    back = SidecarState(entry.before or 0, digest_of(edit.apply(data)), _NO_EDIT)
    return Step(edit, replace(entry, states=(SidecarState(found, digest, None), back)))


def carry_out(sidecar: Path, step: Step) -> None:
    """Change a sidecar. Raises InputError if somebody changed it meanwhile, and OutputError if the file system refuses."""
    data = read_sidecar(sidecar)
    if digest_of(data) != step.entry.states[0].digest:
        raise InputError(f"{show(sidecar)}: it was changed meanwhile and is left as it is; run again")
    if step.edit is None:
        with writing(sidecar):
            sidecar.unlink()
    else:
        replace_sidecar(sidecar, data, step.edit.apply(data or b""))


def _present(earlier: Entry | None, data: bytes | None, found: int | None) -> Entry:
    """The entry of a sidecar with its present state. It is a state of ours if its bytes or its rating are, else an original."""
    digest = digest_of(data)
    ours = [state for state in earlier.states if not state.original] if earlier else []
    if earlier and (known := [state for state in ours if state.digest == digest]):
        return replace(earlier, states=(known[-1],))
    if earlier and data is not None and found in [state.stars for state in ours]:
        return replace(earlier, states=(SidecarState(found, digest, None),))
    return Entry(found, data is None, (SidecarState(found, digest, _NO_EDIT),))


def _of_a_person(earlier: Entry | None, now: Entry, data: bytes | None, found: int | None) -> str:
    """The rating that a person gave in a sidecar, in words, also if they removed our stars; empty if no person rated it."""
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
    return Step(edit, replace(now, states=(*now.states, SidecarState(stars, digest_of(after), whole))))
