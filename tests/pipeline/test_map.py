"""`hdrkit map` on drawn pictures, each a pattern of its own kind, seen by a tiny network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hdrkit import map_images
from hdrkit.errors import InputError, ModelMissing, OutputError
from hdrkit.jobs.workers import executor
from hdrkit.models.roles import Role
from hdrkit.pipeline.map import MapSources, label_of
from hdrkit.pipeline.map_networks import find_map_models
from hdrkit.semantics.options import MapOptions
from hdrkit.types import ALONE, Cohesion, MapResult
from tests.fixtures.networks import picture_vector
from tests.fixtures.transformers_models import save_tiny_models

KEYS = ["filename", "label", "x", "y", "z", "group", "quality"]
Drawer = Callable[..., Path]
Mapper = Callable[..., MapResult]


def pattern(kind: int, seed: int, side: int = 150) -> Image.Image:
    """A picture of coloured patches, the same for all pictures of a kind but for noise."""
    patches = np.random.default_rng(1000 + kind).integers(0, 256, (3, 3, 3)).astype(np.uint8)
    large = np.kron(patches, np.ones((side // 3, side // 3, 1))) + np.random.default_rng(seed).normal(0, 6, (side, side, 1))
    return Image.fromarray(np.clip(large, 0, 255).astype(np.uint8))


def draw(path: Path, kind: int = 0, seed: int = 0, **settings: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pattern(kind, seed).save(path, **settings)
    return path


@pytest.fixture
def network(tmp_path: Path) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(picture_vector())
    return tmp_path / "tiny.onnx"


@pytest.fixture
def mapped(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapper:
    """Map pictures with a tiny network, in a working folder and with a cache of the test's own."""
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    options = MapOptions(super_resolution="off", crop="off")
    sources = MapSources({Role.IMAGE_EMBEDDING: network})

    def run(
        inputs: Path | str,
        output: Path | str | None = None,
        options: MapOptions = options,
        sources: MapSources = sources,
        **more: Any,
    ) -> MapResult:
        return map_images(inputs, output, options, sources, **more)

    return run


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Five pictures: three of one kind and two of another."""
    for k in range(5):
        draw(tmp_path / "few" / f"{'red' if k < 3 else 'blue'}_{k}.png", int(k >= 3), k)
    return tmp_path / "few"


def listed(output: Path) -> dict[str, dict[str, object]]:
    file = output if output.suffix else output / "clustering_result.json"
    return {Path(row["filename"]).name: row for row in json.loads(file.read_text(encoding="utf-8"))}


def test_pictures_of_a_kind_are_a_group_and_everything_is_written(mapped: Mapper, tmp_path: Path) -> None:
    for kind in range(3):
        for k in range(8):
            draw(tmp_path / "in" / f"kind{kind}_{k}.jpg", kind, 10 * kind + k, quality=95)
    result = mapped("in", "out")
    groups = {picture.path.name: picture.group for picture in result.pictures}
    assert {result.pictures[group.members[0]].label for group in result.groups} == {"kind0", "kind1", "kind2"}
    for group in result.groups:
        assert len({result.pictures[k].label for k in group.members}) == 1
    assert sum(len(group.members) for group in result.groups) >= 18
    rows = json.loads((tmp_path / "out" / "clustering_result.json").read_text(encoding="utf-8"))
    assert [list(row) for row in rows] == [KEYS] * 24
    assert [row["filename"] for row in rows] == sorted(f"in/kind{kind}_{k}.jpg" for kind in range(3) for k in range(8))
    assert {row["label"] for row in rows} == {"kind0", "kind1", "kind2"}
    assert {Path(row["filename"]).name: row["group"] for row in rows} == groups
    assert {row["quality"] for row in rows} <= {"high", "low"}
    assert result.report.models == {"image-embedding": "tiny.onnx (unknown)"}
    assert list(result.frame().columns) == [*KEYS, "silhouette"]
    places = np.array([[row["x"], row["y"], row["z"]] for row in rows]).reshape(3, 8, 3)
    away = np.linalg.norm(places - places.mean(axis=1, keepdims=True), axis=2)
    apart = np.linalg.norm(places.mean(axis=1)[:, None] - places.mean(axis=1), axis=2)
    assert away.max() < apart[~np.eye(3, dtype=bool)].min()


def test_a_second_run_reads_nothing_and_writes_the_same(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    first = mapped(few, "out")
    text = (tmp_path / "out" / "clustering_result.json").read_bytes()
    (few / "blue_4.png").unlink()
    draw(few / "copy_0.png", 0, 0)  # the content of red_0.png
    second = mapped(few, "out")
    assert (first.report.read, second.report.read) == (5, 0)
    (few / "copy_0.png").unlink()
    draw(few / "blue_4.png", 1, 4)
    assert mapped(few, "out").report.read == 0
    assert (tmp_path / "out" / "clustering_result.json").read_bytes() == text


def test_other_models_and_options_read_again(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    mapped(few)
    (tmp_path / "other.onnx").write_bytes(picture_vector(seed=5))
    other = MapSources({Role.IMAGE_EMBEDDING: tmp_path / "other.onnx"})
    assert mapped(few, sources=other).report.read == 5
    assert mapped(few).report.read == 0


def test_workers_change_no_result(mapped: Mapper, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped(few, "here")
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "empty"))
    (few / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    result = mapped(few, "there", pool=partial(executor, 2))
    assert result.report.read == 5
    assert [str(bad.path) for bad in result.failures] == [str(few / "broken.jpg")]
    names = [tmp_path / folder / "clustering_result.json" for folder in ("here", "there")]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_a_dask_scheduler_gives_the_same(mapped: Mapper, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    mapped(few, "here")
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "empty"))
    with distributed.LocalCluster(n_workers=1, threads_per_worker=3, processes=False, dashboard_address=None) as cluster:
        result = mapped(few, "there", pool=partial(executor, 1, cluster.scheduler_address))
    assert result.report.read == 5
    names = [tmp_path / folder / "clustering_result.json" for folder in ("here", "there")]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_a_broken_file_costs_no_other(mapped: Mapper, few: Path) -> None:
    whole = draw(few / "whole.jpg", 1, 7)
    (few / "cut.jpg").write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    whole.unlink()
    (few / "empty.png").write_bytes(b"")
    (few / "text.webp").write_text("no picture")
    (few / "notes.txt").write_text("not a picture at all")
    result = mapped(few, "out")
    assert len(result.pictures) == 5
    assert [bad.path.name for bad in result.failures] == ["cut.jpg", "empty.png", "text.webp"]
    assert all(bad.path.name in bad.reason and len(bad.reason.splitlines()) == 1 for bad in result.failures)
    assert result.report.ignored == 1
    assert mapped(few).report.read == 0  # the broken ones are tried again, and nothing else


@pytest.mark.parametrize("name", ["a.JPG", "a.jpeg", "a.PNG", "a.bmp", "a.WebP", "a.gif", "a.TIFF", "a.avif", "a.jp2"])
def test_every_format_in_any_case_is_a_picture(mapped: Mapper, tmp_path: Path, name: str) -> None:
    draw(tmp_path / "in" / name)
    draw(tmp_path / "in" / "still.png")
    result = mapped("in")
    assert {picture.path.name for picture in result.pictures} == {name, "still.png"}
    assert result.failures == ()


def test_of_an_animation_the_first_picture_counts(mapped: Mapper, tmp_path: Path) -> None:
    pictures = [pattern(kind, 0) for kind in range(3)]
    (tmp_path / "in").mkdir()
    for suffix in ("gif", "webp", "png"):
        pictures[0].save(tmp_path / "in" / f"a.{suffix}", save_all=True, append_images=pictures[1:])
    pictures[0].save(tmp_path / "in" / "still.png")
    result = mapped("in")
    places = np.array([picture.position for picture in result.pictures])
    assert (len(result.pictures), result.failures) == (4, ())
    assert np.linalg.norm(places - places[0], axis=1).max() < 0.2


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 400), (400, 1), (5000, 4)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "1", "P", "I;16"])
def test_pictures_of_any_size_and_kind(mapped: Mapper, tmp_path: Path, size: tuple[int, int], mode: str) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB" if mode in ("P", "1") else mode, size).convert(mode).save(tmp_path / "in" / "odd.png")
    draw(tmp_path / "in" / "usual.png")
    result = mapped("in", "out")
    assert (len(result.pictures), result.failures) == (2, ())
    assert np.isfinite([picture.position for picture in result.pictures]).all()


def test_pictures_with_a_side_under_128_pixels_are_enlarged(mapped: Mapper, tmp_path: Path) -> None:
    small = {(127, 500), (90, 60), (4500, 100)}
    others = {(128, 128), (6000, 300), (2000, 1500), (20_000, 500), (257, 9000), (9000, 129)}
    (tmp_path / "in").mkdir()
    for width, height in small | others:
        for suffix in ("jpg", "png"):
            pattern(0, 0, 30).resize((width, height)).save(tmp_path / "in" / f"{width}_{height}.{suffix}")
    result = mapped("in", "out", MapOptions(crop="off"))
    enlarged = {picture.path.name for picture in result.pictures if picture.enlarged}
    assert enlarged == {f"{width}_{height}.{suffix}" for width, height in small for suffix in ("jpg", "png")}
    assert len(result.pictures) == 2 * len(small | others)
    assert "super-resolution" in result.report.models


def test_a_picture_of_a_hundred_megapixels(mapped: Mapper, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (10_000, 10_000), (200, 30, 30)).save(tmp_path / "in" / "large.jpg")
    draw(tmp_path / "in" / "usual.png")
    assert mapped("in").failures == ()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_pictures_that_are_all_the_same(mapped: Mapper, tmp_path: Path, count: int) -> None:
    for k in range(count):
        draw(tmp_path / "in" / f"same_{k}.png")
    result = mapped("in", "out")
    assert len(result.pictures) == count
    assert len(result.groups) <= 1
    assert np.isfinite([picture.position for picture in result.pictures]).all()


def test_pictures_of_one_colour(mapped: Mapper, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for k in range(4):
        Image.new("RGB", (200, 200), (0, 0, 0) if k else (255, 255, 255)).save(tmp_path / "in" / f"plain_{k}.png")
    result = mapped("in", "out")
    assert (len(result.pictures), result.failures) == (4, ())


def test_one_picture_is_alone(mapped: Mapper, tmp_path: Path) -> None:
    draw(tmp_path / "in" / "only.png")
    [picture] = mapped("in", "out").pictures
    assert (picture.group, picture.quality, picture.silhouette) == (ALONE, Cohesion.LOW, None)
    assert listed(tmp_path / "out")["only.png"]["label"] == "Unknown"


def test_no_picture_is_an_error(mapped: Mapper, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match="^in: no pictures found; hdrkit reads JPEG"):
        mapped("in", "out")
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.png"):
        mapped("in", "out")
    assert not (tmp_path / "out").exists()


def test_the_json_file_may_be_named(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    mapped(few, "results/mine.json")
    assert set(listed(tmp_path / "results" / "mine.json")) == {path.name for path in few.iterdir()}
    assert (tmp_path / "results" / "report.json").exists()
    assert not (tmp_path / "results" / "clustering_result.json").exists()


def test_files_of_others_stay(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "clustering_result.json").write_text("mine")
    with pytest.raises(OutputError, match=r"clustering_result\.json"):
        mapped(few, "out")
    assert (tmp_path / "out" / "clustering_result.json").read_text() == "mine"


def test_results_may_lie_among_the_pictures(mapped: Mapper, few: Path) -> None:
    first = mapped(few, few)
    second = mapped(few, few)
    assert len(first.pictures) == len(second.pictures) == 5
    assert second.failures == ()


def test_a_model_that_is_not_here_names_the_command(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HDRKIT_MODELS", str(tmp_path / "nowhere"))
    with pytest.raises(ModelMissing, match="hdrkit models fetch efficientnet-lite0"):
        map_images(few)


def test_a_model_that_a_map_does_not_use_is_refused(few: Path) -> None:
    with pytest.raises(InputError, match="yunet: a map uses no face-detector; leave it out"):
        map_images(few, sources=MapSources({Role.FACE_DETECTOR: "yunet"}))


def test_an_interrupt_keeps_what_was_read(mapped: Mapper, tmp_path: Path) -> None:
    for k in range(40):
        draw(tmp_path / "in" / f"{k}.png", 0, k)
    totals: list[int] = []

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "reading pictures":
            totals.append(total)
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            mapped("in", progress=stop)
    assert totals[0] == 40
    assert totals[1] < 30


def test_an_update_moves_nothing_and_adds_what_is_new(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    before = {picture.path.name: picture for picture in mapped(few, "out").pictures}
    (few / "blue_4.png").unlink()
    (few / "red_1.png").rename(few / "moved_1.png")
    for k in range(3):
        draw(few / f"new_{k}.png", 0, 50 + k)
    result = mapped("few", "out", update=True)
    after = {picture.path.name: picture for picture in result.pictures}
    assert after.keys() == {"blue_3.png", "red_0.png", "moved_1.png", "red_2.png", "new_0.png", "new_1.png", "new_2.png"}
    for name, picture in after.items():
        old = before.get(name.replace("moved", "red"))
        if old:
            assert picture.position == old.position
            assert picture.group == old.group or old.group == ALONE
    red, blue = (np.array(after[name].position) for name in ("red_0.png", "blue_3.png"))
    for place in (np.array(after[f"new_{k}.png"].position) for k in range(3)):
        assert np.linalg.norm(place - red) < np.linalg.norm(place - blue)
    assert result.report.notes == ("3 pictures added to the map, 1 picture taken out",)
    assert result.report.read == 3
    again = mapped("few", "out", update=True)
    assert again.pictures == result.pictures
    assert again.report.notes == ("0 pictures added to the map, 0 pictures taken out",)


def test_an_update_with_another_folder_keeps_the_pictures_of_before(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    before = mapped("few", "out/mine.json").pictures
    draw(tmp_path / "later" / "red_9.png", 0, 90)
    result = mapped("later", "out/mine.json", update=True)
    stayed = [picture for picture in result.pictures if picture.path.parent.name == "few"]
    assert [(one.path, one.position, one.group) for one in stayed] == [(one.path, one.position, one.group) for one in before]
    assert {"few/red_0.png", "later/red_9.png"} <= {row["filename"] for row in listed(tmp_path / "out" / "mine.json").values()}


def test_an_update_needs_the_models_of_the_map(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    mapped(few, "out")
    (tmp_path / "other.onnx").write_bytes(picture_vector(seed=5))
    with pytest.raises(InputError, match="out: its map was made with other models; .* without --update"):
        mapped(few, "out", sources=MapSources({Role.IMAGE_EMBEDDING: tmp_path / "other.onnx"}), update=True)


def test_an_update_needs_the_options_of_the_map(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    options = MapOptions(super_resolution="off", method="dbscan", seed=7)
    mapped(few, "out", options)
    before = (tmp_path / "out" / "report.json").read_bytes()
    with pytest.raises(InputError, match="out: its map was made with --method dbscan --seed 7; give the same, or .* without"):
        mapped(few, "out", update=True)
    assert (tmp_path / "out" / "report.json").read_bytes() == before
    assert mapped(few, "out", options, update=True).report.options["method"] == "dbscan"


def test_an_update_without_any_picture_of_the_map_is_refused(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    mapped("few", "out")
    before = (tmp_path / "out" / "clustering_result.json").read_bytes()
    few.rename(tmp_path / "gone")
    draw(tmp_path / "later" / "red_9.png", 0, 90)
    with pytest.raises(InputError, match="out: none of the 5 pictures of its map is there; give .* without --update"):
        mapped("later", "out", update=True)
    assert (tmp_path / "out" / "clustering_result.json").read_bytes() == before
    (tmp_path / "out" / "embeddings.npz").unlink()
    with pytest.raises(InputError, match=r"out: embeddings\.npz is missing, .* without --update"):
        mapped("gone", "out", update=True)


def test_a_new_group_does_not_take_the_number_of_one_that_left(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    first = mapped("few", "out")
    last = max(group.number for group in first.groups)
    for member in next(group.members for group in first.groups if group.number == last):
        first.pictures[member].path.unlink()
    assert last not in {group.number for group in mapped("few", "out", update=True).groups}
    for k in range(3):
        draw(few / f"new_{k}.png", 7, 70 + k)
    result = mapped("few", "out", update=True)
    numbers = {picture.group for picture in result.pictures if picture.path.name.startswith("new")}
    assert numbers <= {last + 1, ALONE}
    assert last + 1 in numbers


def test_an_update_needs_an_output(few: Path) -> None:
    with pytest.raises(InputError, match="an update needs the output that holds the map"):
        map_images(few, update=True)


def test_without_a_map_an_update_makes_one_and_says_so(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    [note] = mapped(few, "out", update=True).report.notes
    assert "it is a new one" in note
    assert len(listed(tmp_path / "out")) == 5


def test_words_name_pictures_and_groups(mapped: Mapper, few: Path, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    (tmp_path / "words.txt").write_text("a dog\n")
    clip = {Role.IMAGE_EMBEDDING: save_tiny_models(tmp_path) / "clip"}
    options = MapOptions(embedding="clip", super_resolution="off", crop="off")
    result = mapped(few, "out", options, MapSources(clip, tmp_path / "words.txt"))
    assert {picture.label for picture in result.pictures} == {"a dog"}
    assert {group.words for group in result.groups} <= {"a dog"}
    assert {row["label"] for row in listed(tmp_path / "out").values()} == {"a dog"}


def test_words_need_a_network_that_knows_them(mapped: Mapper, few: Path, tmp_path: Path, network: Path) -> None:
    (tmp_path / "words.txt").write_text("a dog\n")
    with pytest.raises(InputError, match="knows no words; give --embedding clip"):
        mapped(few, "out", sources=MapSources({Role.IMAGE_EMBEDDING: network}, tmp_path / "words.txt"))
    assert not (tmp_path / "out").exists()


def test_the_drawn_things_of_the_demo_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "cache"))
    try:
        find_map_models(MapOptions())
    except InputError as error:
        pytest.skip(str(error))
    command = [sys.executable, str(Path(__file__).parents[2] / "samples" / "make_map.py"), str(tmp_path / "drawn")]
    subprocess.run(command, check=True, timeout=120)
    result = map_images(tmp_path / "drawn", tmp_path / "out")
    assert len(result.pictures) == 60
    labels = [{result.pictures[k].label for k in group.members} for group in result.groups]
    assert all(len(of_group) == 1 for of_group in labels)
    assert set().union(*labels) == {"balloon", "clock", "fish", "flower", "house", "mountain"}
    assert sum(picture.enlarged for picture in result.pictures) == 12  # two of each are 96 pixels wide


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("player_01.jpg", "player"),
        ("a_b_c.png", "a"),
        ("photo.jpg", "Unknown"),
        ("_x.jpg", "Unknown"),
        ("über_1.jpg", "über"),
        (" _x.jpg", "Unknown"),
        (" a _1.jpg", "a"),
    ],
)
def test_a_label_is_what_stands_before_the_first_underscore(name: str, label: str) -> None:
    assert label_of(Path("folder_of") / name) == label
