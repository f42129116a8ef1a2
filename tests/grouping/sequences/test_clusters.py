from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from hdrkit.grouping.evidence.compare import COLUMNS, Evidence
from hdrkit.grouping.evidence.descriptor import FRACTIONS, CellState, Descriptors
from hdrkit.grouping.sequences.clusters import form_clusters, hdr_score
from hdrkit.grouping.views.find import Views
from hdrkit.types import Encoding, Flag, Kind


def described(luminance, clipped, shown=None):
    """Descriptors of pictures; every photograph shows something but those that `shown` denies."""
    photos = len(luminance)
    fine = np.full((photos, 2, 128, 128), 127, np.int8)
    fine[[k for k in range(photos) if shown is not None and not shown[k]]] = 0
    none = np.zeros((photos, 2, 0, 0), np.int8)
    state = np.where(clipped, CellState.PARTLY_CLIPPED, CellState.MEASURED).astype(np.uint8)
    content = fine.any(axis=1).sum(axis=(1, 2)).astype(np.int32)
    signatures = np.zeros((photos, 1088), np.float16)
    return Descriptors(luminance.astype(np.uint16) * FRACTIONS, state, fine, none, none, content, signatures)


def found(views, photos, together=()):
    """Views whose photographs were all compared and agree, some put `together` by hand; other photographs are in none."""
    labels = np.full(photos, -1)
    pairs = [np.zeros((0, 2), np.int32)]
    for label, members in enumerate(views):
        labels[list(members)] = label
        i, j = np.triu_indices(len(members), 1)
        pairs.append(np.sort(np.array(members)[np.stack([i, j], axis=1)], axis=1).astype(np.int32).reshape(-1, 2))
    compared = np.concatenate(pairs)
    rows = np.tile(np.array([0.9, 5000, 0.9, 2000, 0, 1, 2000, 1, 2000], np.float32), (len(compared), 1))
    assert rows.shape[1] == COLUMNS
    return Views(
        labels, compared, Evidence.of_rows(rows), np.full(len(compared), 4.0), np.array(together, np.int32).reshape(-1, 2)
    )


