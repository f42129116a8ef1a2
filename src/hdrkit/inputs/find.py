"""Files -> brackets, and their pixels. What could not be used is among the failures and notes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hdrkit.errors import HdrkitError, InputError
from hdrkit.exposure import exposure_from_name
from hdrkit.files.text import show
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.pixels import read_each, read_frames, require_alike
from hdrkit.inputs.brackets import distinct_names, form_brackets, spread_brackets
from hdrkit.inputs.discover import discover, discover_folders, none_readable, nothing_found, sole_list
from hdrkit.inputs.listed import fill_exposures
from hdrkit.inputs.lists import ExposureList, GroupList, read_groups
from hdrkit.inputs.options import By, ExposureUnit, InputOptions
from hdrkit.inputs.own_results import own_results
from hdrkit.inputs.photo_memory import PhotoMemory
from hdrkit.inputs.remarks import Remarks, UnusualBrackets
from hdrkit.inputs.stated_ev import StatedEV, require_exposed
from hdrkit.inputs.timestamps import floored, timestamp_in_name
from hdrkit.inputs.twins import without_twins
from hdrkit.types import Bracket, Exposure, Failure, Frame, Photo, Stack

Paths = Path | str | Sequence[Path | str]


@dataclass(frozen=True)
class FoundBrackets:
    """The brackets that were found, the files that could not be read, the number of ignored files, and notes."""

    brackets: tuple[Bracket, ...]
    failures: tuple[Failure, ...]
    ignored: int
    notes: tuple[str | UnusualBrackets, ...] = ()


def find_brackets(paths: Paths, options: InputOptions | None = None, memory: PhotoMemory | None = None) -> FoundBrackets:
    """Read the metadata of every photo under `paths` (files, folders, or one list of groups) and put the photos into brackets.

    From a list of `hdrkit group` only exposure brackets are used, and a note says what is left out. Its column ev gives the
    exposure of photos that state none, with a note for each such bracket. A `memory` spares reading the headers that it knows.
    Raises InputError if nothing usable is found. A single bad file is among the `failures`.
    """
    options = options or InputOptions()
    found = discover(paths)
    listed_exposures = ExposureList(options.exposures)
    listed = _group_list(paths, options)
    gone = _gone(listed) if listed and options.by in (By.AUTO, By.GROUPS) else ()
    groups = {os.path.realpath(path): name for path, name in listed.brackets.items()} if listed else None
    roots = dict(zip(found.paths, found.roots, strict=True))
    if listed and sole_list(_given(paths)):
        roots = {path: root for path, root in roots.items() if str(path) in listed.brackets}
        if not roots:
            raise InputError(f"{show(_given(paths)[0])}: it lists no exposure bracket ({listed.left_out or 'it is empty'})")
        roots = {path: root for path, root in roots.items() if os.path.lexists(path)}
        if not roots:
            raise InputError(f"{show(_given(paths)[0])}: all its photographs are gone; put them back, or run hdrkit group again")

    photos, unread = _read(roots, options, listed_exposures, memory)
    failures = (*gone, *unread)
    if not photos:
        raise none_readable(len(failures), failures)
    photos, own = _without_results(photos)
    listed_exposures.require_any(photo.path for photo, _ in photos)
    notes: list[str | UnusualBrackets] = [listed.left_out] if listed and listed.left_out else []
    notes += [own] if own else []
    if listed and options.by in (By.AUTO, By.GROUPS) and not (options.estimate_exposures or options.ev):
        photos, filled = _with_listed_exposures(photos, listed)
        notes += filled
    brackets = _formed(photos, options, groups)
    remarks = Remarks(options.span_s)
    remarks.take([photo for photo, _ in photos], brackets)
    notes += remarks.notes
    one_of_each, taken = without_twins(brackets, _why_raw_fails)
    notes += [note for bracket in one_of_each if (note := _looks_unsorted(bracket))]
    brackets = list(one_of_each)
    notes += taken
    notes += listed_exposures.notes_on(brackets)
    if options.ev:
        brackets, misfits, stated = StatedEV(options.ev, _given(paths)).applied(brackets, unread)
        require_exposed(brackets, misfits)
        failures, notes = (*failures, *misfits), [*notes, *stated]
    if options.max_groups is not None:
        brackets = spread_brackets(brackets, options.max_groups)
    return FoundBrackets(tuple(brackets), failures, found.ignored, tuple(notes))


@dataclass(frozen=True)
class Series:
    """Brackets by time, in any number: the counts of `photographs` and of `ignored` files, and `parts` to read them.

    Each call of `parts` goes through all brackets once. Only the brackets and failures of one part are in memory at a time. The
    last part has the notes on all of them.
    """

    photographs: int
    ignored: int
    parts: Callable[[], Iterator[FoundBrackets]]

    @classmethod
    def of(cls, found: FoundBrackets) -> Series:
        """Brackets that were found already, as a series of one part."""
        return cls(sum(len(bracket.photos) for bracket in found.brackets), found.ignored, lambda: iter([found]))


def find_series(paths: Paths, options: InputOptions | None = None) -> Series | None:
    """As `find_brackets`, but one folder at a time, for folders of brackets by spans of time; None for other paths and rules.

    This call reads only names. Raises InputError if nothing usable is found.
    """
    options, given = options or InputOptions(), _given(paths)
    span_s = options.span_s
    if options.by in (By.FOLDER, By.GROUPS) or span_s is None or options.max_groups is not None:
        return None
    if not all(path.is_dir() for path in given) or options.groups or sole_list(given) or _group_list(paths, options):
        return None
    if options.by is By.AUTO and not _all_timed(given, span_s):
        return None
    listed_exposures = ExposureList(options.exposures)
    photographs = ignored = 0
    timed = False
    for folder in discover_folders(given):
        photographs += len(folder.names)
        ignored += folder.ignored
        timed = timed or any(timestamp_in_name(path) for path in folder.paths)
    if not photographs:
        raise nothing_found(given, ignored)
    if not timed:
        return None
    listed_exposures.require_any(path for folder in discover_folders(given) for path in folder.paths)
    return Series(photographs, ignored, lambda: _parts(given, replace(options, by=By.TIME), listed_exposures))


def _all_timed(given: Sequence[Path], span_s: float) -> bool:
    """Whether every name has a timestamp, and the timestamps fall into more spans than there are folders."""
    more = 0
    for folder in discover_folders(given):
        stamps = [timestamp_in_name(path) for path in folder.paths]
        if None in stamps:
            return False
        more += len({floored(stamp, span_s) for stamp in stamps if stamp}) - bool(stamps)
    return more > 0


def _parts(given: Sequence[Path], options: InputOptions, exposures: ExposureList) -> Iterator[FoundBrackets]:
    remarks, names = Remarks(options.span_s), set[str]()
    read = unread = 0
    first_unread: Failure | None = None
    stated_ev = StatedEV(options.ev, ()) if options.ev else None
    example: list[str] = []  # a note on the first bracket stands for all
    for folder in discover_folders(given):
        photos, failures = _read(dict.fromkeys(folder.paths, folder.root), options, exposures)
        timed = [(photo, root) for photo, root in photos if timestamp_in_name(photo.path)]
        brackets = _formed(timed, options) if timed else []
        told = list(exposures.notes_on(brackets))
        if stated_ev:
            brackets, misfits, told = stated_ev.applied(brackets, failures)
            failures = (*failures, *misfits)
        example = example or told[:1]
        if len(given) > 1:  # folders under different paths may have the same name
            distinct = distinct_names([bracket.name for bracket in brackets], names)
            brackets = [replace(bracket, name=name) for bracket, name in zip(brackets, distinct, strict=True)]
            names.update(distinct)
        remarks.take([photo for photo, _ in photos], brackets)
        read, unread, first_unread = read + len(photos), unread + len(failures), first_unread or next(iter(failures), None)
        yield FoundBrackets(tuple(brackets), failures, folder.ignored)
        del photos, timed, brackets  # before the next folder is read
    if first_unread and not read:
        raise none_readable(unread, [first_unread])
    yield FoundBrackets((), (), 0, (*remarks.notes, *example))


def read_bracket(paths: Paths, options: InputOptions | None = None) -> Stack:
    """The photos under `paths` as one bracket, with pixels, shortest exposure first.

    Raises InputError if a file cannot be read, or if `paths` hold several brackets.
    """
    found = find_brackets(paths, options)
    if found.failures:
        raise InputError(str(found.failures[0]))
    if len(found.brackets) > 1:
        names = ", ".join(bracket.name for bracket in found.brackets[:4])
        raise InputError(f"{len(found.brackets)} brackets found ({names}, ...) instead of one; read them one by one")
    return load(found.brackets[0])


def load(bracket: Bracket) -> Stack:
    """The pixels of a bracket. Raises InputError naming the file that cannot be read or does not fit the others."""
    return Stack(bracket, tuple(read_frames(bracket.photos)))


def load_readable(bracket: Bracket, keep: Callable[[Frame], Frame] | None = None) -> tuple[Stack, tuple[Failure, ...]]:
    """The bracket of those photos that can be read, with pixels, and the photos that cannot be read.

    With `keep` the photos are read one after the other, and the frame that `keep` returns replaces each frame.
    Raises InputError if fewer than two frames are left, or if those left differ in size or kind.
    """
    read = read_each(bracket.photos, keep)
    pairs = list(zip(bracket.photos, read, strict=True))
    failures = [Failure(photo.path, str(result)) for photo, result in pairs if isinstance(result, InputError)]
    frames = tuple(result for result in read if isinstance(result, Frame))
    if failures and len(frames) < 2:
        raise InputError(f"{failures[0]} ({len(frames)} readable frame left in bracket {bracket.name!r})")
    require_alike(frames)
    if failures:
        good = tuple(photo for photo, result in pairs if isinstance(result, Frame))
        bracket = replace(bracket, photos=good, reference=len(good) // 2)
    return Stack(bracket, frames), tuple(failures)


def _given(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]


def _group_list(paths: Paths, options: InputOptions) -> GroupList | None:
    """The list of groups: that of the option, the only path, or `groups.csv` in the only folder."""
    listing, given = options.groups, _given(paths)
    if listing is None and options.by in (By.AUTO, By.GROUPS):
        listing = sole_list(given)
        if listing is None and len(given) == 1 and (given[0] / "groups.csv").is_file():
            listing = given[0] / "groups.csv"
    return None if listing is None else read_groups(listing)


def _gone(listed: GroupList) -> tuple[Failure, ...]:
    """A failure for each bracket of a list with photographs that do not exist any more."""
    frames: dict[str, list[Path]] = {}
    for path, name in listed.brackets.items():
        frames.setdefault(name, []).append(Path(path))
    failures = []
    for name, its in frames.items():
        if lost := [path for path in its if not os.path.lexists(path)]:
            which = f"all {len(its)} photographs" if len(lost) == len(its) else f"{len(lost)} of {len(its)} photographs"
            names = ", ".join(show(path) for path in lost)
            failures.append(Failure(lost[0], f"{name}: {which} of the list are gone ({names}); put them back, or group again"))
    return tuple(failures)


def _without_results(photos: Sequence[tuple[Photo, Path]]) -> tuple[list[tuple[Photo, Path]], str]:
    """The photographs without pictures that hdrkit wrote, and a note that names these, empty if there are none.

    Raises InputError if nothing is left.
    """
    own, note = own_results([photo for photo, _ in photos])
    if len(own) == len(photos):
        raise InputError(f"{show(photos[0][0].path)}: hdrkit itself made this from photographs; give the photographs")
    return [one for one in photos if one[0] not in own] if own else list(photos), note


def _looks_unsorted(bracket: Bracket) -> str:
    """A note if the photographs of a folder repeat their exposures, as those of several brackets do; else empty."""
    exposures = {photo.exposure.relative for photo in bracket.photos if photo.exposure}
    if bracket.kind != By.FOLDER or len(exposures) < 2 or len(bracket.photos) < 2 * len(exposures):
        return ""
    folder = show(bracket.photos[0].path.parent)
    return (
        f"{bracket.name}: {len(bracket.photos)} photographs of {len(exposures)} exposures in one folder count as one bracket; "
        f"if they show several views, sort them first: hdrkit group {folder} -o sorted"
    )


def _why_raw_fails(photo: Photo) -> str | None:
    """Why a RAW file cannot be decoded, None if it can."""
    from hdrkit.formats.raw import develop_half

    try:
        develop_half(photo)
    except HdrkitError as error:
        return str(error)
    return None


def _read(
    roots: Mapping[Path, Path], options: InputOptions, exposures: ExposureList, memory: PhotoMemory | None = None
) -> tuple[list[tuple[Photo, Path]], tuple[Failure, ...]]:
    """The photographs at these paths, each with its root, and the files that cannot be read."""
    read_one = read_photo if memory is None else memory.read

    def read(path: Path) -> Photo | Failure:
        override = exposures.of(path) or _named_exposure(path, options.exposure_unit)
        try:
            return read_one(path, override=override, literal=options.literal, max_pixels=options.max_pixels)
        except HdrkitError as error:
            return Failure(path, str(error))

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(read, roots))
    photos = [(photo, root) for photo, root in zip(results, roots.values(), strict=True) if isinstance(photo, Photo)]
    return photos, tuple(result for result in results if isinstance(result, Failure))


def _formed(
    photos: Sequence[tuple[Photo, Path]], options: InputOptions, groups: Mapping[str, str] | None = None
) -> list[Bracket]:
    read, roots = [photo for photo, _ in photos], [root for _, root in photos]
    if options.ev is None:
        return form_brackets(read, roots, options.by, options.span_s, groups, options.estimate_exposures)
    unknown = [replace(photo, exposure=None) for photo in read]  # these stay in the order of their names
    return form_brackets(unknown, roots, options.by, options.span_s, groups, estimated=True)


def _with_listed_exposures(photos: Sequence[tuple[Photo, Path]], listed: GroupList) -> tuple[list[tuple[Photo, Path]], list[str]]:
    """The photos of the list. Those without an exposure get that of the list, with a note for each such bracket."""
    real = cache(os.path.realpath)
    names = {real(path): name for path, name in listed.brackets.items()}
    ev = {real(path): value for path, value in listed.ev.items()}
    root_of = {photo.path: root for photo, root in photos}
    members: dict[str, list[Photo]] = {}
    for photo, _ in photos:
        if (name := names.get(real(photo.path))) is not None:
            members.setdefault(name, []).append(photo)
    exposed: list[tuple[Photo, Path]] = []
    notes = []
    for name, frames in members.items():
        filled, note = fill_exposures(name, frames, [ev.get(real(photo.path)) for photo in frames])
        exposed += [(photo, root_of[photo.path]) for photo in filled]
        notes += [note] if note else []
    return exposed, notes


def _named_exposure(path: Path, unit: ExposureUnit | None) -> Exposure | None:
    """The exposure that the number at the end of a name gives, if its unit is known."""
    named = exposure_from_name(path.stem) if unit else None
    return Exposure(named.time_s * unit.seconds) if named and unit else None
