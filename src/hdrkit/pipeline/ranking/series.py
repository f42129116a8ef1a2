"""Shots in sequence -> series of takes: neighbours that look similar, or all takes of one view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from hdrkit.grouping.options import GroupingOptions, IngestOptions
from hdrkit.pipeline.ranking.left import Left, left_out
from hdrkit.pipeline.ranking.takes import Glance, glances, join_brackets
from hdrkit.ranking.brackets import MeteredPhoto, is_bracket
from hdrkit.ranking.options import RankingOptions, SeriesMethod
from hdrkit.ranking.similarity import Signature, differences_in_sequence, in_doubt, threshold_from
from hdrkit.ranking.takes import runs, series
from hdrkit.types import Kind, Progress, Take

LOOKING = "looking for series"
_RATED_AS_ONE = (Kind.FLASH_AMBIENT, Kind.FOCUS_BRACKET)


@dataclass(frozen=True)
class FoundSeries:
    """Series of takes in sequence, without those that are left out.

    `threshold` is the difference that separates neighbours, None if none was needed. `doubtful` counts differences in doubt.
    """

    series: list[list[Take]]
    threshold: float | None = None
    doubtful: int = 0


@dataclass
class _Stretch:
    """Takes in sequence whose metadata allow one series, and the differences between neighbours."""

    takes: list[Take] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)


def find_series(
    shots: Sequence[Take], options: RankingOptions, left: Left, progress: Progress, exposures: Path | None = None
) -> FoundSeries:
    """The series among shots in sequence, by the method of the options. Takes and files that are not ranked are added to `left`.

    `exposures` is a list that replaces exposures of the metadata; only the method `view` needs it.
    """
    if options.method is SeriesMethod.VIEW:
        return _by_view(shots, options, left, progress, exposures)
    return _alike(shots, options, left, progress)


def _alike(shots: Sequence[Take], options: RankingOptions, left: Left, progress: Progress) -> FoundSeries:
    """Series of neighbours that look similar."""
    found = list(_runs(shots, options, left, progress))
    differences = [value for run in found for value in run.differences]
    threshold = threshold_from(differences, options.method) if options.diff is None else options.diff
    parts = [part for run in found for part in series(run.takes, run.differences, threshold)]
    return FoundSeries(parts, threshold if differences else None, len(in_doubt(differences, options.method)))


def _runs(shots: Sequence[Take], options: RankingOptions, left: Left, progress: Progress) -> Iterator[_Stretch]:
    """The takes of each stretch that may be one series according to metadata, compared with their neighbours."""
    numbered = [number for number, stretch in enumerate(runs(shots)) for _ in stretch]
    looked = zip(numbered, _looked(shots, options, left, progress), strict=True)
    for _, stretch in groupby(looked, key=lambda one: one[0]):
        run = _Stretch()
        joined = join_brackets(glance for _, glance in stretch if glance is not None)
        run.differences += differences_in_sequence(_kept(joined, run, options, left))
        yield run


def _kept(
    joined: Iterable[tuple[Take, Signature | None]], run: _Stretch, options: RankingOptions, left: Left
) -> Iterator[Signature | None]:
    """The signatures of the takes that are not left out. These takes are added to the run."""
    for take, signature in joined:
        if not left_out(take, options, left):
            run.takes.append(take)
            yield signature


def _by_view(
    shots: Sequence[Take], options: RankingOptions, left: Left, progress: Progress, exposures: Path | None
) -> FoundSeries:
    """The takes of each view of `hdrkit group`, in sequence. The frames of an exposure bracket are one take.

    If a bracket of grouping is not a bracket as a whole, brackets inside it are found as in any other sequence.
    """
    from hdrkit.pipeline.group import group

    by_path: dict[Path, tuple[Take, MeteredPhoto]] = {}  # in sequence
    for glance in _looked(shots, options, left, progress):
        if glance is not None:
            by_path[glance.frame.photo.path] = glance.shot, glance.frame
    if not by_path:
        return FoundSeries([])
    grouped = group(list(by_path), GroupingOptions(IngestOptions(max_workers=options.workers)), progress, exposures)
    left.unreadable += grouped.unreadable
    order = {path: number for number, path in enumerate(by_path)}
    views: dict[str, list[Take]] = {}
    for cluster in grouped.clusters:
        paths = [member.photo.path for member in cluster.members]
        shots = [by_path[path][0] for path in paths]
        bracket = cluster.kind is Kind.BRACKET
        if cluster.kind in _RATED_AS_ONE or (bracket and is_bracket([by_path[path][1] for path in paths])):
            raws = tuple(raw for shot in shots for raw in shot.companions)
            takes = [Take(tuple(shot.shown for shot in shots), cluster.reference, raws)]
        elif bracket:
            again = glances([by_path[path][0] for path in sorted(paths, key=order.__getitem__)], options)
            takes = [take for take, _ in join_brackets(glance for glance, _ in again if glance is not None)]
        else:
            takes = shots
        views.setdefault(cluster.view, []).extend(takes)
    found = [*views.values(), *([by_path[member.photo.path][0]] for member in grouped.unassigned)]
    in_order = [sorted(view, key=lambda take: order[take.shown.path]) for view in found]
    return FoundSeries([kept for view in in_order if (kept := [take for take in view if not left_out(take, options, left)])])


def _looked(shots: Sequence[Take], options: RankingOptions, left: Left, progress: Progress) -> Iterator[Glance | None]:
    """A glance at each shot, in order; None for a shot that cannot be read."""
    for done, (glance, failures) in enumerate(glances(shots, options)):
        left.unreadable += failures
        progress(LOOKING, done + 1, len(shots))
        yield glance
