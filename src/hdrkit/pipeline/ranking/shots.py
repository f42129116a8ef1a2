"""Files -> photographs -> shots in sequence. Each is a take of its own until brackets are found."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.formats.metadata import read_photo
from hdrkit.imaging.threads import ahead
from hdrkit.inputs.lists import ExposureList
from hdrkit.inputs.own_results import without_own_results
from hdrkit.pipeline.ranking.left import Left
from hdrkit.ranking.options import RankingOptions
from hdrkit.ranking.takes import in_sequence, pair_up
from hdrkit.types import Failure, Photo, Progress, Take

READING = "reading metadata"


def shots_of(paths: Sequence[Path], listed: ExposureList, options: RankingOptions, left: Left, progress: Progress) -> list[Take]:
    """The shots of these files in sequence, with the exposures that are listed for them.

    Files that cannot be read, and a note on pictures that hdrkit itself made, are added to `left`.
    """
    photos, own = without_own_results(_photos(paths, options, left, progress))
    left.notes += [own] if own else []
    return pair_up(in_sequence(list(listed.applied(photos))))


def _photos(paths: Sequence[Path], options: RankingOptions, left: Left, progress: Progress) -> list[Photo]:
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
