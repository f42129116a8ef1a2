"""Faces to persons, with planted persons: vectors around directions that are far from each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from hdrkit.errors import InputError
from hdrkit.faces.clustering import Persons, distances_to_persons, find_persons, weakness
from hdrkit.faces.linkage import Groups, average_linkage
from hdrkit.faces.options import PersonMethod, PersonOptions
from hdrkit.types import Face, FaceMeasures, KnownPerson, SeenFace

THRESHOLD = 0.4


def faces_of(persons: list[int], spread: float = 0.5, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors, one for each entry, around the direction of that person."""
    directions = np.random.default_rng(1).normal(size=(max(persons) + 1, 64))
    vectors = directions[persons] + spread * np.random.default_rng(seed).normal(size=(len(persons), 64))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def found(vectors: NDArray[np.float32], shots: list[int] | None = None, **more: object) -> Persons:
    weak = more.pop("weak", [""] * len(vectors))
    apart = [frozenset([shot]) for shot in shots or range(len(vectors))]
    return find_persons(vectors, apart, weak, THRESHOLD, **more)  # type: ignore[arg-type]


def known(vectors: NDArray[np.float32], number: int) -> KnownPerson:
    return KnownPerson(number, vectors.sum(axis=0), len(vectors))


def same_parts(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a.tolist())) == len(set(b.tolist()))


@pytest.mark.parametrize("spread", [0.3, 0.8, 1.5])
@pytest.mark.parametrize("threshold", [0.1, 0.4, 0.8])
def test_it_is_average_linkage(spread: float, threshold: float) -> None:
    vectors = faces_of([k % 12 for k in range(300)], spread)
    reference = fcluster(linkage(vectors.astype(np.float64), "average", "cosine"), threshold, "distance")
    ours = average_linkage(Groups(vectors, np.ones(300, np.int64), [frozenset()] * 300), threshold)
    assert same_parts(ours, reference)


@pytest.mark.parametrize("method", PersonMethod)
def test_planted_persons_are_found_and_numbered_by_their_faces(method: PersonMethod) -> None:
    truth = [1] * 5 + [0] * 9 + [2] * 3
    persons = found(faces_of(truth), method=method)
    assert persons.numbers.tolist() == [1] * 5 + [0] * 9 + [2] * 3


@pytest.mark.parametrize("method", PersonMethod)
def test_two_faces_of_one_photograph_are_two_persons(method: PersonMethod) -> None:
    truth = [0] * 6 + [1] * 6
    vectors = faces_of(truth)
    twin = vectors[:1] * 0.98 + 0.02 * vectors[1:2]  # a mirror, or a twin
    shots = [*range(12), 0]
    persons = found(np.concatenate([vectors, twin / np.linalg.norm(twin)]).astype(np.float32), shots, method=method)
    assert persons.numbers[12] != persons.numbers[0]
    for shot in set(shots):
        here = [number for number, at in zip(persons.numbers.tolist(), shots, strict=True) if at == shot and number >= 0]
        assert len(here) == len(set(here))


@pytest.mark.parametrize("method", PersonMethod)
def test_what_the_labels_say_wins(method: PersonMethod) -> None:
    vectors = faces_of([0] * 4 + [1] * 4 + [2] * 4)
    apart = [frozenset([k, 99]) if k in (8, 9) else frozenset([k]) for k in range(12)]
    persons = find_persons(vectors, apart, [""] * 12, THRESHOLD, must_link=[(0, 4)], method=method)
    assert persons.numbers[0] == persons.numbers[4] >= 0
    assert persons.numbers[8] != persons.numbers[9]


def test_a_must_link_joins_also_within_one_photograph() -> None:
    persons = found(faces_of([0, 0, 1]), [0, 0, 1], must_link=[(0, 1)])
    assert persons.numbers[0] == persons.numbers[1]


@pytest.mark.parametrize("method", PersonMethod)
def test_known_persons_keep_their_numbers(method: PersonMethod) -> None:
    earlier = faces_of([0] * 5 + [1] * 5 + [2] * 5, seed=3)
    numbers = {7: earlier[:5], 3: earlier[10:]}  # the person in the middle is not known
    persons = found(
        faces_of([2, 2, 2, 1, 1, 1, 0, 0]), known=[known(v, k) for k, v in numbers.items()], first_number=20, method=method
    )
    assert persons.numbers.tolist() == [3, 3, 3, 20, 20, 20, 7, 7]


def test_known_persons_are_never_joined_to_each_other() -> None:
    alike = faces_of([0] * 6)
    persons = found(alike[4:], known=[known(alike[:2], 1), known(alike[2:4], 2)], first_number=9)
    assert set(persons.numbers.tolist()) <= {1, 2}


@pytest.mark.parametrize("method", PersonMethod)
def test_a_known_person_is_once_in_a_photograph(method: PersonMethod) -> None:
    vectors = faces_of([0] * 8)
    persons = found(vectors[4:], known=[known(vectors[:4], 5)], taken={5: range(4)}, first_number=9, method=method)
    assert 5 not in persons.numbers


