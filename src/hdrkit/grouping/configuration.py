"""Options of grouping from a configuration: a JSON or TOML file, or a mapping with the same sections."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.grouping.options import Embedding, GroupingOptions


@dataclass(frozen=True)
class Configuration:
    """Options as somebody gave them; `model_named` where a model was asked for by name."""

    options: GroupingOptions
    model_named: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each setting that has no effect beside the others."""
        embedding = self.options.embedding
        if not self.model_named or embedding.kind is not Embedding.GRADIENT:
            return ()
        return (f"model_name {embedding.model_name!r} is not used: the embedding is gradient, which needs no model",)


def read_configuration(source: Path | str | Mapping[str, Any] | GroupingOptions | None) -> Configuration:
    """Options from a file (.toml, or JSON under any other name), a mapping, or options as they are; defaults fill the rest.

    Paths in a file are relative to its folder. Raises InputError for a file that cannot be read, a section or key that
    is not known (with those that are), and a value of the wrong kind.
    """
    if source is None or isinstance(source, GroupingOptions):
        return Configuration(source or GroupingOptions())
    if isinstance(source, Mapping):
        return _configured(source, "the configuration", Path())
    return _configured(_parsed(Path(source)), show(source), Path(source).parent)


def _parsed(path: Path) -> Any:
    data = read_bytes(path)
    kind, parse = ("TOML", tomllib.loads) if path.suffix.lower() == ".toml" else ("JSON", json.loads)
    try:
        return parse(data.decode("utf-8-sig"))
    except ValueError as error:  # both parsers' errors, and bytes that are no text
        raise InputError(f"{show(path)}: not valid {kind} ({error})") from error


def _configured(given: Any, where: str, folder: Path) -> Configuration:
    options = GroupingOptions()
    sections = {field.name: getattr(options, field.name) for field in fields(options)}
    for name, values in _table(given, where, "it").items():
        if name not in sections:
            raise InputError(f"{where}: {name!r} is not a section; the sections are {', '.join(sections)}")
        sections[name] = _section(sections[name], _table(values, where, name), f"{where}: {name}", folder)
    return Configuration(GroupingOptions(**sections), model_named="model_name" in given.get("embedding", {}))


def _table(value: Any, where: str, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: {name} must hold named settings, not {value!r}")
    return value


def _section(options: Any, values: Mapping[str, Any], where: str, folder: Path) -> Any:
    kinds = get_type_hints(type(options))
    for key in values:
        if key not in kinds:
            raise InputError(f"{where}.{key} is not a setting; the settings are {', '.join(kinds)}")
    chosen = {key: _value(value, kinds[key], f"{where}.{key}", folder) for key, value in values.items()}
    try:
        return replace(options, **chosen)
    except InputError as error:  # which knows the option, and not where it was given
        raise InputError(f"{where}: {error}") from None


def _value(value: Any, kind: Any, where: str, folder: Path) -> Any:
    """A value as JSON or TOML has it, in the kind that the option wants; an option that has a value anyway takes no null."""
    match value:
        case bool() if kind is bool:
            return value
        case int() if kind in (int, float) and not isinstance(value, bool):
            return kind(value)
        case float() if kind is float:
            return value
        case str() if isinstance(kind, type) and issubclass(kind, StrEnum):
            if value in list(kind):
                return kind(value)
            raise InputError(f"{where} must be one of {', '.join(kind)}, not {value!r}")
        case str() if kind is str:
            return value
        case str() | Path() if kind == Path | None:
            return folder / value
        case None if kind == Path | None:
            return None
        case [int(), int()] if kind == tuple[int, int]:
            return tuple(value)
        case _:
            wanted = _WANTED[kind] if kind in _WANTED else f"one of {', '.join(kind)}"
            raise InputError(f"{where} must be {wanted}, not {value!r}")


_WANTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path | None: "a path",
    tuple[int, int]: "two whole numbers",
}
