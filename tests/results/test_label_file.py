"""cluster_labels.json: the document's form, names, and pairs; anything else is refused with one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdrkit.errors import InputError
from hdrkit.results.label_file import LABEL_FILE, Labels, read_labels, write_labels
from hdrkit.types import Category, Label


def read(tmp_path: Path, text: str) -> Labels:
    path = tmp_path / LABEL_FILE
    path.write_text(text, encoding="utf-8")
    return read_labels(path)


def test_the_form_of_the_document(tmp_path: Path) -> None:
    labels = read(tmp_path, '{"0":  "main" , "1":  "main" , "2": "important" , "3": "other" }')
    assert labels.persons == {0: Label(Category.MAIN), 1: Label(Category.MAIN), 2: Label(Category.IMPORTANT), 3: Label()}


def test_names_and_pairs(tmp_path: Path) -> None:
    given = {
        "4": {"name": "Ann", "category": "main"},
        "5": {"name": "Bob"},
        "must_link": [[4, 9], ["a.jpg#1", "b#2.jpg"]],
        "cannot_link": [["a.jpg", 5]],
    }
    labels = read(tmp_path, json.dumps(given))
    assert labels.persons == {4: Label(Category.MAIN, "Ann"), 5: Label(Category.OTHER, "Bob")}
    assert labels.must_link == ((4, 9), (("a.jpg", 1), ("b#2.jpg", None)))
    assert labels.cannot_link == ((("a.jpg", None), 5),)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    labels = {3: Label(Category.MAIN, "Änn"), 0: Label(Category.IMPORTANT)}
    write_labels(tmp_path / LABEL_FILE, labels)
    assert read_labels(tmp_path / LABEL_FILE).persons == labels
    assert json.loads((tmp_path / LABEL_FILE).read_text(encoding="utf-8"))["0"] == "important"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"0": "main"', "not valid JSON"),
        ('{"0": "main", "1": "other", "0": "other"}', "'0' is there twice; leave one out"),
        ('{"0": {"name": "Ann", "name": "Bo"}}', "'name' is there twice"),
        (
            '{"must_link": [["a.jpg#0", 4]], "cannot_link": [[4, "a.jpg#0"]]}',
            "person 4 and the face a.jpg#0 are in must_link and in cannot_link; leave one out",
        ),
        ('["main"]', "labels by the number"),
        ('{"Ann": "main"}', "'Ann' is not the number of a person"),
        ('{"0": "mian"}', "'mian' is no category; write main, important or other"),
        ('{"0": 1}', "0 must be a category"),
        ('{"0": {"nam": "Ann"}}', "0 must be a category"),
        ('{"must_link": [3, 4]}', "must_link must be a list of pairs"),
        ('{"must_link": [[3, -4]]}', "-4 is neither the number of a person nor a face"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        read(tmp_path, text)
    assert "\n" not in str(refused.value)
