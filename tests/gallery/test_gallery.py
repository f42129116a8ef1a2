"""The gallery: what is kept is known in the next run, and what is forgotten is nowhere in its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.gallery.gallery import Gallery, open_gallery
from hdrkit.gallery.rows import Content
from hdrkit.pipeline.forget import forget
from hdrkit.types import Category, Face, FaceMeasures, Label, SeenFace

pytest.importorskip("lancedb")


def seen(seed: int) -> SeenFace:
    rng = np.random.default_rng(seed)
    vector = rng.normal(size=128)
    face = Face((60.0 * seed, 20.0, 50.0, 60.0), rng.uniform(0, 99, (5, 2)).astype(np.float32), 0.75)
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    return SeenFace(Path(), face, unit, FaceMeasures(eyes=0.5, focus=0.25, unknown=(("smile", "dark"),)))


def content(seed: int, faces: int) -> Content:
    rng = np.random.default_rng(900 + seed)
    return Content(rng.bytes(16), tuple(seen(100 * seed + k) for k in range(faces)), tuple(rng.bytes(700) for _ in range(faces)))


ONE, TWO, EMPTY = content(1, 2), content(2, 1), content(3, 0)


def filled(gallery: Gallery) -> None:
    gallery.keep([ONE, TWO, EMPTY], "v")
    gallery.decide({(ONE.digest, 0): (0, ""), (ONE.digest, 1): (1, ""), (TWO.digest, 0): (0, "")})
    gallery.label({0: Label(Category.MAIN, "Änn O'Hara"), 1: Label(Category.OTHER, "Bob")})


def files_hold(folder: Path, data: bytes) -> bool:
    return any(data in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_what_is_kept_is_known_in_the_next_run(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        assert gallery.known([ONE.digest], "v") == {}
        assert gallery.persons() == []
        assert gallery.next_number == 0
        filled(gallery)
    with open_gallery(str(tmp_path), "net") as gallery:
        known = gallery.known([ONE.digest, TWO.digest, EMPTY.digest, b"0" * 16], "v")
        assert {digest: len(faces) for digest, faces in known.items()} == {ONE.digest: 2, TWO.digest: 1, EMPTY.digest: 0}
        for one, other in zip(known[ONE.digest], ONE.faces, strict=True):
            np.testing.assert_array_equal(one.embedding, other.embedding)
            np.testing.assert_array_equal(one.face.landmarks, other.face.landmarks)
            assert (one.face.area, one.face.confidence, one.measures) == (other.face.area, other.face.confidence, other.measures)
        assert gallery.crops([(ONE.digest, 1)]) == {(ONE.digest, 1): ONE.crops[1]}
        assert gallery.decided([TWO.digest]) == {(TWO.digest, 0): (0, "")}
        assert gallery.labels() == {0: Label(Category.MAIN, "Änn O'Hara"), 1: Label(Category.OTHER, "Bob")}
        first, second = gallery.persons()
        np.testing.assert_allclose(first.total, ONE.faces[0].embedding + TWO.faces[0].embedding, atol=1e-6)
        assert (first.number, first.count, second.number, second.count, gallery.next_number) == (0, 2, 1, 1, 2)


def test_another_version_sees_anew(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        filled(gallery)
        assert gallery.known([ONE.digest], "w") == {}
        gallery.keep([Content(ONE.digest, ONE.faces[:1], ONE.crops[:1])], "w")
        assert len(gallery.known([ONE.digest], "w")[ONE.digest]) == 1
        assert gallery.decided([ONE.digest]) == {(ONE.digest, 0): (0, "")}  # the face that is still at its place
        assert [(one.number, one.count) for one in gallery.persons()] == [(0, 2)]
        assert gallery.next_number == 2


def test_two_persons_become_one(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        filled(gallery)
        gallery.join(0, 1)
        assert [(one.number, one.count) for one in gallery.persons()] == [(0, 3)]
        assert gallery.labels() == {0: Label(Category.MAIN, "Änn O'Hara")}


def test_networks_have_tables_of_their_own(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        filled(gallery)
    with open_gallery(str(tmp_path), "other net") as gallery:
        assert gallery.known([ONE.digest], "v") == {}


def test_a_forgotten_person_is_nowhere(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        filled(gallery)
        held = [ONE.faces[0].embedding.tobytes(), TWO.faces[0].embedding.tobytes(), ONE.crops[0], TWO.crops[0]]
        kept = [ONE.faces[1].embedding.tobytes(), ONE.crops[1]]
        assert all(files_hold(tmp_path, data) for data in (*held, *kept, b"O'Hara"))
        assert gallery.forget(0) == 2
        assert not any(files_hold(tmp_path, data) for data in (*held, b"O'Hara"))
        assert all(files_hold(tmp_path, data) for data in kept)
        assert [one.number for one in gallery.persons()] == [1]
        assert gallery.known([ONE.digest, TWO.digest], "v") == {}
        assert gallery.labels() == {1: Label(Category.OTHER, "Bob")}
        assert gallery.next_number == 2


def test_all_is_forgotten(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        filled(gallery)
        gallery.add_folder("/somewhere")
        assert gallery.folders() == ["/somewhere"]
        gallery.forget_all()
        assert not files_hold(tmp_path, ONE.faces[0].embedding.tobytes())
    with open_gallery(str(tmp_path), "net") as gallery:
        assert gallery.persons() == []
        assert gallery.folders() == []


def test_a_new_folder_is_the_users_alone_and_others_stay_as_they_are(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path / "data" / "people"), "net"):
        assert (tmp_path / "data" / "people").stat().st_mode & 0o077 == 0
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    with open_gallery(str(shared), "net"):
        assert shared.stat().st_mode & 0o777 == 0o755


def damage(folder: Path, how: str) -> None:
    for table in folder.glob("*.lance"):
        if how == "cut":
            for file in table.rglob("*.lance"):
                file.write_bytes(file.read_bytes()[:500])
        else:
            shutil.rmtree(table / "_versions")


@pytest.mark.parametrize("how", ["cut", "manifests"])
def test_a_damaged_gallery_is_one_line_and_can_be_removed(tmp_path: Path, how: str) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        filled(gallery)
        gallery.add_folder(str(tmp_path / "results"))
    damage(tmp_path, how)
    with (
        pytest.raises(InputError, match=r"gallery is damaged .* hdrkit faces --forget all --gallery") as told,
        open_gallery(str(tmp_path), "net") as gallery,
    ):
        gallery.known([ONE.digest], "v")
    assert str(told.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(told.value)
    assert ".rs" not in str(told.value)
    done = forget("all", str(tmp_path))
    assert all(line.startswith("the gallery was damaged") for line in done.failures)
    assert done.failures
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_who_became_one_is_known(tmp_path: Path) -> None:
    with open_gallery(str(tmp_path), "net") as gallery:
        filled(gallery)
        assert gallery.joined() == {}
        gallery.join(0, 1)
        assert gallery.joined() == {1: 0}
        gallery.forget(0)
        assert gallery.joined() == {}
