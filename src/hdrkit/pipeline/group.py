"""Photographs -> views -> exposure sequences: every file in its place, with the reason."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.cache.index import Cache, open_cache
from hdrkit.errors import InputError
from hdrkit.files.json_text import plain
from hdrkit.files.text import show
from hdrkit.grouping.evidence.compare import COLUMNS, VERSION, compare
from hdrkit.grouping.evidence.facts import dividing_gaps, metadata_log_odds
from hdrkit.grouping.evidence.learned import shortened
from hdrkit.grouping.options import ClusteringOptions, GroupingOptions
from hdrkit.grouping.sequences.clusters import form_clusters
from hdrkit.grouping.views.candidates import candidates, merged, time_neighbours
from hdrkit.grouping.views.find import NEIGHBOURS, Decided, Prior, Views, find_views
from hdrkit.inputs.discover import discover
from hdrkit.inputs.pairs import read_pairs
from hdrkit.pipeline.grouping.ingest import Ingested, Progress, ingest
from hdrkit.types import GroupingReport, GroupingResult, Photo

COMPARING = "comparing photographs"
_TIME_NEIGHBOURS = 2
_PAIRS_AT_ONCE = 1024


def group(
    inputs: Path | str | Sequence[Path | str], options: GroupingOptions | None = None, progress: Progress | None = None
) -> GroupingResult:
    """Find which photographs under `inputs` (files or folders) show one view, and which of those form an exposure bracket.

    The result does not depend on names, folders or the order of files. Raises InputError where there is no readable
    photograph, or a list of pairs is wrong; a single bad file is in the result as unreadable.
    """
    options, progress = options or GroupingOptions(), progress or (lambda *_: None)
    seconds: dict[str, float] = {}
    found = discover(inputs)
    notes: list[str] = []
    with open_cache(options.ingest.cache) as cache:
        with _timed(seconds, "ingest"):
            ingested = ingest(found.paths, options, cache, progress)
        with _timed(seconds, "clustering"):
            decided = _decided(ingested, options.clustering, notes)
            views = _views(ingested, options, decided, cache, progress)
        with _timed(seconds, "validation"):
            clusters, unassigned = form_clusters(
                ingested.photos, ingested.pictures, views, ingested.content, options.ingest.metadata
            )
    report = GroupingReport(plain(options), seconds, (*cache.notes, *notes), found.ignored)
    return GroupingResult(clusters, unassigned, ingested.unreadable, report)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _views(ingested: Ingested, options: GroupingOptions, decided: Decided, cache: Cache, progress: Progress) -> Views:
    """The views of all photographs: those of the different contents, each standing for its copies."""
    first = np.unique(ingested.content, return_index=True)[1]
    photos = [ingested.photos[k] for k in first]
    rows = ingested.descriptors.signature if ingested.features is None else shortened(ingested.features, options.embedding)
    nominated = candidates(rows, NEIGHBOURS)
    prior = None
    if options.ingest.metadata:
        nominated = merged(nominated, time_neighbours(photos, _TIME_NEIGHBOURS))
        prior = _metadata(photos)
    compared = 0

    def measured(pairs: NDArray[np.int32]) -> NDArray[np.float32]:
        nonlocal compared
        blocks = [np.zeros((0, COLUMNS), np.float32)]
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            progress(COMPARING, compared + start, compared + len(pairs))
            blocks.append(_measured(ingested, pairs[start : start + _PAIRS_AT_ONCE], options, cache))
        compared += len(pairs)
        progress(COMPARING, compared, compared)
        return np.concatenate(blocks)

    views = find_views(ingested.descriptors, nominated, measured, options.clustering, prior, decided)
    copies = np.setdiff1d(np.arange(len(ingested.photos)), first)
    copied = np.stack([first[ingested.content[copies]], copies], axis=1)
    evidence = views.evidence.and_copies(len(copies))
    pairs = np.concatenate([first[views.pairs], copied]).astype(np.int32)
    log_odds = np.concatenate([views.log_odds, evidence.log_odds()[len(views.pairs) :]])
    return Views(views.labels[ingested.content], pairs, evidence, log_odds, first[views.together].astype(np.int32))


def _measured(ingested: Ingested, pairs: NDArray[np.int32], options: GroupingOptions, cache: Cache) -> NDArray[np.float32]:
    """The evidence of pairs of contents, from the cache where it knows them."""
    version = f"evidence {VERSION} {options.ingest.target_size}"
    named = [(ingested.digests[i], ingested.digests[j]) for i, j in pairs]
    rows, known = cache.evidence(version, named, COLUMNS)
    rows[~known] = compare(ingested.descriptors, pairs[~known], options.ingest.max_workers)
    cache.keep_evidence(version, [pair for pair, old in zip(named, known, strict=True) if not old], rows[~known])
    return rows


def _metadata(photos: Sequence[Photo]) -> Prior:
    gaps = dividing_gaps(photos)

    def log_odds(pairs: NDArray[np.int32]) -> NDArray[np.float64]:
        return np.array([metadata_log_odds(photos[i], photos[j], gaps) for i, j in pairs], np.float64)

    return log_odds


def _decided(ingested: Ingested, options: ClusteringOptions, notes: list[str]) -> Decided:
    """The pairs of contents that the lists name. `notes` gains a line for each that equal content keeps from being obeyed."""
    must = {pair for _, pair, _ in _contents(ingested, options.must_link)}
    cannot = set()
    for where, (i, j), names in _contents(ingested, options.cannot_link):
        if i != j:
            cannot.add((i, j))
        else:
            notes.append(f"{where}: {names} have equal content and stay in one view")
    return Decided(*(np.array(sorted(pairs), np.int32).reshape(-1, 2) for pairs in (must, cannot)))


def _contents(ingested: Ingested, listing: Path | None) -> Iterator[tuple[str, tuple[int, int], str]]:
    """Where a list names a pair, the numbers of the two contents, and the names. Raises InputError for other paths."""
    content_of = {photo.path.resolve(): int(k) for photo, k in zip(ingested.photos, ingested.content, strict=True)}
    unreadable = {bad.path.resolve() for bad in ingested.unreadable}
    for line, pair in read_pairs(listing) if listing else ():
        where = f"{show(listing or '')}, line {line}"
        for path in pair:
            if path.resolve() in unreadable:
                raise InputError(f"{where}: {show(path)} cannot be read; take the line out, or copy the file again")
            if path.resolve() not in content_of:
                raise InputError(f"{where}: {show(path)} is none of the photographs; paths are relative to the list")
        i, j = sorted(content_of[path.resolve()] for path in pair)
        yield where, (i, j), " and ".join(show(path.name) for path in pair)
