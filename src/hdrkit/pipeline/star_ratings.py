"""Stars -> sidecars, with the result for each file: what `hdrkit rank` and `hdrkit score` share."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hdrkit.errors import HdrkitError
from hdrkit.files.text import show
from hdrkit.files.transport import real
from hdrkit.ranking.options import RankingOptions
from hdrkit.sidecars.embedded import embedded_rating
from hdrkit.sidecars.journal import opened
from hdrkit.sidecars.sidecar import sidecar_path
from hdrkit.sidecars.steps import Plan
from hdrkit.types import Progress

RATING = "writing ratings"


@dataclass(frozen=True)
class Wish:
    """A file with the stars that it should have (None for no rating), and why.

    `shot` are the other files of the same shot: a person who rated one of them rated this one too. With `only_ours` a rating is
    changed only where it is ours.
    """

    path: Path
    stars: int | None
    why: str
    shot: tuple[Path, ...] = ()
    only_ours: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a wish: whether it was written, one line that says why, and the error that prevented it."""

    written: bool
    reason: str
    error: str = ""


def write_stars(
    wishes: Sequence[Wish],
    options: RankingOptions,
    dry_run: bool = False,
    progress: Progress | None = None,
    held: Path | None = None,
) -> list[Outcome]:
    """Write stars into sidecars, and give the result for each wish. With `dry_run` nothing is written.

    The folders of photographs are processed one after the other, each locked; `held` is a folder that is locked already.
    `progress` counts the ratings that are as they should be.
    """
    carriers: dict[Path, Wish] = {}  # of two photographs with one sidecar the first
    beside: list[Path | None] = []
    for wish in wishes:
        sidecar = None if wish.stars is None else sidecar_path(real(wish.path), options.sidecar)
        beside.append(sidecar)
        if sidecar is not None:
            carriers.setdefault(sidecar, wish)
    folders: dict[Path, dict[Path, Wish]] = defaultdict(dict)
    for sidecar, wish in carriers.items():
        folders[sidecar.parent][sidecar] = wish
    plans: dict[Path, Plan] = {}
    done = _Count(progress, len(carriers))
    with ThreadPoolExecutor(options.workers) as pool:
        for folder, inside in folders.items():
            plans |= _rate_folder(folder, inside, options, dry_run, held, pool, done)
    return [_outcome(wish, sidecar, carriers, plans) for wish, sidecar in zip(wishes, beside, strict=True)]


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
    wishes: dict[Path, Wish],
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
                return journal.plan(wish.path, sidecar, wish.stars or 0, overwrite, wish.only_ours)

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
    to_change: dict[Path, Wish], wishes: dict[Path, Wish], of_a_person: Callable[[Path], bool]
) -> dict[Path, Plan]:
    """Plans for the sidecars that stay as they are because a person rated another file of the same shot."""
    beside = {wish.path: sidecar for sidecar, wish in wishes.items()}

    def rated(file: Path) -> bool:
        return of_a_person(beside[file]) if file in beside else embedded_rating(file) is not None

    plans = {}
    for sidecar, wish in to_change.items():
        if judged := next(filter(rated, wish.shot), None):
            plans[sidecar] = Plan(None, f"a person rated {show(judged.name)}, of the same shot")
    return plans


def _outcome(wish: Wish, sidecar: Path | None, carriers: dict[Path, Wish], plans: dict[Path, Plan]) -> Outcome:
    plan = Plan(None)
    if sidecar is not None:
        carrier, plan = carriers[sidecar], plans[sidecar]
        if carrier is not wish:
            plan = Plan(None, f"not written: {sidecar.name} carries the stars of {carrier.path.name}")
    elif wish.stars is not None:
        plan = Plan(None, "not written: Lightroom does not read sidecars of such files")
    return Outcome(plan.step is not None, "; ".join(filter(None, (wish.why, plan.reason, plan.error))), plan.error)
