"""Files -> photographs with the digests of their contents. Files that the cache knows are not read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hdrkit.cache.index import Cache
from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.formats.metadata import read_content, read_photo
from hdrkit.formats.previews import content_digest
from hdrkit.imaging.threads import ahead
from hdrkit.inputs.discover import none_readable
from hdrkit.types import Failure, Photo, Progress

LOOKING = "looking at files"
THREADS = 4  # that read files


@dataclass(frozen=True)
class KnownFiles:
    """Photographs with the digests of their files, in the order in which they were found, and files that cannot be read."""

    digests: dict[Photo, bytes]
    failures: tuple[Failure, ...]


def look_at(paths: Sequence[Path], cache: Cache, progress: Progress) -> KnownFiles:
    """The metadata and the digest of each file. Raises NoneReadableError if no file can be read."""
    known = {path: photo for path in paths if (photo := cache.photo(path))}
    unknown = [path for path in paths if path not in known]
    failures: list[Failure] = []
    with ThreadPoolExecutor(THREADS) as threads:
        for done, (path, looked) in enumerate(zip(unknown, ahead(threads, _look, unknown, 2 * THREADS), strict=True), 1):
            if isinstance(looked, Failure):
                failures.append(looked)
            else:
                known[path] = looked
                cache.keep_photo(*looked)
            progress(LOOKING, len(paths) - len(unknown) + done, len(paths))
    if failures and not known:
        raise none_readable(len(failures), failures)
    return KnownFiles(dict(known[path] for path in paths if path in known), tuple(failures))


def as_given(path: Path, reason: str) -> Failure:
    """A failure with the path that the user gave, where a worker names an absolute one."""
    return Failure(path, reason.replace(show(path.absolute()), show(path)))


def as_written(path: Path) -> Path:
    """A path as people write it: relative to the working folder, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _look(path: Path) -> tuple[Photo, bytes] | Failure:
    try:
        data = read_content(path)
        return read_photo(path, data=data), content_digest(data)
    except InputError as error:
        return Failure(path, str(error))
