"""Photo <-> JSON text, by the types of its fields: a new field of `Photo` needs no change here."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import types
import typing
from datetime import datetime
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hdrkit.types import Exposure, Photo


@functools.cache
def text_format() -> str:
    """A text that changes with the fields of a photo and with the version of hdrkit. Texts of another format are not read."""
    fields = [f"{field.name}: {field.type}" for kind in (Photo, Exposure) for field in dataclasses.fields(kind)]
    return hashlib.blake2b(f"{version('hdrkit')} {fields}".encode(), digest_size=8).hexdigest()


def photo_text(photo: Photo) -> str:
    """A photo as JSON. Every byte of its path is kept."""
    return json.dumps(dataclasses.asdict(photo), default=_plain)


def photo_from_text(text: str) -> Photo:
    """The photo of a text of `photo_text`. Raises ValueError, KeyError or TypeError for any other text."""
    return typing.cast(Photo, _restored(Photo, json.loads(text)))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else os.fspath(value)


_hints = functools.cache(typing.get_type_hints)


def _restored(kind: Any, value: Any) -> Any:
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = next(choice for choice in typing.get_args(kind) if choice is not types.NoneType)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return kind(**{name: _restored(field_kind, value[name]) for name, field_kind in _hints(kind).items()})
    if kind is datetime:
        return datetime.fromisoformat(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, (Enum, Path)) else value
