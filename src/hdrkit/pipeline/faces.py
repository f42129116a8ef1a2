"""`hdrkit faces` from top to bottom: files -> faces -> shots -> persons of the gallery -> a folder of results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from hdrkit.cache.index import open_cache
from hdrkit.faces.clearness import clearness
from hdrkit.faces.clustering import distances_to_persons
from hdrkit.faces.options import PersonOptions
from hdrkit.files.json_text import plain
from hdrkit.gallery.gallery import Gallery, open_gallery
from hdrkit.gallery.rows import Content
from hdrkit.inputs.discover import discover, none_readable
from hdrkit.models.roles import Role
from hdrkit.pipeline.face_links import Place
from hdrkit.pipeline.face_persons import THRESHOLDS, decide_persons
from hdrkit.pipeline.face_reader import FaceModels, find_face_models, read_faces
from hdrkit.pipeline.face_shots import best_faces, shots_of_photos
from hdrkit.pipeline.known_files import THREADS, KnownFiles, as_given, look_at
from hdrkit.pipeline.side_by_side import Pool, side_by_side
from hdrkit.pipeline.timing import timed
from hdrkit.results.faced import faces_into, write_faces
from hdrkit.results.label_file import LABEL_FILE, Labels, read_labels
from hdrkit.results.label_record import taken_out
from hdrkit.results.people_page import Where
from hdrkit.types import NOBODY, Failure, FoundPerson, PeopleReport, PeopleResult, Photo, Progress, SeenFace, SeenPhoto, Take
from hdrkit.types.progress import silent

READING = "reading faces"
_KEPT = 64  # photographs after which what was seen is kept


@dataclass(frozen=True)
class FaceSources:
    """Where models, persons and labels come from. None: the defaults, the user's gallery, and the labels among the results."""

    models: Mapping[Role, Path | str] | None = None
    gallery: str | None = None
    labels: Path | None = None


def find_people(
    inputs: Path | str | Sequence[Path | str],
    output: Path | str,
    options: PersonOptions | None = None,
    sources: FaceSources | None = None,
    progress: Progress | None = None,
    pool: Pool | None = None,
) -> PeopleResult:
    """Find who is in each photograph under `inputs`, and write face_data.csv, output_clusters and people.html to `output`.

    `pool` opens the executor that reads photographs; without it they are read one after the other here. A file that cannot be
    read is in the result as a failure. Raises InputError without photographs, models or labels that can be read, and OutputError
    if `output` cannot be written; ModelMissing names the command that gets a model.
    """
    options, sources, progress, output = options or PersonOptions(), sources or FaceSources(), progress or silent, Path(output)
    models, found = find_face_models(sources.models), discover(inputs)
    labels = _labels(sources.labels, output)
    threshold = THRESHOLDS[models.embedding.kind] if options.threshold is None else options.threshold
    seconds: dict[str, float] = {}
    with (
        faces_into(output) as tree,
        open_cache() as cache,
        open_gallery(sources.gallery, models.embedding.name) as gallery,
    ):
        with timed(seconds, "files"):
            files = look_at(found.paths, cache, progress)
        with timed(seconds, "shots"):
            shots = shots_of_photos(list(files.digests), files.digests, cache, THREADS)
        with timed(seconds, "faces"):
            seen = _seen([photo for shot in shots for photo in shot.photos], files, models, gallery, progress, pool)
        with timed(seconds, "persons"):
            places = _places(shots, seen)
            said = labels or Labels()
            taken = Labels() if labels is None else taken_out(output, labels)
            notes = decide_persons(places, (said, taken), options, threshold, gallery, progress)
        with timed(seconds, "results"):
            roles = {str(model.role): f"{model.name} ({model.licence})" for model in models.all}
            notes = [*cache.notes, *notes]
            report = PeopleReport(plain(options), roles, threshold, seconds, seen.read, tuple(notes), found.ignored)
            result = _result(shots, places, seen, gallery, report)
            gallery.add_folder(str(output.resolve()))
            write_faces(result, lambda: _crops(places, gallery), tree, labels)
    return result


def _crops(places: Sequence[Place], gallery: Gallery) -> dict[Where, bytes]:
    crops = gallery.crops([place.key for place in places])
    return {place.seen.where: crops[place.key] for place in places}


def _labels(given: Path | None, output: Path) -> Labels | None:
    """What the labels file says, None if there is none."""
    if given is not None:
        return read_labels(given)
    beside = output / LABEL_FILE
    return read_labels(beside) if beside.exists() else None


@dataclass(frozen=True)
class _Seen:
    """The faces in each photograph that could be read, files that could not, and how many were read in this run."""

    keys: dict[Photo, bytes]
    faces: Mapping[bytes, tuple[SeenFace, ...]]
    failures: tuple[Failure, ...]
    read: int


