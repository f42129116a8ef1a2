"""The gallery: what was seen in photographs, who was recognised, and the labels, in tables of LanceDB.

The address is a folder, or a URL of object storage that LanceDB opens (s3://, gs://, az://). Photographs are known by the digest
of their files, so that a photograph that was moved or copied is known. Embeddings of two networks cannot be compared: each
network has tables of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hdrkit.errors import InputError
from hdrkit.files.atomic import writing
from hdrkit.files.lock import alone_in
from hdrkit.files.packages import load_package
from hdrkit.gallery.rows import DIGEST, Content, Key, face_rows, face_schema, faces_of
from hdrkit.gallery.table import StoredTable, reason_of
from hdrkit.types import NOBODY, Category, KnownPerson, Label, SeenFace


def gallery_folder() -> str:
    """$HDRKIT_GALLERY, which may be a URL, else `hdrkit/people` in the user's data folder."""
    if named := os.environ.get("HDRKIT_GALLERY"):
        return named
    from platformdirs import user_data_path

    return str(user_data_path("hdrkit", appauthor=False) / "people")


@contextmanager
def open_gallery(address: str | None, network: str) -> Iterator[Gallery]:
    """The gallery at an address (None: the user's own), for the embeddings of a network.

    Raises InputError if LanceDB is not installed or cannot open the address, and OutputError if another run uses the folder.
    """
    with _database(address) as database:
        gallery = Gallery(database, network)
        yield gallery
        gallery.tidy()


@contextmanager
def open_galleries(address: str | None) -> Iterator[dict[str, Gallery]]:
    """The galleries at an address by their networks. Raises the errors of `open_gallery`."""
    with _database(address) as database:
        networks = sorted({name.rpartition(".")[0] for name in database.list_tables().tables})
        yield {network: Gallery(database, network) for network in networks}


@contextmanager
def _database(address: str | None) -> Iterator[Any]:
    lancedb = load_package("lancedb", "the gallery of persons", "hdrkit[people]")
    at = gallery_folder() if address is None else address
    with ExitStack() as stack:
        if "://" not in at:
            with writing(at):
                Path(at).parent.mkdir(parents=True, exist_ok=True)
                Path(at).mkdir(mode=0o700, exist_ok=True)  # faces are personal data
            stack.enter_context(alone_in(Path(at)))
        try:
            database = lancedb.connect(at)
            database.list_tables()
        except (ValueError, OSError, RuntimeError) as error:
            raise InputError(f"{at}: the gallery cannot be opened ({reason_of(error)}); see --gallery") from error
        yield database


