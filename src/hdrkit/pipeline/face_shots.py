"""Photographs -> shots: the files of one press of the shutter, and the frames of one exposure bracket, are one.

A face of a bracket is judged once, on the frame that shows it best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from hdrkit.cache.index import Cache
from hdrkit.faces.clearness import clearness, same_place
from hdrkit.pipeline.ranking.takes import glances, join_brackets
from hdrkit.ranking.brackets import MeteredPhoto, may_continue
from hdrkit.ranking.options import RankingOptions
from hdrkit.ranking.takes import in_sequence, pair_up
from hdrkit.types import Drive, Photo, SeenFace, Take

_VERSION = "frames of one bracket 1"
_FEWEST = 3  # frames of a bracket, if the camera does not say that it is one
_SAME_PLACE = 0.75  # largest distance of a face in two frames, relative to its size


def shots_of_photos(photos: Sequence[Photo], digests: Mapping[Photo, bytes], cache: Cache, workers: int) -> list[Take]:
    """The shots of photographs in sequence. Whether frames are a bracket is looked up in the cache, or seen in their pixels."""
    shots: list[Take] = []
    for stretch in _stretches(pair_up(in_sequence(photos))):
        shots += _joined(stretch, digests, cache, workers) if _may_be_bracket(stretch) else stretch
    return shots


def _stretches(takes: Sequence[Take]) -> Iterator[list[Take]]:
    """Takes in sequence, divided where metadata alone show that no bracket goes on."""
    run = list(takes[:1])
    for before, take in pairwise(takes):
        if not _may_go_on(before.shown, take.shown):
            yield run
            run = []
        run.append(take)
    if run:
        yield run


def _may_go_on(before: Photo, photo: Photo) -> bool:
    stated = all(one.exposure is not None and one.exposure.in_seconds for one in (before, photo))
    named = all(one.drive is Drive.EXPOSURE_BRACKET for one in (before, photo))
    return (stated or named) and may_continue([MeteredPhoto(before, np.nan)], MeteredPhoto(photo, np.nan))


def _may_be_bracket(stretch: Sequence[Take]) -> bool:
    fewest = 2 if all(take.shown.drive is Drive.EXPOSURE_BRACKET for take in stretch) else _FEWEST
    return len(stretch) >= fewest


def _joined(stretch: list[Take], digests: Mapping[Photo, bytes], cache: Cache, workers: int) -> list[Take]:
    """The takes of a stretch, with the frames of each bracket in one. The cache keeps which neighbours are joined."""
    pairs = [(digests[a.shown], digests[b.shown]) for a, b in pairwise(stretch)]
    figures, known = cache.evidence(_VERSION, pairs, 1)
    if not known.all():
        looked = [glance for glance, _ in glances(stretch, RankingOptions(workers=workers)) if glance is not None]
        bracket_of = {photo: k for k, (take, _) in enumerate(join_brackets(looked)) for photo in take.photos}
        own = [bracket_of.get(take.shown, -1 - k) for k, take in enumerate(stretch)]
        figures = np.array([[float(a == b)] for a, b in pairwise(own)], np.float32)
        cache.keep_evidence(_VERSION, pairs, figures)
    takes = stretch[:1]
    for take, (joined,) in zip(stretch[1:], figures, strict=True):
        if joined > 0.5:
            last = takes[-1]
            takes[-1] = Take((*last.photos, *take.photos), 0, (*last.companions, *take.companions))
        else:
            takes.append(take)
    return takes


def best_faces(frames: Sequence[Sequence[SeenFace]]) -> list[tuple[int, int]]:
    """Of the faces of the frames of one shot each once: (frame, place) of where it is shown best."""
    every = sorted(((-clearness(face), frame, place) for frame, faces in enumerate(frames) for place, face in enumerate(faces)))
    chosen: list[tuple[int, int]] = []
    for _, frame, place in every:
        face = frames[frame][place]
        known = (frames[f][p] for f, p in chosen if f != frame)
        if not any(same_place(face, other) <= _SAME_PLACE for other in known):
            chosen.append((frame, place))
    return sorted(chosen)
