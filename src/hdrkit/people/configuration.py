"""`config.yaml` of the people workflow: the sections io, clustering and scoring."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdrkit.errors import InputError
from hdrkit.faces.options import PersonOptions, ScoringOptions
from hdrkit.files.configuration import read_settings


@dataclass(frozen=True)
class PeopleFiles:
    """The section `io`: where photographs, results, persons and models are, and how many processes read photographs.

    `detector`, `embedding` and `landmarks` are files, or names of `hdrkit models`; None is the default of the role. `gallery`
    None is the user's own, `labels_json` None the cluster_labels.json among the results.
    """

    input_folder: Path = field(default=Path("event_images"), metadata={"help": "folder of photographs"})
    output_folder: Path = field(default=Path("people"), metadata={"help": "folder for results"})
    labels_json: Path | None = field(default=None, metadata={"help": "what a human says of persons"})
    gallery: str | None = field(default=None, metadata={"help": "where persons are kept: a folder or a URL"})
    detector: str | None = field(default=None, metadata={"help": "model that finds faces"})
    embedding: str | None = field(default=None, metadata={"help": "model that tells persons apart"})
    landmarks: str | None = field(default=None, metadata={"help": "model that sees eyes and mouths"})
    workers: int = field(default_factory=lambda: os.cpu_count() or 1, metadata={"help": "processes that read photographs"})
    scheduler: str | None = field(default=None, metadata={"help": "address of a Dask scheduler, tcp://host:8786"})

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError(f"at least 1 process reads photographs, not {self.workers!r}")


@dataclass(frozen=True)
class PeopleConfig:
    """All settings of the workflow."""

    io: PeopleFiles = field(default_factory=PeopleFiles)
    clustering: PersonOptions = field(default_factory=PersonOptions)
    scoring: ScoringOptions = field(default_factory=ScoringOptions)


_SECTIONS = {"io": (PeopleFiles,), "clustering": (PersonOptions,), "scoring": (ScoringOptions,)}


def read_people_config(source: Path | str | Mapping[str, Any] | PeopleConfig | None) -> PeopleConfig:
    """Settings from a file (.yaml, .toml, or JSON under any other name) or a mapping, with defaults for the rest.

    Paths in a file are relative to its folder. Raises InputError for an unknown section or key, and names the nearest known one.
    """
    if source is None or isinstance(source, PeopleConfig):
        return source or PeopleConfig()
    settings = read_settings(source, _SECTIONS)
    return PeopleConfig(**{name: kind(**settings.get(kind, {})) for name, (kind,) in _SECTIONS.items()})
