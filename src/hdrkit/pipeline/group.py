"""`group`: files -> photographs -> views -> exposure sequences -> a folder of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hdrkit.cache.index import open_cache
from hdrkit.files.json_text import plain
from hdrkit.files.manifest import GROUP
from hdrkit.files.result_tree import require_replaceable
from hdrkit.files.transport import Placing
from hdrkit.grouping.options import GroupingOptions
from hdrkit.grouping.sequences.clusters import form_clusters
from hdrkit.inputs.discover import discover
from hdrkit.inputs.lists import ExposureList
from hdrkit.pipeline.grouping.decided import decided_pairs
from hdrkit.pipeline.grouping.ingest import ingest
from hdrkit.pipeline.grouping.views import views_of
from hdrkit.pipeline.timing import timed
from hdrkit.results.grouped import Written, write_groups
from hdrkit.types import GroupingReport, GroupingResult, Progress
from hdrkit.types.progress import silent


def group(
    inputs: Path | str | Sequence[Path | str],
    options: GroupingOptions | None = None,
    progress: Progress | None = None,
    exposures: Path | None = None,
) -> GroupingResult:
    """Find which photographs under `inputs` (files or folders) show one view, and which of those form an exposure bracket.

    The result does not depend on names, folders or the order of files. `exposures` is a CSV with the columns filename and
    exposure_time_s; it wins over metadata. A file that cannot be read is in the result as unreadable. Raises InputError if no
    photograph can be read, or if a list of pairs is wrong.
    """
    options, progress = options or GroupingOptions(), progress or silent
    seconds: dict[str, float] = {}
    found, listed = discover(inputs), ExposureList(exposures)
    listed.require_any(found.paths)
    with open_cache(options.ingest.cache) as cache:
        with timed(seconds, "ingest"):
            ingested = ingest(found.paths, options, cache, progress)
            ingested = replace(ingested, photos=tuple(listed.applied(ingested.photos)))
        with timed(seconds, "clustering"):
            decided, notes = decided_pairs(ingested, options.clustering)
            views = views_of(ingested, options, decided, cache, progress)
        with timed(seconds, "validation"):
            clusters, unassigned = form_clusters(
                ingested.photos, ingested.pictures, views, ingested.content, options.ingest.metadata
            )
    report = GroupingReport(plain(options), seconds, (*cache.notes, *ingested.notes, *notes), found.ignored)
    return GroupingResult(clusters, unassigned, ingested.unreadable, report)


def group_as_configured(
    inputs: Path | str | Sequence[Path | str],
    options: GroupingOptions,
    progress: Progress | None = None,
    exposures: Path | None = None,
) -> GroupingResult:
    """`group`, with a note in the report for each setting that has no effect."""
    result = group(inputs, options, progress, exposures)
    return replace(result, report=replace(result.report, notes=(*options.notes, *result.report.notes)))


def group_folder(
    inputs: Path | str | Sequence[Path | str],
    output: Path,
    options: GroupingOptions,
    placing: Placing = Placing.LINK,
    progress: Progress | None = None,
    exposures: Path | None = None,
) -> tuple[GroupingResult, Written]:
    """Group the photographs under `inputs` and write the results to the folder `output`; see `write_groups` for the files.

    Raises InputError if there are no photographs. Raises OutputError, before any work, if `output` holds files that are not
    results of `group`.
    """
    require_replaceable(output, GROUP)
    result = group_as_configured(inputs, options, progress, exposures)
    return result, write_groups(result, output, placing, progress, options.ingest.max_workers)
