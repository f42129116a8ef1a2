"""Settings from a TOML, JSON or YAML file: each section is a group of options, and its keys are their fields.

The dataclass says which values a field takes: by its type, or by its metadata. There `kind` replaces the type (None if no text
can give the value), `parse` turns text into a value (with `relative` it gets the folder of the file too), and `words` are
returned as they are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from hdrkit.errors import HdrkitError, InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show

Sections = Mapping[str, tuple[type[Any], ...]]
Settings = dict[type[Any], dict[str, Any]]


def read_settings(source: Path | str | Mapping[str, Any], sections: Sections) -> Settings:
    """The values that a file, or a mapping with the same sections, sets for the fields of each dataclass.

    The file is TOML (.toml), YAML (.yaml, .yml), or JSON under any other name. Paths in it are relative to its folder. Raises
    InputError for a file that cannot be read, for an unknown section or key (and names the nearest known one), and for a value
    that the field does not take.
    """
    if isinstance(source, Mapping):
        given, where, folder = source, "the configuration", Path()
    else:
        given, where, folder = _parsed(Path(source)), show(source), Path(source).parent
    found: Settings = {}
    for name, values in _table(given, where, "it").items():
        if name not in sections:
            raise InputError(f"{where}: {name!r} is not a section; {_nearest(name, sections)}")
        known = {field.name: (kind, field) for kind in sections[name] for field in fields(kind) if kind_of(kind, field)}
        for key, value in _table(values, where, name).items():
            if key not in known:
                raise InputError(f"{where}: {name}.{key} is not a setting; {_nearest(key, known)}")
            kind, field = known[key]
            found.setdefault(kind, {})[key] = _value(value, kind, field, f"{where}: {name}.{key}", folder)
        for kind in sections[name]:
            _require_sense(kind, found.get(kind, {}), f"{where}: {name}")
    return found


def kind_of(owner: type[Any], field: Field[Any]) -> Any:
    """The type of a field whose value can be given as text; None for a field that only Python sets."""
    if "help" not in field.metadata or "kind" in field.metadata:
        return field.metadata.get("kind")
    return eval(field.type, vars(sys.modules[owner.__module__])) if isinstance(field.type, str) else field.type


def bare(kind: Any) -> Any:
    """A type without None."""
    if get_origin(kind) not in (Union, UnionType):
        return kind
    others = [one for one in get_args(kind) if one is not NoneType]
    return others[0] if len(others) == 1 else kind


def choices_of(kind: Any) -> tuple[str, ...]:
    """The words that a field of an enumeration or a Literal takes; no words for other fields."""
    kind = bare(kind)
    if get_origin(kind) in (Union, UnionType):
        return tuple(word for one in get_args(kind) for word in choices_of(one))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(member.value for member in kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _parsed(path: Path) -> Any:
    import json
    import tomllib

    parsers: dict[str, tuple[str, Callable[[str], Any]]] = {
        ".toml": ("TOML", tomllib.loads),
        ".yaml": ("YAML", _yaml),
        ".yml": ("YAML", _yaml),
    }
    data = read_bytes(path)
    kind, parse = parsers.get(path.suffix.lower(), ("JSON", json.loads))
    try:
        text = data.decode("utf-8-sig")
        return parse(text) if text.strip() else {}
    except ValueError as error:  # the parsers' errors, and bytes that are not text
        raise InputError(f"{show(path)}: not valid {kind} ({' '.join(str(error).split())})") from error


def _yaml(text: str) -> Any:
    """YAML in which only `true` and `false` are truth values, as in YAML 1.2; `off` and `no` are words."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers = {
            first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false|True|False|TRUE|FALSE"), list("tTfF"))
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise ValueError(error) from error


def _table(value: Any, where: str, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: {name} must hold named settings, not {value!r}")
    return {str(key): one for key, one in value.items()}


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    (nearest,) = get_close_matches(word.replace("-", "_"), names, 1, 0)
    return f"the nearest is {nearest!r}, of {', '.join(names)}"


def _require_sense(kind: type[Any], values: Mapping[str, Any], where: str) -> None:
    """Raise InputError if the options refuse the values."""
    by_name = {field.name: field for field in fields(kind)}
    if any(field.default is MISSING and field.default_factory is MISSING for field in by_name.values()):
        return  # the command line gives the others
    try:
        kind(**{name: value for name, value in values.items() if value not in by_name[name].metadata.get("words", {})})
    except HdrkitError as error:
        raise InputError(f"{where}: {error}") from None


def _value(value: Any, owner: type[Any], field: Field[Any], where: str, folder: Path) -> Any:
    """A value of the file as the type of its option; null is refused for an option that is never None."""
    kind = kind_of(owner, field)
    parse = field.metadata.get("parse")
    if isinstance(value, str) and value in field.metadata.get("words", {}):
        return value
    if parse and kind is str and isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ",".join(value)
    if parse and (isinstance(value, str) or (kind is str and isinstance(value, (bool, int)))):
        try:
            return parse(value, folder) if field.metadata.get("relative") else parse(str(value))
        except ValueError as error:
            raise InputError(f"{where}: {error}") from None
    if value is None and kind != bare(kind):
        return None
    return _plain_value(value, bare(kind), where, folder)


def _plain_value(value: Any, kind: Any, where: str, folder: Path) -> Any:
    words = choices_of(kind)
    match value:
        case bool() if kind is bool:
            return value
        case int() if kind in (int, float) and not isinstance(value, bool):
            return kind(value)
        case float() if kind is float:
            return value
        case str() if words and value in words:
            return kind(value) if isinstance(kind, type) else value
        case str() if kind is str:
            return value
        case str() | Path() if kind is Path:
            return folder / value
        case [int(), int()] if kind == tuple[int, int]:
            return tuple(value)
        case [int() | float(), int() | float()] if kind == tuple[float, float]:
            return float(value[0]), float(value[1])
        case [*numbers] if kind == tuple[float, ...] and all(type(one) in (int, float) for one in numbers):
            return tuple(map(float, numbers))
        case _:
            expected = f"one of {', '.join(words)}" if words else _KINDS[kind]
            raise InputError(f"{where} must be {expected}, not {value!r}")


_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    tuple[int, int]: "two whole numbers",
    tuple[float, float]: "two numbers",
    tuple[float, ...]: "a list of numbers",
}