def _seen(
    photos: Sequence[Photo], files: KnownFiles, models: FaceModels, gallery: Gallery, progress: Progress, pool: Pool | None
) -> _Seen:
    """The faces in photographs: known by their content, or read now and kept in the gallery."""
    digest_of = {photo: files.digests[photo] for photo in photos}
    faces = gallery.known(digest_of.values(), models.version)
    new: dict[bytes, Photo] = {}
    for photo, digest in digest_of.items():
        if digest not in faces:
            new.setdefault(digest, photo)
    failed: dict[bytes, str] = {}
    batch: list[Content] = []
    unread = [replace(photo, path=photo.path.absolute()) for photo in new.values()]
    contents = side_by_side(partial(read_faces, models=models), unread, pool if unread else None)
    try:
        for done, (digest, content) in enumerate(zip(new, contents, strict=True), 1):
            if isinstance(content, Failure):
                failed[digest] = content.reason
            else:
                batch.append(content)
            if len(batch) == _KEPT:
                gallery.keep(batch, models.version)
                batch.clear()
            progress(READING, done, len(new))
    finally:  # also an interrupt: what was read is kept
        if batch:
            gallery.keep(batch, models.version)
    faces |= gallery.known(new, models.version)  # as later runs see them: rounded to what is stored
    bad = [as_given(photo.path, failed[digest]) for photo, digest in digest_of.items() if digest in failed]
    readable = {photo: digest for photo, digest in digest_of.items() if digest not in failed}
    if bad and not readable:
        raise none_readable(len(bad) + len(files.failures), bad)
    return _Seen(readable, faces, (*files.failures, *bad), len(new) - len(failed))


def _places(shots: Sequence[Take], seen: _Seen) -> list[Place]:
    """Each face of each shot once, on the frame that shows it best, in the order of shots."""
    places = []
    for number, shot in enumerate(shots):
        photos = [photo for photo in shot.photos if photo in seen.keys]
        frames = [seen.faces[seen.keys[photo]] for photo in photos]
        for frame, place in best_faces(frames):
            face = replace(frames[frame][place], path=photos[frame].path)
            places.append(Place((seen.keys[photos[frame]], place), number, place, face))
    return places


def _result(shots: Sequence[Take], places: list[Place], seen: _Seen, gallery: Gallery, report: PeopleReport) -> PeopleResult:
    """The persons and photographs. The faces in `places` are replaced by those with their persons."""
    decided = gallery.decided({place.key[0] for place in places})
    labels = gallery.labels()
    for k, place in enumerate(places):
        number, why = decided[place.key]
        measures = place.seen.measures
        if number == NOBODY:
            measures = replace(measures, unknown=(*measures.unknown, ("person", why)))
        places[k] = replace(place, seen=replace(place.seen, person=None if number == NOBODY else number, measures=measures))
    faces = [place.seen for place in places]
    numbers = np.array([NOBODY if face.person is None else face.person for face in faces], np.int64)
    vectors = np.stack([face.embedding for face in faces]) if faces else np.zeros((0, 1), np.float32)
    own, other = distances_to_persons(vectors, numbers, gallery.persons())
    doubts = [_doubt(*pair) for pair in zip(own.tolist(), other.tolist(), strict=True)]
    persons = []
    for number in sorted(set(numbers.tolist()) - {NOBODY}):
        members = sorted(np.flatnonzero(numbers == number).tolist(), key=lambda k: -(doubts[k] or 0.0))
        own_faces = tuple(faces[k] for k in members)
        clearest = max(own_faces, key=clearness)
        persons.append(FoundPerson(number, own_faces, tuple(doubts[k] for k in members), clearest, labels.get(number)))
    return PeopleResult(
        tuple(_photos(shots, faces, seen.failures)),
        tuple(persons),
        tuple(face for face in faces if face.person is None),
        labels,
        seen.failures,
        report,
    )


def _doubt(own: float, other: float) -> float | None:
    """How near a face is to its own person, relative to the nearest other one, 0 to 1."""
    if math.isnan(own):
        return None
    return 0.0 if math.isnan(other) else min(max(own, 0.0) / max(other, 1e-6), 1.0)


def _photos(shots: Sequence[Take], faces: Sequence[SeenFace], failures: Sequence[Failure]) -> list[SeenPhoto]:
    """Every photograph with its faces, sorted by path."""
    of_path: dict[Path, list[SeenFace]] = {}
    for face in faces:
        of_path.setdefault(face.path, []).append(face)
    reasons = {bad.path: bad.reason for bad in failures}
    shot_of = {photo.path: shot.shown.path for shot in shots for photo in (*shot.photos, *shot.companions)}
    return [
        SeenPhoto(path, shot_of.get(path, path), tuple(of_path.get(path, ())), reasons.get(path, ""))
        for path in sorted({*shot_of, *reasons})
    ]
