"""What is read of pictures, kept in the cache by the content of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hdrkit.cache.index import Cache
from hdrkit.imaging.vectors import unit_rows
from hdrkit.pipeline.picture_reader import THUMBNAIL_BYTES, ReadPicture
from hdrkit.semantics.crops import MOST_CROPS

_BLOCK = 4096  # thumbnails that are in memory at their full length
_Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class PictureTable:
    """N pictures: unit `vectors` (N, D), and of each picture its crops, whether it was enlarged, and a thumbnail as JPEG."""

    vectors: NDArray[np.float32]
    crops: tuple[tuple[_Box, ...], ...]
    enlarged: tuple[bool, ...]
    thumbnails: tuple[bytes, ...]


class PictureRows:
    """A row for each content that was read by one `version` of models and options. Vectors are kept as half floats."""

    def __init__(self, cache: Cache, version: str, dims: int) -> None:
        self._rows = cache.rows(
            f"map {version}",
            np.dtype(
                [
                    ("vector", np.float16, (dims,)),
                    ("crops", np.float32, (MOST_CROPS, 4)),
                    ("crop_count", np.uint8),
                    ("enlarged", np.bool_),
                    ("thumbnail", np.uint8, (THUMBNAIL_BYTES,)),
                    ("thumbnail_bytes", np.uint16),
                ]
            ),
        )

    def __contains__(self, digest: object) -> bool:
        """Whether the content with this digest was read before."""
        return digest in self._rows

    def add(self, digests: Sequence[bytes], pictures: Sequence[ReadPicture]) -> None:
        """Keep what was read of contents."""
        crops = np.zeros((len(pictures), MOST_CROPS, 4), np.float32)
        thumbnails = np.zeros((len(pictures), THUMBNAIL_BYTES), np.uint8)
        for k, picture in enumerate(pictures):
            crops[k, : len(picture.crops)] = np.reshape(picture.crops, (-1, 4))
            thumbnails[k, : len(picture.thumbnail)] = np.frombuffer(picture.thumbnail, np.uint8)
        fields: dict[str, ArrayLike] = {
            "vector": [picture.vector for picture in pictures],
            "crops": crops,
            "crop_count": [len(picture.crops) for picture in pictures],
            "enlarged": [picture.enlarged for picture in pictures],
            "thumbnail": thumbnails,
            "thumbnail_bytes": [len(picture.thumbnail) for picture in pictures],
        }
        self._rows.add(digests, fields)

    def table(self, digests: Sequence[bytes]) -> PictureTable:
        """The rows of digests, in order. Raises KeyError for a digest without a row."""
        at = self._rows.locate(digests)
        vectors = unit_rows(self._rows.take("vector", at).astype(np.float32))
        counts, boxes = self._rows.take("crop_count", at).tolist(), self._rows.take("crops", at)
        crops = tuple(tuple(tuple(box) for box in of[:count].tolist()) for of, count in zip(boxes, counts, strict=True))
        jpegs = tuple(self._thumbnails(at))
        return PictureTable(vectors, crops, tuple(self._rows.take("enlarged", at).tolist()), jpegs)

    def _thumbnails(self, at: NDArray[np.int64]) -> Iterator[bytes]:
        for block in (at[k : k + _BLOCK] for k in range(0, len(at), _BLOCK)):
            sizes = self._rows.take("thumbnail_bytes", block).tolist()
            for row, size in zip(self._rows.take("thumbnail", block), sizes, strict=True):
                yield row[:size].tobytes()
