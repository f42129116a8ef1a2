"""Stars of a ranking -> sidecars, with the result for each file: the second half of `hdrkit rank`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from hdrkit.files.text import show
from hdrkit.pipeline.star_ratings import Outcome, Wish, write_stars
from hdrkit.ranking.options import RankingOptions
from hdrkit.ranking.takes import same_shot
from hdrkit.types import Photo, Progress, RankedTake, RankingResult, Rated


def rate(
    result: RankingResult,
    options: RankingOptions,
    dry_run: bool = False,
    progress: Progress | None = None,
    held: Path | None = None,
) -> tuple[Rated, ...]:
    """Write the stars of a ranking into sidecars, and give the result for each file. With `dry_run` nothing is written.

    Of the frames of a bracket only the reference gets stars. The folders of photographs are processed one after the other, each
    locked; `held` is a folder that is locked already. `progress` counts the ratings that are as they should be.
    """
    wanted = [one for group in result.groups for one in _wishes(group)]
    outcomes = write_stars([wish for _, _, wish in wanted], options, dry_run, progress, held)
    return tuple(_rated(*one, outcome) for one, outcome in zip(wanted, outcomes, strict=True))


def _rated(ranked: RankedTake, photo: Photo, wish: Wish, outcome: Outcome) -> Rated:
    """The result for a file."""
    rank, value = (None, None) if np.isnan(ranked.sharpness) else (ranked.rank, ranked.sharpness)
    return Rated(photo, ranked.group, rank, value, wish.stars, outcome.written, outcome.reason, outcome.error)


def _wishes(group: Sequence[RankedTake]) -> Iterator[tuple[RankedTake, Photo, Wish]]:
    """The files of a group."""
    for ranked in group:
        take, shown = ranked.take, ranked.take.shown
        of_bracket = f"reference of a bracket of {len(take.photos)}, " if len(take.photos) > 1 else ""
        files = [photo.path for photo in (*take.photos, *take.companions)]
        for photo in (*take.photos, *take.companions):
            stars: int | None = ranked.stars
            if photo == shown:
                why = of_bracket + _standing(ranked, len(group))
            elif same_shot(photo.path, shown.path):
                why = f"as {show(shown.path.name)}"
            else:
                stars, why = None, f"of the bracket whose stars {show(shown.path.name)} carries"
            shot = tuple(path for path in files if path != photo.path and same_shot(path, photo.path))
            yield ranked, photo, Wish(photo.path, stars, why, shot, only_ours=bool(np.isnan(ranked.sharpness)))


def _standing(ranked: RankedTake, number: int) -> str:
    if np.isnan(ranked.sharpness):
        return "nothing to see in it"
    if number == 1:
        return "in no series"
    return f"{'sharpest' if ranked.rank == 1 else f'number {ranked.rank} in sharpness'} of {number}"
