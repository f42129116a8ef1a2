"""Grouping from files to clusters: the sample card, any order and names, bad input, and what a second run costs."""

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.grouping.options import ClusteringOptions, GroupingOptions, IngestOptions
from hdrkit.pipeline.group import group
from hdrkit.pipeline.grouping import ingest, views
from hdrkit.types import ExposureSource, Flag, Kind

ROOM = Path(__file__).parents[2] / "samples" / "room"
WITHOUT_METADATA = GroupingOptions(IngestOptions(metadata=False))


def truth() -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    with (ROOM.parent / "room_groups.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["bracket"], set()).add(Path(row["path"]).name)
    return {frozenset(group) for group in groups.values()}


def members(cluster) -> frozenset[str]:
    return frozenset(member.photo.path.name for member in cluster.members)


@pytest.fixture
def small(tmp_path):
    """A folder of photographs, made as asked."""

    def make(**pictures: np.ndarray) -> Path:
        folder = tmp_path / "card"
        folder.mkdir(exist_ok=True)
        for name, picture in pictures.items():
            cv2.imwrite(str(folder / f"{name}.png"), picture)
        return folder

    return make


def test_the_rooms_of_the_sample_card_are_found():
    result = group(ROOM)
    brackets = {members(cluster) for cluster in result.clusters if cluster.kind is Kind.BRACKET}
    assert brackets == truth()
    for cluster in result.clusters:
        if cluster.kind is Kind.BRACKET:
            assert [member.ev for member in cluster.members] == pytest.approx([-4, -2, 0, 2, 4], abs=0.05)
            assert cluster.confidence > 0.8


def test_content_alone_finds_the_rooms():
    result = group(ROOM, WITHOUT_METADATA)
    views: dict[str, set[str]] = {}
    for cluster in result.clusters:
        views.setdefault(cluster.view, set()).update(members(cluster))
    retaken = {"IMG_0428.JPG"}
    assert truth() <= {frozenset(view - retaken) for view in views.values()}


def test_names_folders_and_the_order_of_files_are_no_evidence(tmp_path):
    files = sorted(ROOM.glob("*.JPG"))
    new_name = {}
    for k, file in enumerate(np.random.default_rng(0).permutation(files)):
        target = tmp_path / "abc"[k % 3] / f"{k:03d}.jpg"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(file, target)
        new_name[target] = file.name
    moved = {
        frozenset(new_name[member.photo.path] for member in cluster.members)
        for cluster in group(tmp_path, WITHOUT_METADATA).clusters
    }
    assert moved == {members(cluster) for cluster in group(ROOM, WITHOUT_METADATA).clusters}


def test_every_file_is_in_the_result_once(tmp_path, small, preview_codes):
    folder = small(one=preview_codes(0), black=np.zeros((60, 90, 3), np.uint8))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff not a picture")
    (folder / "notes.txt").write_text("no photograph")
    result = group(folder)
    assert [members(cluster) for cluster in result.clusters] == [{"one.png"}]
    assert result.clusters[0].kind is Kind.SINGLE
    assert [member.photo.path.name for member in result.unassigned] == ["black.png"]
    assert result.unassigned[0].reason
    assert [bad.path.name for bad in result.unreadable] == ["broken.jpg"]
    assert result.report.ignored == 1


def test_a_file_that_breaks_off_is_unreadable_and_costs_nothing_else(tmp_path):
    for file in sorted(ROOM.glob("*.JPG"))[:5]:
        shutil.copy(file, tmp_path)
    whole = (ROOM / "IMG_0412.JPG").read_bytes()
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + whole[:100])
    result = group(tmp_path)
    assert [bad.path.name for bad in result.unreadable] == ["cut.png"]
    assert len(result.clusters) == 1