def form(photos, views, picture, metadata=True, evs=None, together=()):
    """Clusters of views that each show a scene of their own; photographs of no view are black."""
    luminance = np.zeros((len(photos), 128, 128), np.uint8)
    for scene, members in enumerate(views):
        luminance[members] = picture([evs[k] if evs else np.log2(photos[k].exposure.time_s) + 6 for k in members], scene)[0]
    clipped = (luminance <= 2) | (luminance >= 252)
    content = np.arange(len(photos))
    return form_clusters(photos, described(luminance, clipped), found(views, len(photos), together), content, metadata)


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
    expected = form_clusters(
        photos, described(luminance, luminance >= 252), found(views, len(photos)), np.arange(len(photos)), True
    )
    shuffle = np.random.default_rng(0).permutation(len(photos))
    place = {int(old): new for new, old in enumerate(shuffle)}
    mixed = [[place[k] for k in reversed(v)] for v in reversed(views)]
    again = form_clusters(
        [photos[k] for k in shuffle],
        described(luminance[shuffle], luminance[shuffle] >= 252),
        found(mixed, len(photos)),
        shuffle,
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
    assert "do not state" in lost.reason
    (alone,), left = form(photos, views, picture, metadata=False)
    assert [member.photo for member in left] == photos[2:]
    assert any("2 unplaced frames" in reason for reason in alone.reasons)
    assert alone.confidence < cluster.confidence


def test_next_to_nothing_in_common_makes_no_view(shot, picture):
    photos, _ = ladders(shot, (0, -2), (-9, -8))
    luminance, clipped = picture([0, -2, -9, -8])
    clusters, unassigned = form_clusters(
        photos, described(luminance, clipped, [True, True, False, False]), found([[0, 1], [2, 3]], 4), np.arange(4), False
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


def test_all_copies_but_one_are_duplicates_dark_and_unplaced_ones_too(shot, picture):
    photos = [shot(0.3 * k, ev) for k, ev in enumerate((-9, -2, 0, 2))] + [shot(None, None)]
    copies = [replace(photo, path=Path(f"/other/{k}.jpg")) for k, photo in enumerate(photos)]
    luminance, clipped = picture([-9, -2, 0, 2, -30])
    pictures = described(luminance[[*range(5)] * 2], clipped[[*range(5)] * 2], [True] * 4 + [False] + [True] * 4 + [False])
    views = found([[0, 1, 2, 3, 5, 6, 7, 8]], 10)
    (cluster,), lost = form_clusters([*photos, *copies], pictures, views, np.array([*range(5)] * 2), True)
    assert {m.photo for m in cluster.members if Flag.DUPLICATE in m.flags} == set(copies[:4])
    assert [(m.photo, Flag.DUPLICATE in m.flags) for m in lost] == [(photos[4], False), (copies[4], True)]
    evs = {m.photo.path: m.ev for m in cluster.members}
    assert all(evs[photo.path] == evs[copy.path] for photo, copy in zip(photos[:4], copies[:4], strict=True))


def test_a_copy_does_not_fill_the_place_of_a_missing_frame(shot, picture):
    photos, views = ladders(shot, *[(-2, 0, 2)] * 3, (-2, 0))
    photos.append(replace(photos[-1], path=Path("/other/copy.jpg")))
    views[-1].append(11)
    content = np.array([*range(11), 10])
    luminance = np.concatenate([picture([np.log2(photos[k].exposure.time_s) + 6 for k in v], n)[0] for n, v in enumerate(views)])
    luminance[11] = luminance[10]
    clusters, _ = form_clusters(photos, described(luminance, luminance >= 252), found(views, 12), content, True)
    assert [Flag.INCOMPLETE in flags(c) for c in clusters] == [False, False, False, True]


def test_copies_teach_nothing_of_the_pauses_within_views(shot, picture):
    """Every other gap of a card and its backup is 0 s; what divides views must stay where it is without the backup."""
    photos, views = ladders(shot, *[(-2, 0, 2)] * 6, turn_s=400)
    photos = [replace(p, taken_at=p.taken_at + timedelta(seconds=4 * (k % 3))) for k, p in enumerate(photos)]
    dark = replace(shot(None, -14), taken_at=photos[2].taken_at + timedelta(seconds=9))
    alone, _ = form([*photos, dark], views, picture, evs=[-2, 0, 2] * 6 + [-14])
    assert sum(Flag.BY_METADATA in m.flags for c in alone for m in c.members) == 1
    twice = [*photos, dark, *(replace(p, path=Path(f"/backup{p.path}")) for p in (*photos, dark))]
    luminance = np.zeros((38, 128, 128), np.uint8)
    for scene, members in enumerate(views):
        luminance[members] = picture([-2, 0, 2], scene)[0]
    luminance[19:] = luminance[:19]
    doubled = [[*v, *(k + 19 for k in v)] for v in views]
    backed_up, _ = form_clusters(twice, described(luminance, luminance >= 252), found(doubled, 38), np.arange(38) % 19, True)
    assert sum(Flag.BY_METADATA in m.flags for c in backed_up for m in c.members) == 2


def test_raw_beside_jpeg_is_kept_and_each_encoding_has_its_bracket(shot, picture):
    jpegs = [shot(0.3 * k, ev) for k, ev in enumerate((-2, 0, 2))]
    raws = [replace(p, path=p.path.with_name(f"z{p.path.stem}.dng"), encoding=Encoding.RAW) for p in jpegs]
    luminance, clipped = picture([-2, 0, 2])
    pictures = described(luminance[[0, 1, 2] * 2], clipped[[0, 1, 2] * 2])
    clusters, _ = form_clusters([*jpegs, *raws], pictures, found([range(6)], 6), np.arange(6), True)
    found_in = {c.members[0].photo.encoding: c for c in clusters}
    assert {e: {m.photo for m in c.members} for e, c in found_in.items()} == {"encoded8": set(jpegs), "raw": set(raws)}
    assert [c.kind for c in clusters] == [Kind.BRACKET] * 2
    assert not any(m.flags for m in found_in["raw"].members)
    assert all(m.flags == (Flag.DUPLICATE,) for m in found_in["encoded8"].members)
    assert any("finer encoding" in reason for reason in found_in["encoded8"].reasons)


def test_jpegs_of_which_some_have_no_raw_are_all_kept(shot, picture):
    jpegs = [shot(0.3 * k, ev) for k, ev in enumerate((-2, 0, 2))]
    raw = replace(jpegs[1], path=Path("/card/1.dng"), encoding=Encoding.RAW)
    luminance, clipped = picture([-2, 0, 2, 0])
    clusters, _ = form_clusters([*jpegs, raw], described(luminance, clipped), found([range(4)], 4), np.arange(4), True)
    assert sorted((c.kind, len(c.members)) for c in clusters) == [(Kind.BRACKET, 3), (Kind.SINGLE, 1)]
    assert not any(flags(c) for c in clusters)


def test_every_exposure_several_times_without_times_is_said(shot, picture):
    evs = [ev + 0.06 * k for k in range(4) for ev in (-4, -2, 0, 2)]
    photos = [shot(None, None) for _ in evs]
    (cluster,), _ = form(photos, [range(16)], picture, evs=evs)
    assert any("each exposure occurs 4 times" in reason for reason in cluster.reasons)
    (once,), _ = form(photos[:4], [range(4)], picture, evs=evs[:4])
    (uneven,), _ = form(photos[:6], [range(6)], picture, evs=evs[:6])  # two exposures of four occur twice
    assert not any("occurs" in reason for c in (once, uneven) for reason in c.reasons)
    assert cluster.confidence < 0.7 < once.confidence
    timed = [shot(3 * k, evs[k % 4]) for k in range(16)]
    assert not any("occurs" in reason for c in form(timed, [range(16)], picture)[0] for reason in c.reasons)


def test_what_a_person_put_together_is_not_doubted(shot, picture):
    photos = [shot(0.3 * k, ev) for k, ev in enumerate((-2, 0, 2))] + [shot(300, 0)]
    together = [(1, 3)]
    views = found([[0, 1, 2, 3]], 4, together)
    doubted = replace(views, log_odds=np.where((views.pairs == 3).any(axis=1), -4.0, 4.0))
    luminance, clipped = picture([-2, 0, 2, 0.4])
    clusters, _ = form_clusters(photos, described(luminance, clipped), doubted, np.arange(4), True)
    assert all(c.confidence > 0.9 and "a list of pairs puts some of its photographs together" in c.reasons for c in clusters)
    assert not any(Flag.ACCIDENTAL in flags(c) for c in clusters)
    torn, _ = form_clusters(
        photos, described(luminance, clipped), replace(doubted, together=views.together[:0]), np.arange(4), True
    )
    assert all(c.confidence < 0.1 for c in torn)
    assert any(Flag.ACCIDENTAL in flags(c) for c in torn)


def test_black_frames_that_a_person_put_together_stay_together(shot):
    photos = [shot(None, None) for _ in range(3)]
    black = np.zeros((3, 128, 128), np.uint8)
    pictures = described(black, black < 1, [False] * 3)
    (cluster,), lost = form_clusters(photos, pictures, found([[0, 1]], 3, [(0, 1)]), np.arange(3), True)
    assert {m.photo for m in cluster.members} == set(photos[:2])
    assert all(Flag.NO_CONTENT in m.flags for m in cluster.members)
    assert [m.photo for m in lost] == photos[2:]


def test_reasons_name_what_they_speak_of(shot, picture):
    photos, views = ladders(shot, (-2, 0, 2), (-2, 0, 2))
    clear, _ = form(photos, views, picture)
    assert all(c.reasons[-1] == "all its frames are alike" for c in clear)
    both = found(views, 6)
    pairs = np.concatenate([both.pairs, [[0, 3]]]).astype(np.int32)
    odds = np.where((pairs == 5).any(axis=1), 0.9, 4.0)
    odds[-1] = 0.3
    unsure = replace(both, pairs=pairs, evidence=both.evidence.and_copies(1), log_odds=odds)
    luminance = np.concatenate([picture([-2, 0, 2], scene)[0] for scene in range(2)])
    first, second = form_clusters(photos, described(luminance, luminance >= 252), unsure, np.arange(6), True)[0]
    assert first.view == "view_0"
    assert any(reason.startswith("view_1 may belong to it too") for reason in first.reasons)
    assert any(reason.startswith("view_0 may belong to it too") for reason in second.reasons)
    assert any(reason.startswith(f"{photos[5].path.name} is least like the rest") for reason in second.reasons)


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
