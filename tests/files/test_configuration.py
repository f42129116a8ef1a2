from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest

from hdrkit.errors import InputError
from hdrkit.files.configuration import read_settings


class Kind(StrEnum):
    PLAIN = "plain"
    FINE = "fine"


def doubled(text: str, folder: Path) -> str:
    if text == "bad":
        raise ValueError("'bad' cannot be doubled")
    return f"{folder.name} {text} {text}"


@dataclass(frozen=True)
class Baking:
    kind: Kind = field(default=Kind.PLAIN, metadata={"help": "the kind"})
    oven: Literal["gas", "wood"] = field(default="gas", metadata={"help": "the oven"})
    degrees: float | None = field(default=None, metadata={"help": "how hot"})
    recipe: Path | None = field(default=None, metadata={"help": "where it is written"})
    note: str = field(default="", metadata={"help": "a note", "parse": doubled, "relative": True, "words": {"none": "silent"}})
    ends: tuple[float, float] = field(default=(0.0, 1.0), metadata={"help": "both ends"})
    inner: object = None

    def __post_init__(self) -> None:
        if self.degrees is not None and self.degrees > 400:
            raise InputError("nothing bakes above 400 degrees")


SECTIONS = {"baking": (Baking,)}


def read(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    return read_settings(tmp_path / name, SECTIONS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.toml", "[baking]\nkind='fine'\noven='wood'\ndegrees=200\nrecipe='r.txt'\nnote='no'\nends=[1, 2.5]\n"),
        ("b.yml", "baking:\n  kind: fine\n  oven: wood\n  degrees: 200\n  recipe: r.txt\n  note: no\n  ends: [1, 2.5]\n"),
        (
            "b.conf",
            '{"baking": {"kind": "fine", "oven": "wood", "degrees": 200, "recipe": "r.txt", "note": "no", "ends": [1, 2.5]}}',
        ),
    ],
)
def test_the_three_formats_say_the_same(tmp_path, name, text):
    values = {"kind": Kind.FINE, "oven": "wood", "degrees": 200.0, "recipe": tmp_path / "r.txt", "ends": (1.0, 2.5)}
    assert read(tmp_path, name, text) == {Baking: values | {"note": f"{tmp_path.name} no no"}}


def test_words_come_back_as_they_are_and_null_where_none_is_meant(tmp_path):
    text = "baking: {note: none, degrees: null, recipe: ~}"
    assert read(tmp_path, "b.yaml", text) == {Baking: {"note": "none", "degrees": None, "recipe": None}}


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("baken: {}", "'baken' is not a section; the nearest is 'baking', of baking"),
        ("baking: {degree: 3}", "baking.degree is not a setting; the nearest is 'degrees', of kind, oven, degrees"),
        ("baking: {inner: 3}", "baking.inner is not a setting"),
        ("baking: {kind: coarse}", "baking.kind must be one of plain, fine, not 'coarse'"),
        ("baking: {oven: solar}", "baking.oven must be one of gas, wood, not 'solar'"),
        ("baking: {degrees: hot}", "baking.degrees must be a number, not 'hot'"),
        ("baking: {degrees: true}", "baking.degrees must be a number, not True"),
        ("baking: {degrees: 500}", "baking: nothing bakes above 400 degrees"),
        ("baking: {note: bad}", "baking.note: 'bad' cannot be doubled"),
        ("baking: {ends: [1]}", "baking.ends must be two numbers, not [1]"),
        ("baking: {kind: null}", "baking.kind must be one of plain, fine, not None"),
        ("baking: {kind: [", "not valid YAML"),
        ("- 1", "it must hold named settings, not [1]"),
    ],
)
def test_what_makes_no_sense_is_named_in_one_line(tmp_path, text, saying):
    with pytest.raises(InputError) as told:
        read(tmp_path, "b.yaml", text)
    assert str(told.value).startswith(f"{tmp_path / 'b.yaml'}: ")
    assert saying in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["a.toml", "a.yaml", "a.json"])
@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_sets_nothing(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_settings(tmp_path / name, {}) == {}