def test_many_copies_of_one_file_are_one_view_of_duplicates(small, preview_codes):
    picture = preview_codes(1)
    folder = small(**{f"copy{k:03d}": picture for k in range(200)})
    [cluster] = group(folder).clusters
    assert len(cluster.members) == 200
    assert sum(Flag.DUPLICATE in member.flags for member in cluster.members) == 199
    assert cluster.confidence > 0.5


def test_only_black_frames(small):
    black = np.zeros((60, 90, 3), np.uint8)
    result = group(small(a=black, b=black, c=black + 1))
    assert not result.clusters
    assert len(result.unassigned) == 3


def test_a_folder_without_photographs_is_refused(tmp_path):
    with pytest.raises(InputError, match="no pictures found"):
        group(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"broken\.jpg"):
        group(tmp_path)


def test_mixed_sizes_and_orientations_of_one_view(small, preview_codes):
    picture = preview_codes(2)
    folder = small(large=picture, small=cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    [cluster] = group(folder).clusters
    assert len(cluster.members) == 2


def test_lists_of_pairs_are_obeyed(tmp_path):
    names = [ROOM / name for name in ("IMG_0412.JPG", "IMG_0418.JPG", "IMG_0413.JPG")]
    (tmp_path / "must.csv").write_text(f"# the same wall\n{names[0]},{names[1]}\n")
    (tmp_path / "cannot.csv").write_text(f"{names[0]},{names[2]}\n")
    clustering = ClusteringOptions(must_link=tmp_path / "must.csv", cannot_link=tmp_path / "cannot.csv")
    result = group(ROOM, GroupingOptions(clustering=clustering))
    view = {member.photo.path.name: cluster.view for cluster in result.clusters for member in cluster.members}
    assert view["IMG_0412.JPG"] == view["IMG_0418.JPG"] != view["IMG_0413.JPG"]


def test_a_header_above_pairs_is_passed_over(tmp_path, small, preview_codes):
    folder = small(a=preview_codes(1), b=preview_codes(2))
    (tmp_path / "must.csv").write_text(f"Path,path\n{folder / 'a.png'},{folder / 'b.png'}\n")
    result = group(folder, GroupingOptions(clustering=ClusteringOptions(must_link=tmp_path / "must.csv")))
    assert len({cluster.view for cluster in result.clusters}) == 1


def test_a_pair_that_cannot_be_read_is_told_as_that(tmp_path, small, preview_codes):
    folder = small(a=preview_codes(1))
    (folder / "broken.png").write_bytes(b"no picture")
    (tmp_path / "must.csv").write_text(f"{folder / 'a.png'},{folder / 'broken.png'}\n")
    with pytest.raises(InputError, match=r"must\.csv, line 1: .*broken\.png cannot be read; remove the line"):
        group(folder, GroupingOptions(clustering=ClusteringOptions(must_link=tmp_path / "must.csv")))


def test_equal_files_that_a_list_would_part_are_told(tmp_path, small, preview_codes):
    folder = small(a=preview_codes(1), b=preview_codes(1), c=preview_codes(2))
    pairs = [("a", "b"), ("a", "c"), ("c", "c")]
    (tmp_path / "cannot.csv").write_text("".join(f"{folder / i}.png,{folder / j}.png\n" for i, j in pairs))
    result = group(folder, GroupingOptions(clustering=ClusteringOptions(cannot_link=tmp_path / "cannot.csv")))
    assert result.report.notes == (
        f"{tmp_path / 'cannot.csv'}, line 1: a.png and b.png have equal content and stay in one view",
        f"{tmp_path / 'cannot.csv'}, line 3: c.png and c.png have equal content and stay in one view",
    )


@pytest.mark.parametrize(
    ("line", "saying"), [("only_one\n", "must hold two paths"), ("nowhere.jpg,else.jpg\n", "is not one of the photographs")]
)
def test_a_list_of_pairs_that_makes_no_sense_is_refused(tmp_path, line, saying):
    (tmp_path / "must.csv").write_text(line)
    with pytest.raises(InputError, match=rf"must\.csv, line 1: .*{saying}"):
        group(ROOM, GroupingOptions(clustering=ClusteringOptions(must_link=tmp_path / "must.csv")))


def test_a_second_run_costs_what_is_new(tmp_path, monkeypatch, small, preview_codes):
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "cache"))
    folder = small(**{f"p{k}": preview_codes(k) for k in range(6)})
    described, compared = [], []
    describe = ingest.describe
    monkeypatch.setattr(ingest, "describe", lambda cells, *rest: described.append(len(cells)) or describe(cells, *rest))
    compare = views.compare
    monkeypatch.setattr(views, "compare", lambda d, pairs, *rest: compared.append(len(pairs)) or compare(d, pairs, *rest))

    def costs():
        described.clear()
        compared.clear()
        result = group(folder)
        return result, sum(described[1:]), sum(compared)  # the first batch is the example that sets the shape of the rows

    first, photographs, pairs = costs()
    assert (photographs, pairs) == (6, 15)
    again, photographs, pairs = costs()
    assert (photographs, pairs) == (0, 0)
    assert again.clusters == first.clusters
    small(new=preview_codes(7))
    assert costs()[1:] == (1, 6)


