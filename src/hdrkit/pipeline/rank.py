"""`hdrkit rank` from top to bottom: files -> shots -> series -> sharpness and stars -> sidecars -> a folder of results."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from hdrkit.files.json_text import plain
from hdrkit.files.text import counted
from hdrkit.inputs.discover import Discovery, discover, none_readable
from hdrkit.inputs.lists import ExposureList
from hdrkit.pipeline.ranking.left import Left
from hdrkit.pipeline.ranking.rating import rate
from hdrkit.pipeline.ranking.series import find_series
from hdrkit.pipeline.ranking.sharpness import rank_series
from hdrkit.pipeline.ranking.shots import shots_of
from hdrkit.pipeline.timing import timed
from hdrkit.ranking.options import RankingOptions
from hdrkit.results.ranked import ranking_into, require_writable_folders, write_ranking
from hdrkit.types import Progress, RankingReport, RankingResult, Rated
from hdrkit.types.progress import silent

MEASURING = "measuring sharpness"


def rank(
    inputs: Path | str | Sequence[Path | str],
    options: RankingOptions | None = None,
    progress: Progress | None = None,
    exposures: Path | None = None,
) -> RankingResult:
    """Find the series among the photographs under `inputs` (files or folders), and the sharpest of each; nothing is written.

    `exposures` is a CSV with the columns filename and exposure_time_s, which wins over metadata.
    A single bad file is in the result as unreadable. Raises InputError where there are no photographs, or none is readable.
    """
    return _rank(discover(inputs), options or RankingOptions(), progress or silent, exposures)


def rank_folder(
    inputs: Path | str | Sequence[Path | str],
    output: Path | str,
    options: RankingOptions | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    exposures: Path | None = None,
) -> tuple[RankingResult, tuple[Rated, ...]]:
    """`rank`, and write stars into sidecars beside the photographs, ranking.csv and report.html to the folder `output`.

    The second value says of each file what became of its rating; with `dry_run` what would, and nothing is written. Where an
    interrupt ends it, ratings that are written stay, and `undo_ranking` takes them back. Raises InputError as `rank` does,
    OutputError, before any work is done, where `output` cannot be written or folders of photographs take no sidecars.
    """
    options, progress, output = options or RankingOptions(), progress or silent, Path(output)
    found = discover(inputs)
    if not dry_run:
        require_writable_folders(found.paths, options.sidecar)
    with nullcontext() if dry_run else ranking_into(output) as tree:
        result = _rank(found, options, progress, exposures)
        rated = rate(result, options, dry_run, progress, output)
        if tree is not None:
            write_ranking(result, rated, tree, options.workers, progress)
    return result, rated


def _rank(found: Discovery, options: RankingOptions, progress: Progress, exposures: Path | None) -> RankingResult:
    seconds: dict[str, float] = {}
    listed, left = ExposureList(exposures), Left()
    listed.require_any(found.paths)
    with timed(seconds, "metadata"):
        shots = shots_of(found.paths, listed, options, left, progress)
    with timed(seconds, "series"):
        alike = find_series(shots, options, left, progress, exposures)
    with timed(seconds, "sharpness"):
        groups = tuple(rank_series(alike.series, options, left.unreadable, partial(progress, MEASURING)))
    if left.unreadable and not (groups or left.excluded):
        raise none_readable(len(left.unreadable), left.unreadable)
    pairs = sum(len(shot.companions) for shot in shots)
    notes = (*left.notes, *([f"{counted(pairs, 'file')} beside others of the same name: rated as they are"] if pairs else []))
    left_out = tuple(photo.path for take in left.excluded for photo in (*take.photos, *take.companions))
    report = RankingReport(plain(options), alike.threshold, seconds, notes, found.ignored, left_out, alike.doubtful)
    return RankingResult(groups, tuple(sorted(left.unreadable, key=lambda bad: str(bad.path))), report)
