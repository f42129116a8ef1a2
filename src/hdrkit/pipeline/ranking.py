"""Photographs -> series -> sharpness -> stars in sidecars: the way of `hdrkit rank`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.grouping.settings import GroupingOptions, IngestOptions
from hdrkit.io.artifacts import counted, plain
from hdrkit.io.discover import discover
from hdrkit.io.half_size import read_half
from hdrkit.io.metadata import read_photo
from hdrkit.io.rating_journal import Journal, Plan
from hdrkit.io.ratings import Sidecar, sidecar_path
from hdrkit.ranking.comparison import compared_sharpness
from hdrkit.ranking.detail import Detail, measure_detail
from hdrkit.ranking.measures import laplacian_variance
from hdrkit.ranking.options import Measure, Method, RankingOptions
from hdrkit.ranking.registration import Lattice, Outline, outline
from hdrkit.ranking.similarity import Signature, difference, signature_of, threshold_from
from hdrkit.ranking.stars import rank_groups
from hdrkit.ranking.takes import in_sequence, join_brackets, pair_up, same_circumstances, series
from hdrkit.types import Kind, Photo, RankedTake, RankingReport, RankingResult, Rated, Take, Unreadable

Progress = Callable[[str, int, int], None]
READING, LOOKING = "reading metadata", "measuring sharpness"
_RATED_AS_ONE = (Kind.BRACKET, Kind.FLASH_AMBIENT, Kind.FOCUS_BRACKET)
Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class _Look:
    """What was seen of a photograph."""

    signature: Signature
    detail: Detail
    laplacian: float


def rank(
    inputs: Path | str | Sequence[Path | str], options: RankingOptions | None = None, progress: Progress | None = None
) -> RankingResult:
    """Find the series among the photographs under `inputs` (files or folders), and the sharpest of each; nothing is written.

    A single bad file is in the result as unreadable. Raises InputError where there are no photographs, or none is readable.
    """
    options, progress = options or RankingOptions(), progress or (lambda *_: None)
    seconds: dict[str, float] = {}
    notes: list[str] = []
    found = discover(inputs)
    with _timed(seconds, "metadata"):
        photos, unreadable = _photos(found.paths, options, progress)
    takes = pair_up(in_sequence(photos))
    if options.method is Method.VIEW:
        with _timed(seconds, "grouping"):
            runs = _views(takes, options, progress)
    else:
        runs = list(_runs(join_brackets(takes)))
    excluded = [take for run in runs for take in run if options.exclude and _has_sidecar(take, options.sidecar)]
    runs = [left for run in runs if (left := [take for take in run if take not in excluded])]
    with _timed(seconds, "sharpness"):
        looks, unseen = _looks(runs, options, progress)
    unreadable += unseen
    runs = [seen for run in runs if (seen := [take for take in run if take.shown in looks])]
    if unreadable and not (runs or excluded):
        more = f"none of {len(unreadable)} files is readable; the first: " if len(unreadable) > 1 else ""
        raise InputError(more + unreadable[0].reason)
    threshold = None
    if options.method is not Method.VIEW:
        runs, threshold = _series(runs, looks, options)
    if pairs := sum(len(take.companions) for take in takes):
        notes.append(f"{counted(pairs, 'RAW file')} beside pictures of the same name: rated as they are")
    groups = tuple(_ranked(f"group_{number}", run, looks, options) for number, run in enumerate(runs))
    left_out = tuple(photo.path for take in excluded for photo in (*take.photos, *take.companions))
    report = RankingReport(plain(options), threshold, seconds, tuple(notes), found.ignored, left_out)
    return RankingResult(groups, tuple(sorted(unreadable, key=lambda bad: str(bad.path))), report)


def rate(
    result: RankingResult, options: RankingOptions, journal: Journal, dry_run: bool = False, progress: Progress | None = None
) -> tuple[Rated, ...]:
    """Write the stars of a ranking into sidecars, and say of each file what became of it; with `dry_run` what would.

    The frames of a bracket get none but for its reference. Raises OutputError where the journal cannot be written.
    """
    wanted = [line for group in result.groups for line in _wanted(group)]
    sidecars = [sidecar_path(photo.path.absolute(), options.sidecar) for _, photo, _, _ in wanted]
    plans: dict[Path, Plan] = {}
    with ThreadPoolExecutor(options.workers) as pool:
        asked = [
            (sidecar, stars) for sidecar, (_, _, stars, _) in zip(sidecars, wanted, strict=True) if sidecar and stars is not None
        ]
        planned = pool.map(lambda one: journal.plan(one[0], one[1], options.overwrite), asked)
        for done, ((beside, _), plan) in enumerate(zip(asked, planned, strict=True)):
            plans.setdefault(beside, plan)
            if progress:
                progress("reading ratings", done + 1, len(asked))
    entries = {beside: plan.entry for beside, plan in plans.items() if plan.entry}
    failures = {} if dry_run else journal.write(entries, options.workers)
    rated = []
    for (take, photo, stars, why), sidecar in zip(wanted, sidecars, strict=True):
        written, failed = False, False
        if stars is not None and sidecar is None:
            why = f"{why}; not written: Lightroom reads no sidecar of such a file"
        elif stars is not None and sidecar is not None:
            plan = plans[sidecar]
            failed = plan.failed or sidecar in failures
            written = plan.entry is not None and not failed
            why = f"{why}; {failures.get(sidecar) or plan.reason}"
        value = None if np.isnan(take.sharpness) else take.sharpness
        rated.append(Rated(photo, take.group, take.rank, value, stars, written, why, failed))
    return tuple(rated)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _has_sidecar(take: Take, sidecar: Sidecar) -> bool:
    """Whether any photograph of a take has one: of a bracket the reference carries it."""
    beside = [sidecar_path(photo.path, sidecar) for photo in (*take.photos, *take.companions)]
    return any(path is not None and path.exists() for path in beside)


def _photos(paths: Sequence[Path], options: RankingOptions, progress: Progress) -> tuple[list[Photo], list[Unreadable]]:
    photos, unreadable = [], []
    with ThreadPoolExecutor(options.workers) as pool:
        for done, (path, found) in enumerate(zip(paths, _ahead(pool, _photo, paths, options.workers), strict=True)):
            if isinstance(found, Photo):
                photos.append(found)
            else:
                unreadable.append(Unreadable(path, str(found)))
            progress(READING, done + 1, len(paths))
    return photos, unreadable


def _photo(path: Path) -> Photo | InputError:
    try:
        return read_photo(path)
    except InputError as error:
        return error


def _ahead(pool: ThreadPoolExecutor, function: Callable[[Item], Value], items: Iterable[Item], workers: int) -> Iterator[Value]:
    """The function of each item, in order; the pool works a few items ahead and no more, so that memory stays bounded."""
    pending: deque[Future[Value]] = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) > 2 * workers:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _views(takes: Sequence[Take], options: RankingOptions, progress: Progress) -> list[list[Take]]:
    """The takes of each view, in sequence; brackets as `hdrkit group` finds them."""
    from hdrkit.pipeline.grouping import group

    if not takes:
        return []
    take_of = {take.shown: take for take in takes}
    grouped = group([take.shown.path for take in takes], GroupingOptions(IngestOptions(max_workers=options.workers)), progress)
    views: dict[str, list[Take]] = {}
    for cluster in grouped.clusters:
        members = [take_of[member.photo] for member in cluster.members]
        if cluster.kind in _RATED_AS_ONE:
            raws = tuple(raw for take in members for raw in take.companions)
            members = [Take(tuple(take.shown for take in members), cluster.reference, raws)]
        views.setdefault(cluster.view, []).extend(members)
    alone = [[take_of[member.photo]] for member in grouped.unassigned]
    order = {photo: number for number, photo in enumerate(in_sequence(take_of))}
    return [sorted(view, key=lambda take: order[take.shown]) for view in (*views.values(), *alone)]


def _runs(takes: Sequence[Take]) -> Iterator[list[Take]]:
    """Takes in sequence, parted where metadata alone tell that a series ends."""
    run = list(takes[:1])
    for before, take in pairwise(takes):
        if not same_circumstances(before.shown, take.shown):
            yield run
            run = []
        run.append(take)
    if run:
        yield run


def _looks(
    runs: Sequence[Sequence[Take]], options: RankingOptions, progress: Progress
) -> tuple[dict[Photo, _Look], list[Unreadable]]:
    """What is seen of each take, every file decoded once; each run is on lattices of its own."""
    shown = [(number, take.shown) for number, run in enumerate(runs) for take in run]
    looks: dict[Photo, tuple[Signature, Future[Detail], float]] = {}
    unreadable = []
    lattice, current = Lattice(), 0

    def seen(one: tuple[int, Photo]) -> tuple[NDArray[np.uint8], Outline, Signature, float] | InputError:
        try:
            half = read_half(one[1])
        except InputError as error:
            return error
        laplacian = laplacian_variance(half) if options.measure is Measure.LAPLACIAN else 0.0
        return half, outline(half), signature_of(half, options.method), laplacian

    with ThreadPoolExecutor(options.workers) as pool:
        for done, ((number, photo), found) in enumerate(zip(shown, _ahead(pool, seen, shown, options.workers), strict=True)):
            if number != current:
                lattice, current = Lattice(), number
            if isinstance(found, InputError):
                unreadable.append(Unreadable(photo.path, str(found)))
            else:
                half, outlined, signature, laplacian = found
                looks[photo] = signature, pool.submit(measure_detail, half, *lattice.place(outlined)), laplacian
            progress(LOOKING, done + 1, len(shown))
    seen_of = {photo: _Look(signature, detail.result(), laplacian) for photo, (signature, detail, laplacian) in looks.items()}
    return seen_of, unreadable


def _series(runs: Sequence[Sequence[Take]], looks: dict[Photo, _Look], options: RankingOptions) -> tuple[list[list[Take]], float]:
    """Runs parted into series, and the difference at which they are."""
    differences = [[difference(looks[a.shown].signature, looks[b.shown].signature) for a, b in pairwise(run)] for run in runs]
    threshold = options.diff
    if threshold is None:
        threshold = threshold_from([value for run in differences for value in run], options.method)
    return [part for run, apart in zip(runs, differences, strict=True) for part in series(run, apart, threshold)], threshold


def _ranked(name: str, takes: Sequence[Take], looks: dict[Photo, _Look], options: RankingOptions) -> tuple[RankedTake, ...]:
    """A group from sharp to soft."""
    details = [looks[take.shown].detail for take in takes]
    by_laplacian = options.measure is Measure.LAPLACIAN
    values = [looks[take.shown].laplacian for take in takes] if by_laplacian else compared_sharpness(details).tolist()
    [ranks] = rank_groups([values], options.max_rank)
    order = sorted(range(len(takes)), key=lambda k: ranks[k].rank)
    best = details[order[0]]
    ranked = []
    for k in order:
        detail = details[k]
        focus = detail.pixel_of(best.subject() if detail.view == best.view else detail.subject())
        ranked.append(RankedTake(takes[k], name, ranks[k].rank, float(values[k]), ranks[k].stars, focus))
    return tuple(ranked)


def _wanted(group: Sequence[RankedTake]) -> Iterator[tuple[RankedTake, Photo, int | None, str]]:
    """The files of a group, each with the stars that it should have, and why."""
    for ranked in group:
        place = "sharpest" if ranked.rank == 1 else f"number {ranked.rank} in sharpness"
        place = "without a rival" if len(group) == 1 else f"{place} of {len(group)}"
        take, shown = ranked.take, ranked.take.shown
        of_bracket = f"reference of a bracket of {len(take.photos)}, " if len(take.photos) > 1 else ""
        for photo in (*take.photos, *take.companions):
            if photo == shown:
                yield ranked, photo, ranked.stars, of_bracket + place
            elif photo.path.with_suffix("") == shown.path.with_suffix(""):
                yield ranked, photo, ranked.stars, f"as {shown.path.name}"
            else:
                yield ranked, photo, None, f"of the bracket whose stars {shown.path.name} carries"
