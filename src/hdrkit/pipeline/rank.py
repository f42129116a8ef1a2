"""Photographs -> series -> sharpness -> stars: the first half of `hdrkit rank`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.json_text import plain
from hdrkit.files.text import counted
from hdrkit.formats.metadata import read_photo
from hdrkit.grouping.options import GroupingOptions, IngestOptions
from hdrkit.imaging.threads import ahead
from hdrkit.inputs.discover import discover
from hdrkit.inputs.lists import ExposureList
from hdrkit.pipeline.ranking.sharpness import rank_series
from hdrkit.pipeline.ranking.takes import Glance, glances, join_brackets
from hdrkit.ranking.brackets import Frame, is_bracket
from hdrkit.ranking.options import Method, RankingOptions
from hdrkit.ranking.similarity import Signature, differences_in_sequence, in_doubt, threshold_from
from hdrkit.ranking.takes import in_sequence, pair_up, runs, series
from hdrkit.sidecars.embedded import embedded_rating
from hdrkit.sidecars.sidecar import Sidecar, sidecar_path
from hdrkit.types import Failure, Kind, Photo, Progress, RankingReport, RankingResult, Take

READING, LOOKING, MEASURING = "reading metadata", "looking for series", "measuring sharpness"
_RATED_AS_ONE = (Kind.FLASH_AMBIENT, Kind.FOCUS_BRACKET)


@dataclass
class _Left:
    """What is not ranked: takes that are left out because they are rated, and files that cannot be read."""

    excluded: list[Take] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)


@dataclass
class _Run:
    """Takes in sequence whose metadata allow one series, and the differences between neighbours."""

    takes: list[Take] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)


def rank(
    inputs: Path | str | Sequence[Path | str],
    options: RankingOptions | None = None,
    progress: Progress | None = None,
    exposures: Path | None = None,
) -> RankingResult:
    """Find the series among the photographs under `inputs` (files or folders), and the sharpest of each; nothing is written.

    `exposures` is a CSV with the columns filename and exposure_time_s, which wins over metadata.
    A single bad file is in the result as unreadable. Raises InputError where there are no photographs, or none is readable.
    """
    options, progress = options or RankingOptions(), progress or (lambda *_: None)
    seconds: dict[str, float] = {}
    notes: list[str] = []
    found, listed = discover(inputs), ExposureList(exposures)
    listed.require_any(found.paths)
    left = _Left()
    with _timed(seconds, "metadata"):
        shots = pair_up(in_sequence(list(listed.applied(_photos(found.paths, options, left, progress)))))
    with _timed(seconds, "series"):
        find = partial(_views, exposures=exposures) if options.method is Method.VIEW else _series
        found_series, threshold, doubtful = find(shots, options, left, progress)
    with _timed(seconds, "sharpness"):
        groups = tuple(rank_series(found_series, options, left.unreadable, partial(progress, MEASURING)))
    if left.unreadable and not (groups or left.excluded):
        more = f"none of {len(left.unreadable)} files is readable; the first: " if len(left.unreadable) > 1 else ""
        raise InputError(more + left.unreadable[0].reason)
    if pairs := sum(len(shot.companions) for shot in shots):
        notes.append(f"{counted(pairs, 'file')} beside others of the same name: rated as they are")
    left_out = tuple(photo.path for take in left.excluded for photo in (*take.photos, *take.companions))
    report = RankingReport(plain(options), threshold, seconds, tuple(notes), found.ignored, left_out, doubtful)
    return RankingResult(groups, tuple(sorted(left.unreadable, key=lambda bad: str(bad.path))), report)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _photos(paths: Sequence[Path], options: RankingOptions, left: _Left, progress: Progress) -> list[Photo]:
    photos = []
    with ThreadPoolExecutor(options.workers) as pool:
        for done, found in enumerate(ahead(pool, _photo, paths, 2 * options.workers)):
            if isinstance(found, Failure):
                left.unreadable.append(found)
            else:
                photos.append(found)
            progress(READING, done + 1, len(paths))
    return photos


def _photo(path: Path) -> Photo | Failure:
    try:
        return read_photo(path)
    except InputError as error:
        return Failure(path, str(error))


def _looked(shots: Sequence[Take], options: RankingOptions, left: _Left, progress: Progress) -> Iterator[Glance | None]:
    """A look at each shot, in order; None of one that cannot be read."""
    for done, (glance, failures) in enumerate(glances(shots, options)):
        left.unreadable += failures
        progress(LOOKING, done + 1, len(shots))
        yield glance


def _series(
    shots: Sequence[Take], options: RankingOptions, left: _Left, progress: Progress
) -> tuple[list[list[Take]], float | None, int]:
    """Neighbours that look alike, the difference at which they are parted, None where there are no neighbours, and how many
    differences are in doubt.
    """
    found = list(_runs(shots, options, left, progress))
    differences = [value for run in found for value in run.differences]
    threshold = threshold_from(differences, options.method) if options.diff is None else options.diff
    parts = [part for run in found for part in series(run.takes, run.differences, threshold)]
    return parts, threshold if differences else None, len(in_doubt(differences, options.method))


def _runs(shots: Sequence[Take], options: RankingOptions, left: _Left, progress: Progress) -> Iterator[_Run]:
    """The takes of each stretch that metadata allow to be one series, compared with their neighbours."""
    numbered = [number for number, stretch in enumerate(runs(shots)) for _ in stretch]
    looked = zip(numbered, _looked(shots, options, left, progress), strict=True)
    for _, stretch in groupby(looked, key=lambda one: one[0]):
        run = _Run()
        joined = join_brackets(glance for _, glance in stretch if glance is not None)
        run.differences += differences_in_sequence(_kept(joined, run, options, left))
        yield run


def _kept(
    joined: Iterable[tuple[Take, Signature | None]], run: _Run, options: RankingOptions, left: _Left
) -> Iterator[Signature | None]:
    """What those takes are compared by that are not left out, which become the takes of the run."""
    for take, signature in joined:
        if not _left_out(take, options, left):
            run.takes.append(take)
            yield signature


def _views(
    shots: Sequence[Take], options: RankingOptions, left: _Left, progress: Progress, exposures: Path | None
) -> tuple[list[list[Take]], None, int]:
    """The takes of each view as `hdrkit group` finds it, in sequence; the frames of an exposure bracket are one take.

    Where what grouping takes for a bracket is none as a whole, brackets in it are found as in any other sequence.
    """
    from hdrkit.pipeline.group import group

    seen: dict[Path, tuple[Take, Frame]] = {}  # in sequence
    for glance in _looked(shots, options, left, progress):
        if glance is not None:
            seen[glance.frame.photo.path] = glance.shot, glance.frame
    if not seen:
        return [], None, 0
    grouped = group(list(seen), GroupingOptions(IngestOptions(max_workers=options.workers)), progress, exposures)
    left.unreadable += grouped.unreadable
    order = {path: number for number, path in enumerate(seen)}
    views: dict[str, list[Take]] = {}
    for cluster in grouped.clusters:
        paths = [member.photo.path for member in cluster.members]
        shots = [seen[path][0] for path in paths]
        bracket = cluster.kind is Kind.BRACKET
        if cluster.kind in _RATED_AS_ONE or (bracket and is_bracket([seen[path][1] for path in paths])):
            raws = tuple(raw for shot in shots for raw in shot.companions)
            takes = [Take(tuple(shot.shown for shot in shots), cluster.reference, raws)]
        elif bracket:
            again = glances([seen[path][0] for path in sorted(paths, key=order.__getitem__)], options)
            takes = [take for take, _ in join_brackets(glance for glance, _ in again if glance is not None)]
        else:
            takes = shots
        views.setdefault(cluster.view, []).extend(takes)
    found = [*views.values(), *([seen[member.photo.path][0]] for member in grouped.unassigned)]
    in_order = [sorted(view, key=lambda take: order[take.shown.path]) for view in found]
    return [kept for view in in_order if (kept := [take for take in view if not _left_out(take, options, left)])], None, 0


def _left_out(take: Take, options: RankingOptions, left: _Left) -> bool:
    """Whether a take is left out because any photograph of it is rated: of a bracket the reference carries the stars."""
    if not options.exclude:
        return False
    rated = any(_is_rated(photo.path, options.sidecar) for photo in (*take.photos, *take.companions))
    left.excluded += [take] if rated else []
    return rated


def _is_rated(photo: Path, sidecar: Sidecar) -> bool:
    """Whether a photograph has a sidecar, or stars inside."""
    beside = sidecar_path(photo, sidecar)
    return (beside is not None and beside.exists()) or embedded_rating(photo) is not None
