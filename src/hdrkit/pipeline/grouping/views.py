"""Photographs with descriptors -> candidate pairs -> evidence -> views."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.cache.index import Cache
from hdrkit.grouping.evidence.compare import COLUMNS, VERSION, compare
from hdrkit.grouping.evidence.facts import dividing_gaps, metadata_log_odds
from hdrkit.grouping.evidence.learned import shortened
from hdrkit.grouping.options import GroupingOptions
from hdrkit.grouping.views.candidates import candidates, merged, time_neighbours
from hdrkit.grouping.views.find import NEIGHBOURS, Decided, Prior, Views, find_views
from hdrkit.pipeline.grouping.ingest import Ingested
from hdrkit.types import Photo, Progress

COMPARING = "comparing photographs"
_TIME_NEIGHBOURS = 2
_PAIRS_AT_ONCE = 1024


def views_of(ingested: Ingested, options: GroupingOptions, decided: Decided, cache: Cache, progress: Progress) -> Views:
    """The views of all photographs. Each content is compared once; its copies join its view."""
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
    """The evidence of pairs of contents. Pairs that the cache knows are not compared again."""
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
