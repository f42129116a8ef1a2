"""Options of grouping from a configuration: a file, or a mapping with the same sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdrkit.files.configuration import read_settings
from hdrkit.grouping.options import SECTIONS, GroupingOptions


def read_configuration(source: Path | str | Mapping[str, Any] | GroupingOptions | None) -> GroupingOptions:
    """Options from a file (.toml, .yaml, or JSON under any other name) or a mapping, with defaults for the rest.

    Options and None are accepted too. Raises the InputError of `read_settings`.
    """
    if source is None or isinstance(source, GroupingOptions):
        return source or GroupingOptions()
    settings = read_settings(source, SECTIONS)
    return GroupingOptions(**{name: kind(**settings.get(kind, {})) for name, (kind,) in SECTIONS.items()})
