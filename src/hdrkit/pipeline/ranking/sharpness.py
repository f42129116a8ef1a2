"""Series -> ranked series. Each series is decoded, measured and ranked in turn. Its pictures are not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.formats.half_size import read_half
from hdrkit.imaging.threads import ahead
from hdrkit.ranking.comparison import compared_sharpness, single_sharpness
from hdrkit.ranking.detail import Detail, measure_detail
from hdrkit.ranking.measures import laplacian_variance
from hdrkit.ranking.options import Measure, RankingOptions
from hdrkit.ranking.registration import Lattice, Outline, outline
from hdrkit.ranking.stars import rank_groups
from hdrkit.types import Failure, RankedTake, Take


@dataclass(frozen=True)
class _Half:
    """A take in half its size."""

    pixels: NDArray[np.uint8]
    outline: Outline
    laplacian: float


def rank_series(
    found: Sequence[Sequence[Take]], options: RankingOptions, unreadable: list[Failure], progress: Callable[[int, int], None]
) -> Iterator[tuple[RankedTake, ...]]:
    """Each series from sharp to soft, named by its number. Takes that cannot be decoded are left out and go to `unreadable`.

    `progress` receives the number of decoded takes and their total.
    """
    numbered = [(number, take) for number, takes in enumerate(found) for take in takes]
    decoded_takes = ranked_series = 0
    with ThreadPoolExecutor(options.workers) as pool:
        decoded = ahead(pool, lambda one: _half(one[1], options.measure), numbered, 2 * options.workers)
        for _, members in groupby(zip(numbered, decoded, strict=True), key=lambda pair: pair[0][0]):
            lattice = Lattice()
            takes: list[Take] = []
            pending: list[Future[Detail]] = []
            laplacians = []
            for (_, take), half in members:
                if isinstance(half, InputError):
                    unreadable.append(Failure(take.shown.path, str(half)))
                else:
                    takes.append(take)
                    pending.append(pool.submit(measure_detail, half.pixels, *lattice.locate(half.outline)))
                    laplacians.append(half.laplacian)
                decoded_takes += 1
                progress(decoded_takes, len(numbered))
            if takes:
                values = laplacians if options.measure is Measure.LAPLACIAN else None
                yield _ranked(f"group_{ranked_series}", takes, [one.result() for one in pending], values, options.max_rank)
                ranked_series += 1


def _half(take: Take, measure: Measure) -> _Half | InputError:
    try:
        pixels = read_half(take.shown)
    except InputError as error:
        return error
    return _Half(pixels, outline(pixels), laplacian_variance(pixels) if measure is Measure.LAPLACIAN else 0.0)


def _ranked(
    name: str, takes: Sequence[Take], details: Sequence[Detail], laplacians: Sequence[float] | None, max_rank: int
) -> tuple[RankedTake, ...]:
    """A series from sharp to soft, by the variance of the Laplacian if given. Takes that show nothing are last."""
    values = compared_sharpness(details)
    if laplacians is not None:
        values = np.where([np.isnan(single_sharpness(detail)) for detail in details], np.nan, laplacians)
    [ranks] = rank_groups([values.tolist()], max_rank)
    order = sorted(range(len(takes)), key=lambda k: ranks[k].rank)
    best = details[order[0]]
    ranked = []
    for k in order:
        detail = details[k]
        focus = detail.pixel_of(best.subject() if detail.view == best.view else detail.subject())
        ranked.append(RankedTake(takes[k], name, ranks[k].rank, float(values[k]), ranks[k].stars, focus))
    return tuple(ranked)