def test_a_face_is_nearer_to_its_own_person() -> None:
    truth = np.array([0] * 5 + [1] * 4 + [2])
    vectors = faces_of(truth.tolist())
    people = [known(vectors[truth == number], number) for number in range(3)]
    own, other = distances_to_persons(vectors, truth, people)
    assert (own[:9] < other[:9]).all()
    assert np.isnan(own[9])
    pairs = [1 - vectors[0] @ vectors[k] for k in range(1, 5)]
    np.testing.assert_allclose(own[0], np.mean(pairs), atol=1e-5)


def test_a_weak_face_joins_when_it_is_sure_and_is_unknown_else() -> None:
    vectors = faces_of([0] * 5 + [1] * 5 + [0, 2], spread=0.4)
    between = vectors[0] + vectors[5]
    vectors = np.concatenate([vectors, [between / np.linalg.norm(between)]]).astype(np.float32)
    weak = [""] * 10 + ["small: 20 pixels"] * 3
    persons = find_persons(vectors, [frozenset([k]) for k in range(13)], weak, 0.7)
    assert persons.numbers.tolist() == [0] * 5 + [1] * 5 + [0, -1, -1]
    assert persons.why == {
        11: "small: 20 pixels; like nobody who is known",
        12: "small: 20 pixels; like two persons",
    }


@pytest.mark.parametrize(
    ("size", "confidence", "yaw", "focus", "words"),
    [
        (80, 0.9, 0, 0.9, ""),
        (20, 0.9, 0, 0.9, "small: 20 pixels"),
        (80, 0.3, 0, 0.9, "perhaps no face: confidence 0.30"),
        (80, 0.9, -75, 0.9, "turned away: 75 degrees"),
        (80, 0.9, 0, 0.05, "blurred: focus 0.05"),
        (40, 0.9, 0, 0.4, "blurred for its size: focus 0.40, 40 pixels"),
        (80, 0.9, None, None, ""),
    ],
)
def test_what_the_pixels_of_a_face_tell(
    size: float, confidence: float, yaw: float | None, focus: float | None, words: str
) -> None:
    face = Face((0.0, 0.0, size, size + 9), np.zeros((5, 2), np.float32), confidence)
    seen = SeenFace(Path(), face, np.zeros(4, np.float32), FaceMeasures(yaw=yaw, focus=focus))
    assert weakness(seen, PersonOptions()) == words


def test_two_faces_alone_must_be_nearer_than_many() -> None:
    angle = np.arccos(1 - 0.9 * THRESHOLD)
    pair = np.array([[1, 0, 0], [np.cos(angle), np.sin(angle), 0]], np.float32)
    assert len(set(found(pair).numbers.tolist())) == 2
    assert len(set(found(pair[[0, 0, 1, 1]]).numbers.tolist())) == 2  # copies say nothing new


@pytest.mark.parametrize("method", PersonMethod)
def test_many_looks_may_be_wider_than_few(method: PersonMethod) -> None:
    axes = np.eye(8, dtype=np.float32)
    looks = np.sqrt(1 - 0.8 * THRESHOLD) * axes[0] + np.sqrt(0.8 * THRESHOLD) * axes[1:7]  # all equally far apart
    assert len(set(found(looks, method=method).numbers.tolist())) == 1
    assert found(looks[:3]).numbers.tolist() == [0, 1, 2]
    known_by_all = [known(looks[:5], 4)]
    assert found(looks[5:], known=known_by_all, method=method).numbers.tolist() == (
        [4] if method is PersonMethod.AVERAGE else [-1]
    )


def test_a_dense_chain_of_strangers_is_no_person() -> None:
    angles = np.arange(12) * np.arccos(1 - 0.5 * THRESHOLD)
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    numbers = found(chain, method=PersonMethod.HDBSCAN).numbers
    for number in set(numbers.tolist()) - {-1}:
        members = chain[numbers == number]
        pairs = np.triu_indices(len(members), 1)
        assert (1 - members @ members.T)[pairs].mean() <= THRESHOLD


def test_weak_faces_alone_make_no_person() -> None:
    persons = found(faces_of([0, 0, 0]), weak=["blurred: focus 0.02"] * 3)
    assert persons.numbers.tolist() == [-1] * 3
    assert persons.why[0] == "blurred: focus 0.02; nobody to compare with"


@pytest.mark.parametrize("method", PersonMethod)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_few_faces(number: int, method: PersonMethod) -> None:
    vectors = faces_of([0] * 2)[:number]
    assert len(found(vectors, method=method).numbers) == number


def test_the_order_of_faces_does_not_matter() -> None:
    truth = [k % 7 for k in range(80)]
    vectors = faces_of(truth, spread=0.9)
    order = np.random.default_rng(4).permutation(80)
    straight, shuffled = found(vectors), found(vectors[order])
    assert same_parts(straight.numbers[order], shuffled.numbers)


def test_options_out_of_range_are_refused() -> None:
    for wrong in (
        {"threshold": 0.0},
        {"threshold": 3.0},
        {"min_focus": 2.0},
        {"max_yaw": -1.0},
        {"min_size": -1.0},
        {"method": "k"},
    ):
        with pytest.raises(InputError):
            PersonOptions(**wrong)  # type: ignore[arg-type]
