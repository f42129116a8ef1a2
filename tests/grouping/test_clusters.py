from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hdrkit.grouping.clusters import form_clusters, hdr_score
from hdrkit.grouping.descriptor import FRACTIONS, Descriptors, State
from hdrkit.grouping.evidence import COLUMNS, Evidence
from hdrkit.grouping.views import Views
from hdrkit.types import Flag, Kind


def described(luminance, clipped, shown=None):
    """Descriptors of pictures; every photograph shows something but those that `shown` denies."""
    photos = len(luminance)
    fine = np.full((photos, 2, 128, 128), 127, np.int8)
    fine[[k for k in range(photos) if shown is not None and not shown[k]]] = 0
    none = np.zeros((photos, 2, 0, 0), np.int8)
    state = np.where(clipped, State.PARTLY_CLIPPED, State.MEASURED).astype(np.uint8)
    content = fine.any(axis=1).sum(axis=(1, 2)).astype(np.int32)
    signatures = np.zeros((photos, 1088), np.float16)
    return Descriptors(luminance.astype(np.uint16) * FRACTIONS, state, fine, none, none, content, signatures)


def found(views, photos):
    """Views whose photographs were all compared and agree; others are in none."""
    labels = np.full(photos, -1)
    pairs = [np.zeros((0, 2), np.int32)]
    for label, members in enumerate(views):
        labels[list(members)] = label
        i, j = np.triu_indices(len(members), 1)
        pairs.append(np.sort(np.array(members)[np.stack([i, j], axis=1)], axis=1).astype(np.int32).reshape(-1, 2))
    together = np.concatenate(pairs)
    rows = np.tile(np.array([0.9, 5000, 0.9, 2000, 0, 1, 2000, 1, 2000], np.float32), (len(together), 1))
    assert rows.shape[1] == COLUMNS
    return Views(labels, together, Evidence.of_rows(rows), np.full(len(together), 4.0))


def form(photos, views, picture, metadata=True, evs=None):
    """Clusters of views that each show a scene of their own; photographs of no view are black."""
    luminance = np.zeros((len(photos), 128, 128), np.uint8)
    for scene, members in enumerate(views):
        luminance[members] = picture([evs[k] if evs else np.log2(photos[k].exposure.time_s) + 6 for k in members], scene)[0]
    clipped = (luminance <= 2) | (luminance >= 252)
    return form_clusters(photos, described(luminance, clipped), found(views, len(photos)), metadata)


def ladders(shot, *ladders, turn_s=40.0, **more):
    """Photographs and views of one ladder a view, all in a row."""
    photos, views, at = [], [], 0.0
    for steps in ladders:
        views.append(list(range(len(photos), len(photos) + len(steps))))
        for ev in steps:
            photos.append(shot(at, ev, **more))
            at += 0.3 + photos[-1].exposure.time_s
        at += turn_s
    return photos, views


def flags(cluster):
    return {flag for member in cluster.members for flag in member.flags}


def test_a_cluster_is_in_order_with_exposures_from_its_reference(shot, picture):
    photos, views = ladders(shot, (0, -2, 2))
    (cluster,), unassigned = form(photos, views, picture)
    assert [member.photo for member in cluster.members] == [photos[k] for k in (1, 0, 2)]
    evs = [member.ev for member in cluster.members]
    assert np.diff(evs) == pytest.approx([2, 2])
    assert evs[cluster.reference] == 0
    assert (cluster.name, cluster.view, cluster.kind, unassigned) == ("cluster_0", "view_0", Kind.BRACKET, ())
    assert cluster.metrics["ev_range"] == pytest.approx(4)
    assert cluster.metrics["gap_regularity"] == pytest.approx(1)


def test_the_order_of_files_changes_nothing(shot, picture):
    photos, views = ladders(shot, (0, -2, 2), (0, -2, 2, 4), (0,), turn_s=20)
    luminance = np.concatenate([picture([np.log2(photos[k].exposure.time_s) + 6 for k in v], n)[0] for n, v in enumerate(views)])
    expected = form_clusters(photos, described(luminance, luminance >= 252), found(views, len(photos)), True)
    shuffle = np.random.default_rng(0).permutation(len(photos))
    place = {int(old): new for new, old in enumerate(shuffle)}
    mixed = [[place[k] for k in reversed(v)] for v in reversed(views)]
    again = form_clusters(
        [photos[k] for k in shuffle],
        described(luminance[shuffle], luminance[shuffle] >= 252),
        found(mixed, len(photos)),
        True,
    )
    assert again == expected


def test_placed_frames_say_so_and_lost_ones_say_why(shot, picture):
    photos, views = ladders(shot, (0, -2))
    photos += [shot(4, -14), shot(None, None)]
    (cluster,), (lost,) = form(photos, views, picture)
    assert cluster.members[0].photo == photos[2]
    assert cluster.members[0].flags == (Flag.BY_METADATA, Flag.NO_CONTENT)
    assert "4 s from a frame of the view" in cluster.members[0].reason
    assert any("metadata alone" in reason for reason in cluster.reasons)
    assert (lost.photo, lost.flags) == (photos[3], (Flag.NO_CONTENT,))
    assert "do not tell" in lost.reason
    (alone,), left = form(photos, views, picture, metadata=False)
    assert [member.photo for member in left] == photos[2:]
    assert any("2 unplaced frames" in reason for reason in alone.reasons)
    assert alone.confidence < cluster.confidence


