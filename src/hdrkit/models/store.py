"""The folder of models: which are in it, and which one a role uses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import InputError, ModelMissing, chosen
from hdrkit.files.atomic import open_bytes
from hdrkit.files.text import show
from hdrkit.models.catalog import entries_of, entry_named, is_default
from hdrkit.models.entries import ModelEntry, ModelFile, Shipped, megabytes
from hdrkit.models.recognise import recognise
from hdrkit.models.roles import KINDS, ModelKind, Role

_BLOCK = 1 << 20
SHIPPED = Path(__file__).with_name("own")


@dataclass(frozen=True)
class Model:
    """A model on this machine: the file to open, how it is read, and its name and licence for reports."""

    role: Role
    kind: ModelKind
    name: str
    path: Path
    licence: str


class ModelState(StrEnum):
    """Whether a model is in the folder of models."""

    READY = "ready"
    ABSENT = "not fetched"
    DAMAGED = "damaged"


def models_folder() -> Path:
    """$HDRKIT_MODELS, else `hdrkit/models` in the user's data folder."""
    if named := os.environ.get("HDRKIT_MODELS"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("hdrkit", appauthor=False) / "models"


def find_model(role: Role, given: Mapping[Role, Path | str] | None = None) -> Model:
    """The model of a role: the one `given` for it, as a path or as a name of the catalog, else the default of the role.

    Its files are verified. Raises ModelMissing if it is not here, and InputError if it is damaged or for another role.
    """
    chosen_one = _chosen(role, given or {})
    return _users_own(role, chosen_one) if isinstance(chosen_one, Path) else _of_catalog(chosen_one)


def find_models(roles: Sequence[Role], given: Mapping[Role, Path | str] | None = None) -> list[Model]:
    """The model of each role, as `find_model` has it. If several are not here, the error names one command for all of them."""
    entries = [one for role in roles if isinstance(one := _chosen(role, given or {}), ModelEntry)]
    absent = [entry for entry in entries if not any(path_of(entry, file).exists() for file in entry.files)]
    if len(absent) > 1:
        names = " ".join(entry.name for entry in absent)
        terms = ", ".join(dict.fromkeys(entry.terms for entry in absent))
        total = megabytes(sum(entry.source.bytes for entry in absent))
        raise ModelMissing(
            f"{len(absent)} models are not on this machine; run: hdrkit models fetch {names} ({terms}; {total} to download)"
        )
    return [find_model(role, given) for role in roles]


def _chosen(role: Role, given: Mapping[Role, Path | str]) -> ModelEntry | Path:
    """The file or the entry that is given for a role, else its default."""
    if role in given:
        named = entry_named(str(given[role]))
        if named is None or Path(given[role]).exists():
            return Path(given[role]).expanduser()
        if named.role is not role:
            raise InputError(f"{named.name} is a model for {named.role}; give it as --model {named.role}={named.name}")
        return named
    known = entries_of(role)[0]
    if not is_default(known):
        raise ModelMissing(f"{role} has no default model; give one with --model {role}=PATH or --model {role}={known.name}")
    return known


def parse_models(texts: Sequence[str]) -> dict[Role, str]:
    """`ROLE=PATH` or `ROLE=NAME` texts as the models that are given. Raises InputError."""
    given = {}
    for text in texts:
        role, equals, value = text.partition("=")
        if not equals or not value:
            raise InputError(f"{text}: give ROLE=PATH or ROLE=NAME, such as {Role.FACE_DETECTOR}=yunet")
        given[chosen(Role, role, "role")] = value
    return given


def state_of(entry: ModelEntry) -> ModelState:
    """Whether a model is in the folder, whole."""
    states = {_file_state(path_of(entry, file), file) for file in entry.files}
    if states == {ModelState.READY}:
        return ModelState.READY
    return ModelState.ABSENT if ModelState.DAMAGED not in states and states == {ModelState.ABSENT} else ModelState.DAMAGED


def path_of(entry: ModelEntry, file: ModelFile) -> Path:
    """Where a file of a model lies, or would lie."""
    return (SHIPPED if isinstance(entry.source, Shipped) else models_folder()) / file.name


def sha256_of(path: Path) -> str:
    """The sha256 of a file in hexadecimal digits. Raises InputError if it cannot be read."""
    digest = hashlib.sha256()
    with open_bytes(path) as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _of_catalog(entry: ModelEntry) -> Model:
    path = path_of(entry, entry.files[0])
    if isinstance(entry.source, Shipped) and state_of(entry) is not ModelState.READY:
        raise InputError(f"{show(path)}: this file of hdrkit is missing or changed; install hdrkit again")
    command = f"hdrkit models fetch {entry.name} ({entry.terms}, {megabytes(entry.source.bytes)} to download)"
    match state_of(entry):
        case ModelState.ABSENT:
            raise ModelMissing(f"the model {entry.name} ({entry.role}) is not on this machine; run: {command}")
        case ModelState.DAMAGED:
            raise InputError(f"{show(path)}: the model {entry.name} is cut off or changed; run: {command}")
    return Model(entry.role, entry.kind, entry.name, path, entry.terms)


def _users_own(role: Role, path: Path) -> Model:
    kind = recognise(path)
    if kind in KINDS.get(role, ()):
        return Model(role, kind, path.name, path, "unknown")
    other = next((one for one, kinds in KINDS.items() if kind in kinds), None)
    if other is None:
        raise InputError(f"{show(path)}: its inputs and outputs are those of no model for {role} that hdrkit can read")
    raise InputError(f"{show(path)}: it is a model for {other}, not for {role}; give --model {other}=PATH")


def _file_state(path: Path, file: ModelFile) -> ModelState:
    if not path.is_file():
        return ModelState.ABSENT
    whole = path.stat().st_size == file.bytes and sha256_of(path) == file.sha256
    return ModelState.READY if whole else ModelState.DAMAGED
