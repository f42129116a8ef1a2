"""`hdrkit map` from top to bottom: files -> embeddings -> groups and places -> a folder of results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hdrkit.cache.index import Cache, open_cache
from hdrkit.errors import InputError
from hdrkit.files.json_text import plain
from hdrkit.files.result_tree import ResultTree
from hdrkit.inputs.discover import discover, none_readable
from hdrkit.models.roles import Role
from hdrkit.pipeline.known_files import KnownFiles, as_given, as_written, look_at
from hdrkit.pipeline.map_networks import MapModels, find_map_models
from hdrkit.pipeline.map_update import read_old_map, updated, with_old_paths
from hdrkit.pipeline.map_words import open_words
from hdrkit.pipeline.picture_files import open_reader, read_pictures
from hdrkit.pipeline.picture_rows import PictureRows, PictureTable
from hdrkit.pipeline.side_by_side import Pool, side_by_side
from hdrkit.pipeline.timing import timed
from hdrkit.results.map_memory import MadeWith, memory_of
from hdrkit.results.mapped import RESULT, map_into, write_map
from hdrkit.semantics.mapping import Mapped, map_vectors
from hdrkit.semantics.options import MapOptions
from hdrkit.semantics.words import Named
from hdrkit.types import ALONE, Cohesion, Failure, MappedPicture, MapReport, MapResult, Photo, Progress
from hdrkit.types.progress import silent

READING, MAPPING = "reading pictures", "finding groups"
_BATCH = 16  # pictures that a worker reads at once
_UNKNOWN = "Unknown"
_NEW_MAP = "there was no map to update: it is a new one"


@dataclass(frozen=True)
class MapSources:
    """Where models and words come from. None: the default models, and no words."""

    models: Mapping[Role, Path | str] | None = None
    words: Path | None = None


def map_images(
    inputs: Path | str | Sequence[Path | str],
    output: Path | str | None = None,
    options: MapOptions | None = None,
    sources: MapSources | None = None,
    update: bool = False,
    progress: Progress | None = None,
    pool: Pool | None = None,
) -> MapResult:
    """Find which pictures under `inputs` show the same, and where each lies among the others.

    `output` is a folder for clustering_result.json, map.html and report.json, or a .json file among them; None writes nothing.
    With `update`, pictures are added to the map in `output`, and those that are gone leave it; the others keep their places. It
    needs the models and options of the map. `pool` opens the executor that reads pictures; without it they are read here. A file
    that cannot be read is in the result as a failure. Raises InputError without pictures or models that can be read, or for a map
    that cannot be updated, and OutputError if `output` cannot be written; ModelMissing names the command that gets a model.
    """
    options, sources, progress = options or MapOptions(), sources or MapSources(), progress or silent
    folder, name = destination(output)
    if update and folder is None:
        raise InputError("an update needs the output that holds the map; give it")
    models, found = find_map_models(options, sources.models), discover(inputs)
    names = open_words(sources.words, models.embedding) if sources.words else None
    made_with = MadeWith(models.version, plain(options))
    seconds: dict[str, float] = {}
    with _opened(folder, name) as tree, open_cache() as cache:
        with timed(seconds, "files"):
            old = read_old_map(folder, made_with) if folder and update else None
            files = look_at(with_old_paths(found.paths, old) if old else found.paths, cache, progress)
        with timed(seconds, "embeddings"):
            seen = _seen(files, models, cache, progress, pool)
        with timed(seconds, "groups"):
            progress(MAPPING, 0, 1)
            vectors, paths = seen.table.vectors, [photo.path for photo in seen.photos]
            if old is not None and folder is not None:
                mapped = updated(old, folder, paths, seen.digests, vectors, options)
            else:
                mapped = map_vectors(vectors, options)
            progress(MAPPING, 1, 1)
        roles = {str(model.role): f"{model.name} ({model.licence})" for model in models.all}
        notes = (*cache.notes, *mapped.notes, *([_NEW_MAP] if update and old is None else []))
        report = MapReport(plain(options), roles, mapped.settings, seconds, seen.read, notes, found.ignored)
        result = _result(seen, mapped, names(vectors, mapped.numbers) if names else None, report)
        if tree is not None:
            memory = memory_of(result, seen.digests, vectors, made_with, old.following if old else 0)
            write_map(result, seen.table.thumbnails, memory, tree, name)
    return result


def destination(output: Path | str | None) -> tuple[Path | None, str]:
    """The folder of results, and the name of the JSON file in it, for a folder or a .json file."""
    if output is None:
        return None, RESULT
    output = Path(output)
    return (output.parent, output.name) if output.suffix.lower() == ".json" else (output, RESULT)


def label_of(path: Path) -> str:
    """The text before the first "_" of a file name, else "Unknown"."""
    label, underscore, _ = path.name.partition("_")
    return label.strip() if underscore and label.strip() else _UNKNOWN


@contextmanager
def _opened(folder: Path | None, name: str) -> Iterator[ResultTree | None]:
    if folder is None:
        yield None
        return
    with map_into(folder, name) as tree:
        yield tree


@dataclass(frozen=True, eq=False)
class _Seen:
    """The pictures that could be read, by path, with their contents; files that could not; and how many were read in this run."""

    photos: tuple[Photo, ...]
    digests: tuple[bytes, ...]
    table: PictureTable
    failures: tuple[Failure, ...]
    read: int


def _seen(files: KnownFiles, models: MapModels, cache: Cache, progress: Progress, pool: Pool | None) -> _Seen:
    """What is in pictures: known by their content, or read now and kept in the cache."""
    photos = sorted(files.digests, key=lambda photo: photo.path)
    rows = PictureRows(cache, models.version, open_reader(models).dims)
    new: dict[bytes, Photo] = {}
    for photo in photos:
        if files.digests[photo] not in rows:
            new.setdefault(files.digests[photo], replace(photo, path=photo.path.absolute()))
    failed: dict[bytes, str] = {}
    batches = [list(new)[k : k + _BATCH] for k in range(0, len(new), _BATCH)]
    unread = [tuple(new[digest] for digest in batch) for batch in batches]
    contents = side_by_side(partial(read_pictures, models=models), unread, pool if unread else None)
    done = 0
    for batch, content in zip(batches, contents, strict=True):
        good = {digest: one for digest, one in zip(batch, content, strict=True) if not isinstance(one, Failure)}
        failed |= {digest: one.reason for digest, one in zip(batch, content, strict=True) if isinstance(one, Failure)}
        if good:
            rows.add(list(good), list(good.values()))
        done += len(batch)
        progress(READING, done, len(new))
    bad = [as_given(one.path, failed[files.digests[one]]) for one in photos if files.digests[one] in failed]
    readable = tuple(photo for photo in photos if files.digests[photo] not in failed)
    failures = sorted((*files.failures, *bad), key=lambda one: one.path)
    if not readable:
        raise none_readable(len(failures), failures)
    digests = tuple(files.digests[photo] for photo in readable)
    return _Seen(readable, digests, rows.table(digests), tuple(failures), len(new) - len(failed))


def _result(seen: _Seen, mapped: Mapped, named: Named | None, report: MapReport) -> MapResult:
    """The pictures with their places, and the groups, the largest first."""
    words = named.groups if named else {}
    by_size = sorted(mapped.groups, key=lambda group: (-len(group.members), group.number))
    groups = tuple(replace(group, words=words.get(group.number, "")) for group in by_size)
    quality = {group.number: group.quality for group in mapped.groups}
    pictures = []
    for k, photo in enumerate(seen.photos):
        path, number = as_written(photo.path), int(mapped.numbers[k])
        x, y, z = mapped.positions[k].tolist()
        silhouette = None if number == ALONE else float(mapped.silhouettes[k])
        own = quality.get(number, Cohesion.LOW)
        crops, enlarged = seen.table.crops[k], seen.table.enlarged[k]
        label = named.pictures[k] if named else label_of(path)
        pictures.append(MappedPicture(path, label, (x, y, z), number, own, silhouette, crops, enlarged))
    return MapResult(tuple(pictures), groups, seen.failures, report)
