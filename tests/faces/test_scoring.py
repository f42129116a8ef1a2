"""Scores follow thresholds, rules and categories; what is unknown counts neither way, and no photograph is lost."""

from pathlib import Path

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.faces.options import ScoringOptions, parse_rule
from hdrkit.faces.scoring import score_photos
from hdrkit.types import Category, Face, FaceMeasures, Label, SeenFace, SeenPhoto

LABELS = {0: Label(Category.MAIN), 1: Label(Category.IMPORTANT), 2: Label(Category.OTHER), 3: Label(Category.MAIN)}
WELL = (0.9, 0.8, 0.8)


def photo(name: str, *persons: tuple[int | None, tuple], shot: str = "", failure: str = "") -> SeenPhoto:
    """A photograph with faces of persons, each with eyes, smile and focus."""

    def seen(person, measures) -> SeenFace:
        eyes, smile, focus = measures
        face = Face((0, 0, 90, 120), np.zeros((5, 2), np.float32), 0.9)
        return SeenFace(Path(name), face, np.ones(3, np.float32), FaceMeasures(eyes=eyes, smile=smile, focus=focus), person)

    return SeenPhoto(Path(name), Path(shot or name), tuple(seen(*one) for one in persons), failure)


def results(*persons, labels=LABELS, **options) -> str:
    [score] = score_photos([photo("a.jpg", *persons)], labels, ScoringOptions(**options))
    return score.results


def test_the_nine_letters_are_main_important_other_by_eyes_smile_focus():
    assert results((0, WELL), (1, (0.1, 0.8, 0.8)), (2, (0.9, 0.0, 0.1))) == "bbb" + "abb" + "baa"
    assert results((0, WELL)) == "bbb" + "ccc" + "ccc"
    assert results((7, WELL), (None, WELL)) == "ccc" * 3
    assert results() == "ccc" * 3


def test_all_must_or_one_is_enough():
    two = (0, (0.9, 0.8, 0.1)), (3, (0.1, 0.1, 0.8))
    assert results(*two)[:3] == "abb"
    assert results(*two, require_all_eyes_open="0")[:3] == "bbb"
    assert results(*two, require_all_smiles="main", require_all_in_focus="1")[:3] == "aaa"
    assert results(*two, require_all_eyes_open="important,other")[:3] == "bbb"


def test_a_measure_that_is_unknown_counts_neither_way():
    assert results((0, (None, 0.8, None)), (3, (0.9, None, None))) == "bbc" + "ccc" * 2
    assert results((0, (None, None, None))) == "ccc" * 3


def test_thresholds_are_inclusive():
    assert results((0, (0.5, 0.5, 0.4)))[:3] == "bbb"
    assert results((0, (0.5, 0.5, 0.4)), eyes=0.51, smile=0.51, focus=0.41)[:3] == "aaa"


def test_the_best_comes_first_and_places_are_dense():
    blink = (0.1, 0.8, 0.8)
    scores = score_photos(
        [
            photo("main blinks.jpg", (0, blink), (1, WELL)),
            photo("both.jpg", (0, WELL), (1, WELL)),
            photo("other blinks.jpg", (0, WELL), (2, blink)),
            photo("nobody.jpg", (9, WELL)),
            photo("empty.jpg"),
            photo("broken.jpg", failure="broken.jpg: it cannot be read"),
            photo("same.jpg", (0, WELL), (1, WELL)),
        ],
        LABELS,
    )
    order = [(one.path.stem, one.final_score) for one in scores]
    assert order == [
        ("both", 1),
        ("same", 1),
        ("other blinks", 2),
        ("main blinks", 3),
        ("nobody", 4),
        ("empty", 5),
        ("broken", None),
    ]
    by_name = {one.path.stem: one for one in scores}
    assert [by_name[name].stars for name in ("both", "other blinks", "main blinks", "nobody", "broken")] == [5, 3, 1, None, None]
    assert by_name["main blinks"].reason == "main: eyes closed"
    assert by_name["both"].reason == "all is well for 1 main and 1 important"
    assert by_name["nobody"].reason == "1 face, none of a labelled person"
    assert by_name["empty"].reason == "no face"
    assert by_name["broken"].reason == "broken.jpg: it cannot be read"


def test_the_better_of_two_good_photographs_comes_first():
    scores = score_photos([photo("a.jpg", (0, (0.7, 0.5, 0.5))), photo("b.jpg", (0, (0.99, 0.9, 0.9)))], LABELS)
    assert [one.path.name for one in scores] == ["b.jpg", "a.jpg"]
    assert {one.results for one in scores} == {"bbb" + "ccc" * 2}


def test_a_missing_smile_costs_one_star_and_what_is_not_told_is_said():
    [score] = score_photos([photo("a.jpg", (0, (0.9, 0.1, None)), (3, (None, 0.2, 0.9)))], LABELS)
    assert score.stars == 4
    assert score.reason == "main: no smile (2 of 2); not told: eyes of 1 main and focus of 1 main"
    [score] = score_photos([photo("a.jpg", (0, (None, None, None)))], LABELS)
    assert (score.stars, score.reason) == (None, "nothing can be told of 1 main")


def test_a_shot_is_judged_once_by_the_faces_of_all_its_photographs():
    dark, light = photo("dark.jpg", (0, WELL), shot="light.jpg"), photo("light.jpg", (1, WELL), shot="light.jpg")
    scores = score_photos([dark, light, photo("z.jpg")], LABELS)
    assert [(one.path.name, one.final_score, one.results[:6], one.total) for one in scores[:2]] == [
        ("dark.jpg", 1, "bbbbbb", 2),
        ("light.jpg", 1, "bbbbbb", 2),
    ]
    assert {one.shot for one in scores[:2]} == {Path("light.jpg")}
    assert scores[2].final_score == 2


def test_without_labels_every_face_counts_as_other():
    assert results((0, WELL), (None, (0.1, 0.1, 0.1)), labels=None) == "ccc" * 2 + "abb"


def test_rules_know_every_category():
    assert parse_rule("1").split(",") == list(Category)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("1", "main,important,other"),
        ("True", "main,important,other"),
        ("0", ""),
        ("false", ""),
        ("other, MAIN", "main,other"),
        ("", ""),
    ],
)
def test_a_rule_is_read_from_numbers_words_and_lists(text, means):
    assert parse_rule(text) == means
    assert ScoringOptions(require_all_smiles=text).require_all_smiles == means


def test_options_out_of_range_are_refused():
    with pytest.raises(InputError, match=r"eyes is from 0 to 1, not 2"):
        ScoringOptions(eyes=2)
    with pytest.raises(InputError, match=r"require_all_smiles: 'bride' is no category; write 1 \(all must\)"):
        ScoringOptions(require_all_smiles="bride")
