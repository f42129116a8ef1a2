"""`HDRGroupingPipeline`: groups a folder of photographs in one call, and writes the results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdrkit.files.transport import Placing
from hdrkit.grouping.configuration import read_configuration
from hdrkit.grouping.options import GroupingOptions
from hdrkit.pipeline.group import group_folder
from hdrkit.results.group_records import counts
from hdrkit.results.grouped import Written
from hdrkit.types import GroupingResult, Progress


class HDRGroupingPipeline:
    """Groups folders of photographs into views and exposure brackets, and writes the results to `output_dir`.

    `config` is a TOML, JSON or YAML file, a mapping with the sections `ingest`, `embedding` and `clustering`, or GroupingOptions.
    Settings that it does not have keep their defaults. Raises InputError for unknown settings.
    """

    def __init__(
        self,
        output_dir: Path | str = "output",
        config: Path | str | Mapping[str, Any] | GroupingOptions | None = None,
        placing: Placing = Placing.LINK,
        progress: Progress | None = None,
    ) -> None:
        self.output_dir = Path(output_dir)
        self.options = read_configuration(config)
        self.placing = Placing(placing)
        self.progress = progress

    def process_directory(self, directory: Path | str) -> dict[str, Any]:
        """Group the photographs below `directory` and write the results; see `write_groups` for the files.

        Returns `success`, `output_dir`, `total_images`, `total_clusters`, `valid_clusters` (exposure brackets),
        `unassigned_images`, `unreadable_images`, `notes` and `stats` (the content of report.json). `success` is False if a
        file cannot be read. Raises InputError if there are no photographs, OutputError if the results cannot be written.
        """
        return summary(*group_folder(directory, self.output_dir, self.options, self.placing, self.progress))


def summary(result: GroupingResult, written: Written) -> dict[str, Any]:
    """The value that `HDRGroupingPipeline.process_directory` returns."""
    found = counts(result)
    names = ("total_images", "total_clusters", "valid_clusters", "unassigned_images", "unreadable_images")
    return {
        "success": not result.unreadable,
        "output_dir": str(written.folder),
        **{name: found[name] for name in names},
        "notes": written.record["notes"],
        "stats": written.record,
    }