def test_next_to_nothing_in_common_makes_no_view(shot, picture):
    photos, _ = ladders(shot, (0, -2), (-9, -8))
    luminance, clipped = picture([0, -2, -9, -8])
    clusters, unassigned = form_clusters(
        photos, described(luminance, clipped, [True, True, False, False]), found([[0, 1], [2, 3]], 4), False
    )
    assert [[m.photo for m in c.members] for c in clusters] == [[photos[1], photos[0]]]
    assert [m.photo for m in unassigned] == photos[2:]


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize(
    ("steps", "incomplete"), [((-4, -2, 2, 4), True), ((-3, -2, -1, 1, 2), True), ((-4, -2, 0, 2, 4), False)]
)
def test_a_hole_in_a_regular_ladder_is_flagged(shot, picture, steps, incomplete, metadata):
    photos, views = ladders(shot, steps)
    (cluster,), _ = form(photos, views, picture, metadata=metadata)
    assert (Flag.INCOMPLETE in flags(cluster)) == incomplete


def test_an_irregular_ladder_has_no_holes(shot, picture):
    photos, views = ladders(shot, (-4, -3.1, -1, 1.4, 2))
    (cluster,), _ = form(photos, views, picture)
    assert Flag.INCOMPLETE not in flags(cluster)


def test_one_frame_less_than_the_other_brackets_of_the_camera_is_flagged(shot, picture):
    whole = (-2, 0, 2)
    photos, views = ladders(shot, whole, whole, whole, (0, 2), whole, (0,))
    clusters, _ = form(photos, views, picture)
    assert [Flag.INCOMPLETE in flags(c) for c in clusters] == [False, False, False, True, False, False]
    five = (-4, -2, 0, 2, 4)
    clusters, _ = form(*ladders(shot, five, five, five, whole), picture)
    assert not any(Flag.INCOMPLETE in flags(c) for c in clusters)  # another setting, not a loss
    other = [replace(p, camera="Other") if k >= 9 else p for k, p in enumerate(photos)]
    assert not any(Flag.INCOMPLETE in flags(c) for c in form(other, views, picture)[0])


def test_the_later_of_two_equal_pictures_is_a_duplicate(shot, picture):
    photos, views = ladders(shot, (-2, 0, 2))
    photos.append(replace(photos[1], path=Path("/other/copy.jpg")))
    luminance, clipped = picture([-2, 0, 2])
    pictures = described(luminance[[0, 1, 2, 1]], clipped[[0, 1, 2, 1]])
    clusters, _ = form_clusters(photos, pictures, found([[0, 1, 2, 3]], 4), True)
    assert [m.photo.path for c in clusters for m in c.members if Flag.DUPLICATE in m.flags] == [Path("/other/copy.jpg")]
    assert len(clusters) == 1


def test_what_changed_or_is_black_is_no_duplicate(shot, picture):
    photos = [shot(0.3 * k, 0) for k in range(3)]
    luminance, clipped = picture([0, 0, 0])
    luminance[1, :30] = 255 - luminance[1, :30]
    pictures = described(luminance[[0, 0, 1]], clipped)
    (cluster,), _ = form_clusters(photos, pictures, found([[0, 1, 2]], 3), True)
    assert [m.photo for m in cluster.members if Flag.DUPLICATE in m.flags] == [photos[1]]
    black = described(np.ones_like(luminance), clipped)
    (dark,), _ = form_clusters(photos, black, found([[0, 1, 2]], 3), True)
    assert Flag.DUPLICATE not in flags(dark)


def test_strays_are_accidental_and_flash_frames_are_named(shot, picture):
    photos, views = ladders(shot, (-2, 0, 2))
    photos.append(shot(30, 0.9))
    clusters, _ = form(photos, [[0, 1, 2, 3]], picture)
    assert [(c.kind, flags(c)) for c in clusters] == [(Kind.BRACKET, set()), (Kind.SINGLE, {Flag.ACCIDENTAL})]
    assert clusters[0].view == clusters[1].view
    lit = [replace(photos[0], flash=True), replace(photos[1], flash=False)]
    (cluster,), _ = form(lit, [[0, 1]], picture)
    assert (cluster.kind, [m.flags for m in cluster.members]) == (Kind.FLASH_AMBIENT, [(Flag.FLASH,), ()])


def test_a_row_of_views_with_the_same_exposures_is_a_panorama(shot, picture):
    same = (-2, 0, 2)
    photos, views = ladders(shot, same, same, same, turn_s=5)
    assert all(Flag.PANORAMA in flags(c) for c in form(photos, views, picture)[0])
    for other in (
        ladders(shot, same, same, turn_s=5),
        ladders(shot, same, (-1, 1, 3), same, turn_s=5),
        ladders(shot, same, same, same),
    ):
        assert not any(Flag.PANORAMA in flags(c) for c in form(*other, picture)[0])
    assert not any(Flag.PANORAMA in flags(c) for c in form(photos, views, picture, metadata=False)[0])


def test_regular_brackets_score_well():
    assert hdr_score(np.array([0.0])) == 0
    assert hdr_score(np.array([-1.0, 0, 1])) == pytest.approx(0.4 * 2 / 6 + 0.4 * 2 / 8 + 0.2)
    assert hdr_score(np.arange(-6.0, 7, 2)) == pytest.approx(1)
    assert hdr_score(np.array([-4.0, -3, 4])) < hdr_score(np.array([-4.0, 0, 4]))


def test_metadata_are_not_looked_at_when_told_so(shot, picture):
    evs = [-2, 0, 2]
    photos = [shot(100 * k, ev, flash=k == 1, camera=f"{k}") for k, ev in enumerate((5, 0, -5))]
    (cluster,), _ = form(photos, [[0, 1, 2]], picture, metadata=False, evs=evs)
    assert [m.photo for m in cluster.members] == photos
    assert (cluster.kind, flags(cluster)) == (Kind.BRACKET, set())
