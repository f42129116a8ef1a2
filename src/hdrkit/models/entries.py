"""What is known of a model: its role, its files and how they are verified, its licence, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

from hdrkit.models.roles import ModelKind, Role


@dataclass(frozen=True)
class PythonPackage:
    """A release of a Python package. `sha256` and `bytes` are of the archive that pip downloads.

    `python` is the version of Python to ask pip for, if the package is for newer ones than hdrkit.
    """

    name: str
    version: str
    sha256: str
    bytes: int
    python: str = ""

    def __str__(self) -> str:
        return f"PyPI {self.name} {self.version}"


@dataclass(frozen=True)
class NpmPackage:
    """A release of an npm package. `sha256` and `bytes` are of the archive that `npm pack` downloads."""

    name: str
    version: str
    sha256: str
    bytes: int

    def __str__(self) -> str:
        return f"npm {self.name} {self.version}"


@dataclass(frozen=True)
class WebAddress:
    """A file on the web. `sha256` and `bytes` are of that file, which is the model itself."""

    url: str
    sha256: str
    bytes: int

    def __str__(self) -> str:
        return self.url.split("/")[2]


@dataclass(frozen=True)
class Shipped:
    """Weights of our own, which are part of the package: they are always here, and never fetched."""

    bytes: int = 0

    def __str__(self) -> str:
        return "hdrkit itself"


@dataclass(frozen=True)
class ModelFile:
    """A file of a model: its name in its folder, its path in the archive, its sha256 and its size in bytes."""

    name: str
    inside: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class ModelEntry:
    """A model that is known. The first of its `files` is the one that is opened."""

    name: str
    role: Role
    kind: ModelKind
    files: tuple[ModelFile, ...]
    source: PythonPackage | NpmPackage | WebAddress | Shipped
    licence: str
    commercial: bool = True

    @property
    def bytes(self) -> int:
        """The size of its files together."""
        return sum(file.bytes for file in self.files)

    @property
    def terms(self) -> str:
        """Its licence, for people."""
        return self.licence if self.commercial else f"{self.licence}, not for commercial use"


def megabytes(size: int) -> str:
    """A size in bytes as text: `7.3 MB`."""
    return f"{size / 1e6:.1f} MB"
