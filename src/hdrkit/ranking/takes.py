"""Photographs -> takes: what was made by one decision of the photographer, and is rated as one.

A RAW file and the JPEG beside it are one photograph. Frames of an exposure bracket are one take, told from metadata: the camera
says that it brackets, or exposures that are all different follow each other within seconds over more than a stop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC
from itertools import pairwise

from hdrkit.io.discover import RAW_SUFFIXES
from hdrkit.types import Drive, Photo, Take

_RAPID_S = 2.0  # between the end of an exposure and the next of the same bracket
_FEWEST, _LEAST_RANGE_EV, _SAME_EV = 3, 1.3, 0.2  # of a bracket that the camera does not name


def in_sequence(photos: Iterable[Photo]) -> list[Photo]:
    """Photographs camera by camera, in order of time, of exposure count and of name."""
    return sorted(photos, key=_order)


def _order(photo: Photo) -> tuple[str, str, float, int, str]:
    taken = 0.0 if photo.taken_at is None else photo.taken_at.replace(tzinfo=photo.taken_at.tzinfo or UTC).timestamp()
    return photo.camera, photo.serial, taken, photo.shutter_count or 0, str(photo.path)


def pair_up(photos: Iterable[Photo]) -> list[Take]:
    """A take for each photograph, with RAW files as companions of the picture of the same name beside them."""
    beside: dict[tuple[str, str], list[Photo]] = defaultdict(list)
    for photo in photos:
        beside[str(photo.path.parent), photo.path.stem.casefold()].append(photo)
    takes = []
    for together in beside.values():
        raws = [photo for photo in together if photo.path.suffix.lower() in RAW_SUFFIXES]
        pictures = [photo for photo in together if photo not in raws]
        if len(pictures) == 1 and raws:
            takes.append(Take((pictures[0],), companions=tuple(raws)))
        else:
            takes += [Take((photo,)) for photo in together]
    return takes


def join_brackets(takes: Sequence[Take]) -> list[Take]:
    """Takes of one frame each, in sequence, with the frames of each exposure bracket made one."""
    joined: list[Take] = []
    run: list[Take] = []
    for take in takes:
        if run and not _continues(run, take):
            joined += _bracket(run)
            run = []
        run.append(take)
    return joined + _bracket(run)


def _continues(run: Sequence[Take], take: Take) -> bool:
    """Whether a frame may be of the same bracket as those before it: soon after, by one camera, at an exposure of its own."""
    last, next_one = run[-1].photos[0], take.photos[0]
    if not (last.taken_at and next_one.taken_at and last.exposure and next_one.exposure):
        return False
    if (last.camera, last.lens, last.drive) != (next_one.camera, next_one.lens, next_one.drive):
        return False
    if (last.taken_at.tzinfo is None) != (next_one.taken_at.tzinfo is None):
        return False
    pause = (next_one.taken_at - last.taken_at).total_seconds() - last.exposure.time_s
    own = next_one.exposure.relative
    others = [other.photos[0].exposure.relative for other in run if other.photos[0].exposure]
    return pause <= _RAPID_S and all(max(own, other) >= 2**_SAME_EV * min(own, other) for other in others)


def _bracket(run: Sequence[Take]) -> list[Take]:
    """A run of different exposures as one take, or as they are where it is none."""
    exposures = [take.photos[0].exposure.relative for take in run if take.photos[0].exposure]
    named = bool(run) and run[0].photos[0].drive is Drive.EXPOSURE_BRACKET
    if len(run) < 2 or not (named or (len(run) >= _FEWEST and max(exposures) >= 2**_LEAST_RANGE_EV * min(exposures))):
        return list(run)
    order = sorted(range(len(run)), key=lambda k: exposures[k])
    middle = order[(len(order) - 1) // 2]
    photos = tuple(take.photos[0] for take in run)
    return [Take(photos, middle, tuple(raw for take in run for raw in take.companions))]


def same_circumstances(a: Photo, b: Photo) -> bool:
    """Whether metadata allow two photographs to be of one series: one camera, lens and day, one shape of the picture."""
    days = [photo.taken_at.date() if photo.taken_at else None for photo in (a, b)]
    return (a.camera, a.serial, a.lens, a.width, a.height, days[0]) == (b.camera, b.serial, b.lens, b.width, b.height, days[1])


def series(takes: Sequence[Take], differences: Sequence[float], threshold: float) -> list[list[Take]]:
    """Takes in sequence, parted where the difference of two neighbours is above the threshold."""
    groups: list[list[Take]] = [[take] for take in takes[:1]]
    for (_, take), apart in zip(pairwise(takes), differences, strict=True):
        if apart <= threshold:
            groups[-1].append(take)
        else:
            groups.append([take])
    return groups
