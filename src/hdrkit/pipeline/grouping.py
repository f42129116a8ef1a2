"""Photographs -> views -> exposure sequences: every file in its place, with the reason."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.grouping.candidates import candidates, merged, time_neighbours
from hdrkit.grouping.clusters import form_clusters
from hdrkit.grouping.evidence import COLUMNS, VERSION, compare
from hdrkit.grouping.facts import dividing_gaps, metadata_log_odds
from hdrkit.grouping.learned import shortened
from hdrkit.grouping.settings import GroupingOptions
from hdrkit.grouping.views import NEIGHBOURS, Decided, Prior, Views, find_views
from hdrkit.io.artifacts import plain
from hdrkit.io.cache import Cache, open_cache
from hdrkit.io.discover import discover
from hdrkit.io.files import show
from hdrkit.io.pairs import read_pairs
from hdrkit.pipeline.ingest import Ingested, Progress, ingest
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
    with open_cache(options.ingest.cache) as cache:
        with _timed(seconds, "ingest"):
            ingested = ingest(found.paths, options, cache, progress)
        with _timed(seconds, "clustering"):
            views = _views(ingested, options, cache, progress)
        with _timed(seconds, "validation"):
            clusters, unassigned = form_clusters(ingested.photos, ingested.pictures, views, options.ingest.metadata)
    report = GroupingReport(plain(options), seconds, tuple(cache.notes), found.ignored)
    return GroupingResult(clusters, unassigned, ingested.unreadable, report)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _views(ingested: Ingested, options: GroupingOptions, cache: Cache, progress: Progress) -> Views:
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

    decided = Decided(*(_decided(ingested, path) for path in (options.clustering.must_link, options.clustering.cannot_link)))
    views = find_views(ingested.descriptors, nominated, measured, options.clustering, prior, decided)
    copies = np.setdiff1d(np.arange(len(ingested.photos)), first)
    copied = np.stack([first[ingested.content[copies]], copies], axis=1)
    evidence = views.evidence.and_copies(len(copies))
    pairs = np.concatenate([first[views.pairs], copied]).astype(np.int32)
    log_odds = np.concatenate([views.log_odds, evidence.log_odds()[len(views.pairs) :]])
    return Views(views.labels[ingested.content], pairs, evidence, log_odds)


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


def _decided(ingested: Ingested, listing: Path | None) -> NDArray[np.int32]:
    """The pairs of contents that a list names. Raises InputError for a path that is none of the photographs."""
    if listing is None:
        return np.zeros((0, 2), np.int32)
    content_of = {photo.path.resolve(): content for photo, content in zip(ingested.photos, ingested.content, strict=True)}
    pairs = set()
    for line, pair in read_pairs(listing):
        try:
            i, j = sorted(int(content_of[path.resolve()]) for path in pair)
        except KeyError:
            missing = next(path for path in pair if path.resolve() not in content_of)
            raise InputError(
                f"{show(listing)}, line {line}: {show(missing)} is none of the photographs; paths are relative to the list"
            ) from None
        if i != j:
            pairs.add((i, j))
    return np.array(sorted(pairs), np.int32).reshape(-1, 2)
