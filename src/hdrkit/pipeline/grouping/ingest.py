"""Files -> photographs with descriptors. Files are read once, in batches; files that the cache knows are not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.cache.index import Cache
from hdrkit.cache.rows import Rows
from hdrkit.errors import InputError
from hdrkit.formats.previews import Preview, read_previews
from hdrkit.grouping.evidence import descriptor
from hdrkit.grouping.evidence.descriptor import Descriptors, cells_of, describe
from hdrkit.grouping.options import Embedding, GroupingOptions
from hdrkit.inputs.discover import none_readable
from hdrkit.inputs.own_results import without_own_results
from hdrkit.types import Failure, Photo, Progress

READING = "reading photographs"
_BATCH = 64


@dataclass(frozen=True)
class Ingested:
    """Photographs, ordered by their content and not by their names.

    `photos` has N entries. `content` (N,) holds the index of each photograph's digest in `digests` (M, sorted); equal files have
    one digest. `descriptors`, and `features` of a learned embedding if one is chosen, have a row for each digest. `pictures` has
    a row for each photograph. Large descriptors stay on disk until they are indexed.
    """

    photos: tuple[Photo, ...]
    content: NDArray[np.int64]
    digests: tuple[bytes, ...]
    descriptors: Descriptors
    pictures: Descriptors
    features: NDArray[np.float32] | None
    unreadable: tuple[Failure, ...]
    notes: tuple[str, ...] = ()


def ingest(paths: Sequence[Path], options: GroupingOptions, cache: Cache, progress: Progress) -> Ingested:
    """Read photographs. `unreadable` of the result lists the failures, and a note the pictures that hdrkit itself made.

    Raises InputError if no photograph can be read.
    """
    stores = _Stores(options, cache)
    failed: dict[Path, Failure] = {}
    digest_of: dict[Photo, bytes] = {}
    to_read: list[Path | Photo] = []
    for path in paths:
        photo, digest = cache.photo(path) or (None, None)
        if photo and digest and digest in stores:
            digest_of[photo] = digest
        else:
            to_read.append(photo or path)
    progress(READING, len(digest_of), len(paths))
    previews = read_previews(to_read, options.ingest.target_size, options.ingest.max_workers, stores)
    with ThreadPoolExecutor(options.ingest.max_workers) as pool:
        for batch in _batches(zip(to_read, previews, strict=True)):
            readable = []
            for file, preview in batch:
                if isinstance(preview, InputError):
                    path = file if isinstance(file, Path) else file.path
                    failed[path] = Failure(path, str(preview))
                else:
                    digest_of[preview.photo] = preview.digest
                    readable.append(preview)
            stores.add(readable, pool)
            for preview in readable:
                cache.keep_photo(preview.photo, preview.digest)
            progress(READING, len(digest_of) + len(failed), len(paths))
    if not digest_of:
        raise none_readable(len(failed), [failed[path] for path in sorted(failed)])
    photos, own = without_own_results(list(digest_of))
    digest_of = {photo: digest_of[photo] for photo in photos}
    digests = sorted(set(digest_of.values()))
    number = {digest: k for k, digest in enumerate(digests)}
    photos = sorted(digest_of, key=lambda photo: (digest_of[photo], str(photo.path)))
    return Ingested(
        photos=tuple(photos),
        content=np.array([number[digest_of[photo]] for photo in photos]),
        digests=tuple(digests),
        descriptors=stores.descriptors(digests, ("signature", "coarse", "content")),
        pictures=stores.descriptors([digest_of[photo] for photo in photos], ("content",)),
        features=stores.features(digests),
        unreadable=tuple(failed[path] for path in sorted(failed)),
        notes=(own,) if own else (),
    )


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


class _Stores:
    """The stores of what is computed from contents: descriptors, and features of a learned embedding.

    A digest is in the stores if each store has it.
    """

    def __init__(self, options: GroupingOptions, cache: Cache) -> None:
        example = describe([cells_of(np.zeros((8, 8, 3), np.uint8))])
        record = np.dtype([(name, rows.dtype, rows.shape[1:]) for name, rows in example.arrays().items()])
        self._descriptors = cache.rows(f"descriptor {descriptor.VERSION} {options.ingest.target_size}", record)
        self._features: Rows | None = None
        if options.embedding.kind is not Embedding.GRADIENT:
            from hdrkit.grouping.evidence.learned import Embedder

            self._embedder = Embedder(options.embedding)
            kind = np.dtype([("feature", np.float32, (self._embedder.dims,))])
            self._features = cache.rows(f"{self._embedder.version} {options.ingest.target_size}", kind)

    def __contains__(self, digest: object) -> bool:
        return digest in self._descriptors and (self._features is None or digest in self._features)

    def add(self, previews: Sequence[Preview], pool: ThreadPoolExecutor) -> None:
        """Compute and store what the previews lack, in one batch."""
        new = list({one.digest: one for one in previews if one.pixels is not None and one.digest not in self}.values())
        if not new:
            return
        digests, pixels = [one.digest for one in new], [one.pixels for one in new if one.pixels is not None]
        self._descriptors.add(digests, describe(list(pool.map(cells_of, pixels))).arrays())
        if self._features is not None:
            self._features.add(digests, {"feature": self._embedder.features(pixels)})

    def descriptors(self, digests: Sequence[bytes], loaded: Sequence[str]) -> Descriptors:
        located = self._descriptors.locate(digests)

        def column(name: str) -> Any:
            stored = _Column(self._descriptors, name, located)
            return stored[:] if name in loaded else stored

        return Descriptors.of_arrays(column)

    def features(self, digests: Sequence[bytes]) -> NDArray[np.float32] | None:
        return None if self._features is None else self._features.take("feature", self._features.locate(digests))


class _Column:
    """An array of descriptors that stays on disk. Indexing it by rows reads them."""

    def __init__(self, rows: Rows, name: str, located: NDArray[np.int64]) -> None:
        self._rows, self._name, self._located = rows, name, located

    def __len__(self) -> int:
        return len(self._located)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        located = self._located[rows]
        return self._rows.take(self._name, np.atleast_1d(located)).reshape(*located.shape, *self._rows.shape(self._name))
