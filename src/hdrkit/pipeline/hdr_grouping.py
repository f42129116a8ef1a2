"""Grouping as one call: a folder of photographs in, a folder of groups out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hdrkit.files.result_tree import require_replaceable
from hdrkit.files.transport import Placing
from hdrkit.grouping.configuration import Configuration, read_configuration
from hdrkit.grouping.options import GroupingOptions
from hdrkit.results.group_records import counts, report_record
from hdrkit.results.grouped import Written, write_groups
from hdrkit.types import GroupingResult

Progress = Callable[[str, int, int], None]


def group_as_configured(inputs: Any, configuration: Configuration, progress: Progress | None = None) -> GroupingResult:
    """`group` with the options of a configuration; settings of it that have no effect are in the notes of the report."""
    from hdrkit.pipeline.group import group

    result = group(inputs, configuration.options, progress)
    return replace(result, report=replace(result.report, notes=(*configuration.notes, *result.report.notes)))


class HDRGroupingPipeline:
    """Groups folders of photographs into views and exposure brackets, and writes what it finds to `output_dir`.

    `config` is a JSON or TOML file, a mapping with the sections `ingest`, `embedding` and `clustering`, or GroupingOptions;
    what it leaves out has its default. Raises InputError for settings that are not known.
    """

    def __init__(
        self,
        output_dir: Path | str = "output",
        config: Path | str | Mapping[str, Any] | GroupingOptions | None = None,
        placing: Placing = Placing.LINK,
        progress: Progress | None = None,
    ) -> None:
        self.output_dir = Path(output_dir)
        self.configuration = read_configuration(config)
        self.placing = Placing(placing)
        self.progress = progress

    def process_directory(self, directory: Path | str) -> dict[str, Any]:
        """Group the photographs below `directory` and write the results; see `write_groups` for the files.

        Gives `success`, `output_dir`, `total_images`, `total_clusters`, `valid_clusters` (exposure brackets),
        `unassigned_images`, `unreadable_images`, `notes` and `stats` (the content of report.json). `success` is False where a
        file could not be read. Raises InputError where there are no photographs, OutputError where results cannot be written.
        """
        require_replaceable(self.output_dir)
        result = group_as_configured(directory, self.configuration, self.progress)
        workers = self.configuration.options.ingest.max_workers
        return summary(result, write_groups(result, self.output_dir, self.placing, self.progress, workers))


def summary(result: GroupingResult, written: Written) -> dict[str, Any]:
    """What `HDRGroupingPipeline.process_directory` gives."""
    found = counts(result)
    stats = report_record(result, written.folder, written.placing, written.notes)
    names = ("total_images", "total_clusters", "valid_clusters", "unassigned_images", "unreadable_images")
    return {
        "success": not result.unreadable,
        "output_dir": str(written.folder),
        **{name: found[name] for name in names},
        "notes": stats["notes"],
        "stats": stats,
    }
