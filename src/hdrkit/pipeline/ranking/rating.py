"""Stars of a ranking -> sidecars, with the result for each file: the second half of `hdrkit rank`."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdrkit.errors import HdrkitError
from hdrkit.files.text import show
from hdrkit.files.transport import real
from hdrkit.ranking.options import RankingOptions
from hdrkit.ranking.takes import same_shot
from hdrkit.sidecars.embedded import embedded_rating
from hdrkit.sidecars.journal import opened
from hdrkit.sidecars.sidecar import sidecar_path
from hdrkit.sidecars.steps import Plan
from hdrkit.types import Photo, Progress, RankedTake, RankingResult, Rated

RATING = "writing ratings"


@dataclass(frozen=True)
class _Wish:
    """A file of a series, with the stars that it should have (None for no rating), and why."""

    ranked: RankedTake
    photo: Photo
    stars: int | None
    why: str


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
    wishes = [wish for group in result.groups for wish in _wishes(group)]
    carriers: dict[Path, _Wish] = {}  # of two photographs with one sidecar the first
    beside: list[Path | None] = []
    for wish in wishes:
        sidecar = None if wish.stars is None else sidecar_path(real(wish.photo.path), options.sidecar)
        beside.append(sidecar)
        if sidecar is not None:
            carriers.setdefault(sidecar, wish)
    folders: dict[Path, dict[Path, _Wish]] = defaultdict(dict)
    for sidecar, wish in carriers.items():
        folders[sidecar.parent][sidecar] = wish
    plans: dict[Path, Plan] = {}
    done = _Count(progress, len(carriers))
    with ThreadPoolExecutor(options.workers) as pool:
        for folder, inside in folders.items():
            plans |= _rate_folder(folder, inside, options, dry_run, held, pool, done)
    return tuple(_rated(wish, sidecar, carriers, plans) for wish, sidecar in zip(wishes, beside, strict=True))


class _Count:
    """Counts the ratings that are as they should be, and reports each one to the progress."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self._done += 1
            if self._progress:
                self._progress(RATING, self._done, self._total)


def _rate_folder(
    folder: Path,
    wishes: dict[Path, _Wish],
    options: RankingOptions,
    dry_run: bool,
    held: Path | None,
    pool: Executor,
    done: Callable[[], None],
) -> dict[Path, Plan]:
    """The plan for each sidecar of a folder, with an error if it could not be written."""
    try:
        with opened(folder, dry_run, held) as journal:

            def plan(sidecar: Path, overwrite: bool = options.overwrite) -> Plan:
                wish = wishes[sidecar]
                shows_nothing = bool(np.isnan(wish.ranked.sharpness))
                return journal.plan(wish.photo.path, sidecar, wish.stars or 0, overwrite, only_ours=shows_nothing)

            def of_a_person(sidecar: Path) -> bool:
                planned = plans[sidecar]
                return not (planned.step or planned.error) and plan(sidecar, overwrite=True).step is not None

            plans = dict(zip(wishes, pool.map(plan, wishes), strict=True))
            if not options.overwrite:
                to_change = {sidecar: wishes[sidecar] for sidecar, planned in plans.items() if planned.step}
                plans |= _left_to_a_person(to_change, wishes, of_a_person)
            for planned in plans.values():
                if not planned.step and not planned.error:
                    done()
            if dry_run:
                return plans
            steps = {sidecar.name: planned.step for sidecar, planned in plans.items() if planned.step}
            failed = journal.carry_out(steps, pool, done)
    except HdrkitError as error:
        return dict.fromkeys(wishes, Plan(None, error=str(error)))
    return plans | {sidecar: Plan(None, error=failed[sidecar.name]) for sidecar in plans if sidecar.name in failed}


def _left_to_a_person(
    to_change: dict[Path, _Wish], wishes: dict[Path, _Wish], of_a_person: Callable[[Path], bool]
) -> dict[Path, Plan]:
    """Plans for the sidecars that stay as they are because a person rated another file of the same shot."""
    beside = {wish.photo.path: sidecar for sidecar, wish in wishes.items()}

    def rated(file: Path) -> bool:
        return of_a_person(beside[file]) if file in beside else embedded_rating(file) is not None

    plans = {}
    for sidecar, wish in to_change.items():
        take, own = wish.ranked.take, wish.photo.path
        others = (photo.path for photo in (*take.photos, *take.companions) if photo.path != own and same_shot(photo.path, own))
        if judged := next(filter(rated, others), None):
            plans[sidecar] = Plan(None, f"a person rated {show(judged.name)}, of the same shot")
    return plans


def _rated(wish: _Wish, sidecar: Path | None, carriers: dict[Path, _Wish], plans: dict[Path, Plan]) -> Rated:
    """The result for a file."""
    plan = Plan(None)
    if sidecar is not None:
        carrier, plan = carriers[sidecar], plans[sidecar]
        if carrier is not wish:
            plan = Plan(None, f"not written: {sidecar.name} carries the stars of {carrier.photo.path.name}")
    elif wish.stars is not None:
        plan = Plan(None, "not written: Lightroom does not read sidecars of such files")
    reason = "; ".join(filter(None, (wish.why, plan.reason, plan.error)))
    rank, value = (None, None) if np.isnan(wish.ranked.sharpness) else (wish.ranked.rank, wish.ranked.sharpness)
    written = plan.step is not None
    return Rated(wish.photo, wish.ranked.group, rank, value, wish.stars, written, reason, plan.error)


def _wishes(group: Sequence[RankedTake]) -> Iterator[_Wish]:
    """The files of a group."""
    for ranked in group:
        take, shown = ranked.take, ranked.take.shown
        of_bracket = f"reference of a bracket of {len(take.photos)}, " if len(take.photos) > 1 else ""
        for photo in (*take.photos, *take.companions):
            if photo == shown:
                yield _Wish(ranked, photo, ranked.stars, of_bracket + _standing(ranked, len(group)))
            elif same_shot(photo.path, shown.path):
                yield _Wish(ranked, photo, ranked.stars, f"as {show(shown.path.name)}")
            else:
                yield _Wish(ranked, photo, None, f"of the bracket whose stars {show(shown.path.name)} carries")


def _standing(ranked: RankedTake, number: int) -> str:
    if np.isnan(ranked.sharpness):
        return "nothing to see in it"
    if number == 1:
        return "in no series"
    return f"{'sharpest' if ranked.rank == 1 else f'number {ranked.rank} in sharpness'} of {number}"