def test_a_file_is_read_once(tmp_path, monkeypatch, small, preview_codes, opens):
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "cache"))
    folder = small(**{f"p{k}": preview_codes(k) for k in range(3)})
    shutil.copy(next(ROOM.iterdir()), folder)
    files = sorted(folder.iterdir())
    opens.clear()
    first = group(folder)
    assert [opens[path] for path in files] == [1, 1, 1, 1]
    again = group(folder, GroupingOptions(IngestOptions(target_size=(256, 256))))  # whose metadata are in the cache
    assert [opens[path] for path in files] == [2, 2, 2, 2]
    photographs = [member.photo for result in (first, again) for member in result.unassigned]
    photographs += [member.photo for result in (first, again) for cluster in result.clusters for member in cluster.members]
    assert all(photo.camera for photo in photographs if photo.path.suffix != ".png")


def test_progress_goes_to_the_end():
    told = []
    group(ROOM, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert {stage for stage, *_ in told} == {ingest.READING, "comparing photographs"}
    for stage in {stage for stage, *_ in told}:
        own = [(done, total) for name, done, total in told if name == stage]
        assert own[-1][0] == own[-1][1]


def test_learned_embeddings_nominate_and_the_same_rooms_are_found(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.Dinov2Config(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=56, patch_size=14)
    transformers.Dinov2Model(config).save_pretrained(tmp_path / "tiny")
    from hdrkit.grouping.options import Embedding, EmbeddingOptions

    options = GroupingOptions(embedding=EmbeddingOptions(Embedding.DINOV2, str(tmp_path / "tiny"), target_dims=16))
    assert {members(cluster) for cluster in group(ROOM, options).clusters if cluster.kind is Kind.BRACKET} == truth()


def test_listed_exposures_win_over_those_inside(shoot, tmp_path):
    shoot(tmp_path / "in")
    (tmp_path / "times.csv").write_text("filename,exposure_time_s,iso\n0.png,1,50\n1.png,8,50\n2.png,64,50\n")
    uncached = GroupingOptions(IngestOptions(cache=False))
    result = group(tmp_path / "in", uncached, exposures=tmp_path / "times.csv")
    found = [member.photo.exposure for cluster in result.clusters for member in cluster.members]
    assert {(one.time_s, one.iso, one.source) for one in found} == {(t, 50.0, ExposureSource.LIST) for t in (1.0, 8.0, 64.0)}
    (tmp_path / "times.csv").write_text("filename,exposure_time_s\nother.png,1\n")
    with pytest.raises(InputError, match="none of its file names is among the photographs"):
        group(tmp_path / "in", uncached, exposures=tmp_path / "times.csv")