class Gallery:
    """What is known of photographs and persons. Every method reads or writes the store at once."""

    def __init__(self, database: Any, network: str) -> None:
        import pyarrow as pa

        before = re.sub(r"[^a-zA-Z0-9-]+", "_", network)

        def table(name: str, schema: Any = None) -> StoredTable:
            return StoredTable(database, f"{before}.{name}", schema)

        digest = ("digest", pa.binary(DIGEST))
        self._photos = table("photos", pa.schema([digest, ("version", pa.string())]))
        self._faces = table("faces")  # its columns depend on the network
        member = [digest, ("place", pa.int32()), ("person", pa.int32()), ("why", pa.string())]
        self._members = table("members", pa.schema(member))
        self._persons = table("persons")
        label = [("person", pa.int32()), ("name", pa.string()), ("category", pa.string())]
        self._labels = table("labels", pa.schema(label))
        self._folders = table("folders", pa.schema([("folder", pa.string())]))
        self._joined = table("joined", pa.schema([("kept", pa.int32()), ("gone", pa.int32())]))

    def tidy(self) -> None:
        """Join the pieces of tables that were written in many steps."""
        for table in self._tables:
            table.tidy()

    @property
    def _tables(self) -> tuple[StoredTable, ...]:
        return self._photos, self._faces, self._members, self._persons, self._labels, self._folders, self._joined

    def known(self, digests: Iterable[bytes], version: str) -> dict[bytes, tuple[SeenFace, ...]]:
        """The faces of those contents that were seen by this `version` of the models and options, from left to right."""
        photos = self._photos.rows_of("digest", set(digests))
        pairs = zip(photos["digest"].to_pylist(), photos["version"].to_pylist(), strict=True)
        seen: dict[bytes, list[SeenFace]] = {digest: [] for digest, by in pairs if by == version}
        columns = [name for name in self._faces.columns if name != "crop"]
        for (digest, _), face in sorted(faces_of(self._faces.rows_of("digest", seen, columns)), key=lambda one: one[0]):
            seen[digest].append(face)
        return {digest: tuple(faces) for digest, faces in seen.items()}

    def keep(self, contents: Sequence[Content], version: str) -> None:
        """Keep what was seen in contents. It replaces what was seen before. A face at the same place stays the same person."""
        import pyarrow as pa

        digests = {content.digest for content in contents}
        changed = set(self._members.rows_of("digest", digests)["person"].to_pylist())
        carried = self._carried(contents) if changed else {}
        for table in (self._photos, self._faces, self._members):
            table.remove("digest", digests)
        if dims := {len(seen.embedding) for content in contents for seen in content.faces}:
            schema = face_schema(*dims)
            self._faces.add(face_rows([content for content in contents if content.faces], *dims), schema)
        self._photos.add(pa.table({"digest": pa.array(list(digests), pa.binary(DIGEST)), "version": [version] * len(digests)}))
        if carried:
            self._add_members(carried)
        self._total(changed - {NOBODY})

    def _carried(self, contents: Sequence[Content]) -> dict[Key, tuple[int, str]]:
        """The persons of faces that were decided about, for the faces that are at the same places now."""
        decided = self.decided({content.digest for content in contents})
        before: dict[bytes, list[tuple[SeenFace, tuple[int, str]]]] = {}
        columns = [name for name in self._faces.columns if name != "crop"]
        for key, face in faces_of(self._faces.rows_of("digest", {digest for digest, _ in decided}, columns)):
            if key in decided:
                before.setdefault(key[0], []).append((face, decided[key]))
        return {
            (content.digest, place): person
            for content in contents
            for face, person in before.get(content.digest, ())
            for place, seen in enumerate(content.faces)
            if _at_one_place(face, seen)
        }

    def crops(self, keys: Iterable[Key]) -> dict[Key, bytes]:
        """The JPEG of each face."""
        wanted = set(keys)
        table = self._faces.rows_of("digest", {digest for digest, _ in wanted}, ["digest", "place", "crop"])
        found = zip(*(table[name].to_pylist() for name in ("digest", "place", "crop")), strict=True) if len(table) else ()
        return {(digest, place): crop for digest, place, crop in found if (digest, place) in wanted}

    def decided(self, digests: Iterable[bytes]) -> dict[Key, tuple[int, str]]:
        """The person of each face of these contents that was decided about: -1 for unknown, and then why."""
        table = self._members.rows_of("digest", set(digests))
        found = zip(*(table[name].to_pylist() for name in ("digest", "place", "person", "why")), strict=True)
        return {(digest, place): (person, why) for digest, place, person, why in found}

    def decide(self, persons: Mapping[Key, tuple[int, str]]) -> None:
        """Keep who these faces are: a number (-1 for unknown), and why it is unknown. It replaces what was decided before."""
        digests = {digest for digest, _ in persons}
        before = self.decided(digests)
        changed = {key: one for key, one in persons.items() if before.get(key) != one}
        if not changed:
            return
        self._members.remove("digest", digests)
        self._add_members(before | changed)
        self._total({number for source in (before, changed) for key in changed if key in source for number in [source[key][0]]})

    def _add_members(self, persons: Mapping[Key, tuple[int, str]]) -> None:
        import pyarrow as pa

        digest, place, person, why = zip(*((*key, *one) for key, one in persons.items()), strict=True)
        self._members.add(
            pa.table(
                {
                    "digest": pa.array(digest, pa.binary(DIGEST)),
                    "place": pa.array(place, pa.int32()),
                    "person": pa.array(person, pa.int32()),
                    "why": pa.array(why, pa.string()),
                }
            )
        )

    def persons(self) -> list[KnownPerson]:
        """The persons with faces, by their numbers."""
        table = self._persons.rows_of("person")
        if not len(table):
            return []
        totals = np.stack(table["total"].to_pylist()).astype(np.float32)
        rows = zip(table["person"].to_pylist(), totals, table["count"].to_pylist(), strict=True)
        return sorted((KnownPerson(*row) for row in rows if row[2]), key=lambda one: one.number)

    @property
    def next_number(self) -> int:
        """The number for a new person: the one above all that were ever given."""
        return max(self._persons.rows_of("person", columns=["person"])["person"].to_pylist(), default=NOBODY) + 1

    def labels(self) -> dict[int, Label]:
        """The labels of persons."""
        table = self._labels.rows_of("person")
        rows = zip(*(table[name].to_pylist() for name in ("person", "name", "category")), strict=True)
        return {number: Label(Category(category), name) for number, name, category in rows}

    def label(self, labels: Mapping[int, Label]) -> None:
        """Keep labels. They replace those of the same persons."""
        import pyarrow as pa

        before = self.labels()
        changed = {number: label for number, label in labels.items() if before.get(number) != label}
        if changed:
            self._labels.remove("person", changed)
            names, categories = ([one.name for one in changed.values()], [str(one.category) for one in changed.values()])
            self._labels.add(pa.table({"person": pa.array(changed, pa.int32()), "name": names, "category": categories}))

    def unlabel(self, persons: Collection[int]) -> None:
        """Take labels back, for good."""
        if set(persons) & set(self.labels()):
            self._labels.erase("person", persons)

    def join(self, kept: int, gone: int) -> None:
        """Make two persons one, with the number and the label of the first."""
        import pyarrow as pa

        self._members.change("person", gone, kept)
        self._labels.remove("person", [gone])
        self._joined.change("kept", gone, kept)
        self._joined.add(pa.table({"kept": pa.array([kept], pa.int32()), "gone": pa.array([gone], pa.int32())}))
        self._total({kept, gone})

    def joined(self) -> dict[int, int]:
        """The numbers of persons who became one with another, and the number of that one."""
        table = self._joined.rows_of("kept")
        return dict(zip(table["gone"].to_pylist(), table["kept"].to_pylist(), strict=True))

    def folders(self) -> list[str]:
        """The folders that results were written to."""
        return sorted(self._folders.rows_of("folder")["folder"].to_pylist())

    def add_folder(self, folder: str) -> None:
        """Remember a folder of results."""
        import pyarrow as pa

        if folder not in self.folders():
            self._folders.add(pa.table({"folder": [folder]}))

    def forget(self, person: int) -> int:
        """Remove all faces of a person from the store, for good, and the label. Gives the number of faces.

        The number is never given again. Photographs that showed the person count as new.
        """
        table = self._members.rows_of("person", [person])
        keys = list(zip(table["digest"].to_pylist(), table["place"].to_pylist(), strict=True))
        self._faces.erase_keys(keys)
        self._members.erase("person", [person])
        self._labels.erase("person", [person])
        self._joined.erase("kept", [person])
        self._photos.erase("digest", {digest for digest, _ in keys})
        self._total({person})
        self._persons.erase("person", [])
        return len(keys)

    def forget_all(self) -> None:
        """Remove everything."""
        for table in self._tables:
            table.drop()

    def _total(self, numbers: Iterable[int]) -> None:
        """Sum the faces of persons anew."""
        import pyarrow as pa

        if not (wanted := sorted(set(numbers) - {NOBODY})):
            return
        members = self._members.rows_of("person", wanted)
        person_of = {
            (digest, place): person
            for digest, place, person in zip(*(members[name].to_pylist() for name in ("digest", "place", "person")), strict=True)
        }
        faces = self._faces.rows_of("digest", {digest for digest, _ in person_of}, ["digest", "place", "embedding"])
        dims = self._faces.width_of("embedding")
        vectors = faces["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(faces), dims)
        keys = zip(faces["digest"].to_pylist(), faces["place"].to_pylist(), strict=True)
        of = np.array([person_of.get(key, NOBODY) for key in keys], np.int64)
        totals, counts = np.zeros((len(wanted), dims)), np.zeros(len(wanted), np.int64)
        for row, number in enumerate(wanted):
            totals[row], counts[row] = vectors[of == number].sum(axis=0, dtype=np.float64), (of == number).sum()
        schema = pa.schema([("person", pa.int32()), ("count", pa.int64()), ("total", pa.list_(pa.float32(), dims))])
        flat = pa.array(totals.astype(np.float32).reshape(-1))
        columns = [pa.array(wanted, pa.int32()), pa.array(counts), pa.FixedSizeListArray.from_arrays(flat, dims)]
        self._persons.remove("person", wanted)
        self._persons.add(pa.table(columns, schema=schema), schema)


def _at_one_place(a: SeenFace, b: SeenFace) -> bool:
    """Whether two boxes have more in common than apart."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.face.area, b.face.area
    common = max(0.0, min(ax + aw, bx + bw) - max(ax, bx)) * max(0.0, min(ay + ah, by + bh) - max(ay, by))
    return common > 0.5 * (aw * ah + bw * bh - common)
