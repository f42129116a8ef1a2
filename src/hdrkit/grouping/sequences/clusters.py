"""Views -> clusters: every exposure sequence in order, measured, with its confidence and its flags."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.evidence.descriptor import LEAST_CONTENT, CellState, Descriptors
from hdrkit.grouping.evidence.facts import dividing_gaps, stated_ev, time_key
from hdrkit.grouping.sequences.copies import find_duplicates, has_finer_twin, originals
from hdrkit.grouping.sequences.find import ExposureSequence, find_sequences
from hdrkit.grouping.sequences.flags import exposure_levels, flag_incomplete, flag_panoramas
from hdrkit.grouping.sequences.order import PIXEL_SAME_EV, Array, Codes, codes_of, ev_of_pixels, order_exposures
from hdrkit.grouping.sequences.placing import place_by_metadata
from hdrkit.grouping.views.find import Views
from hdrkit.grouping.views.validation import Margins, confidence, measure_views
from hdrkit.types import Cluster, Flag, Member, Photo

_LEAST_SHOWN = 2 * LEAST_CONTENT  # cells with a direction in one frame at least, for a view that stands on content alone


@dataclass(frozen=True)
class _View:
    """A view's photographs with what was measured of them.

    `light` (K, S, S) is the luminance of descriptors, `codes` the same in whole codes. `blank` frames show no content. `placed`
    holds the reason for each of them that metadata place here. `named` frames are in a list of a person. `may_lack` is the number
    of frames without a view that may belong here.
    """

    name: str
    photos: tuple[Photo, ...]
    content: NDArray[np.int64]
    light: NDArray[np.uint16]
    codes: Codes
    clipped: NDArray[np.bool_]
    pixel_ev: Array
    blank: NDArray[np.bool_]
    named: NDArray[np.bool_]
    placed: dict[int, str]
    margins: Margins
    may_lack: int


def form_clusters(
    photos: Sequence[Photo], descriptors: Descriptors, views: Views, content: NDArray[np.int64], metadata: bool
) -> tuple[tuple[Cluster, ...], tuple[Member, ...]]:
    """The clusters of N photographs in order of time, then of path; and the members of no cluster.

    `views` are the views by content. Equal numbers of `content` (N,) are copies of one file. Metadata place frames without
    visible content; the others are members of no cluster, with the reason. Without `metadata` only content counts.
    """
    original = originals(photos, content)
    members, loose = _parted(views, descriptors.content)
    trust = views.evidence.trust()
    placed, lost = _placed(photos, descriptors, members, loose, original, metadata)
    members, placed = _in_order(members, placed, photos)
    margins = measure_views(members, views.pairs, views.log_odds, trust, len(photos), views.together)
    names = [f"view_{v}" for v in range(len(members))]
    named = np.isin(np.arange(len(photos)), views.together)
    untimed = Counter(_size(photos[k]) for k in lost if not (metadata and photos[k].taken_at))
    clusters = []
    for v, shown in enumerate(members):
        frames = sorted([*shown, *placed[v]], key=lambda k: str(photos[k].path))
        timed = metadata and any(photos[k].taken_at for k in shown)
        light, clipped = descriptors.luminance[frames], descriptors.state[frames] != CellState.MEASURED
        _, different, copied = np.unique(content[frames], return_index=True, return_inverse=True)
        view = _View(
            name=names[v],
            photos=tuple(photos[k] for k in frames),
            content=content[frames],
            light=light,
            codes=codes_of(light),
            clipped=clipped,
            pixel_ev=ev_of_pixels(codes_of(light[different]), clipped[different])[copied],
            blank=descriptors.content[frames] < LEAST_CONTENT,
            named=named[frames],
            placed={at: placed[v][k] for at, k in enumerate(frames) if k in placed[v]},
            margins=margins[v],
            may_lack=0 if timed else untimed[_size(photos[shown[0]])],
        )
        found = find_sequences(view.photos, view.codes, view.pixel_ev, metadata, view.content)
        clusters += [_cluster(view, sequence, found, metadata, lambda k: photos[k].path.name, names) for sequence in found]
    clusters = flag_incomplete(_numbered(clusters))
    if metadata:
        clusters = flag_panoramas(clusters)
    return tuple(clusters), _unassigned(photos, lost, original)


def _parted(views: Views, content: NDArray[np.int32]) -> tuple[list[list[int]], list[int]]:
    """The members of each view that shows enough content or that a person put together, and the frames of no view.

    Frames with hardly any content are all alike.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for k, label in enumerate(views.labels.tolist()):
        groups[label].append(k)
    loose = groups.pop(-1, [])
    by_hand = set(views.labels[views.together].ravel().tolist())
    kept = {label: content[members].max() >= _LEAST_SHOWN or label in by_hand for label, members in groups.items()}
    shown = [members for label, members in groups.items() if kept[label]]
    return shown, sorted([*loose, *(k for label, members in groups.items() if not kept[label] for k in members)])


def _placed(
    photos: Sequence[Photo],
    descriptors: Descriptors,
    views: Sequence[Sequence[int]],
    loose: Sequence[int],
    original: NDArray[np.int64],
    metadata: bool,
) -> tuple[dict[int, dict[int, str]], dict[int, str]]:
    """For each view the frames that metadata place in it, and the frames without a view, with the reasons."""
    if not metadata:
        return defaultdict(dict), dict.fromkeys(loose, "it shows no content, and metadata are not used")
    placed: dict[int, dict[int, str]] = defaultdict(dict)
    lost: dict[int, str] = {}
    gaps = dividing_gaps([photos[k] for k in np.unique(original)])
    for placement in place_by_metadata(photos, views, loose, descriptors.luminance, gaps):
        where = lost if placement.view is None else placed[placement.view]
        where[placement.photo] = placement.reason
    return placed, lost


def _in_order(
    views: Sequence[list[int]], placed: dict[int, dict[int, str]], photos: Sequence[Photo]
) -> tuple[list[list[int]], dict[int, dict[int, str]]]:
    """The views, and the frames placed in each, in order of time, then of path."""
    order = sorted(range(len(views)), key=lambda v: _first([photos[k] for k in (*views[v], *placed[v])]))
    return [views[v] for v in order], {at: placed[v] for at, v in enumerate(order)}


def _size(photo: Photo) -> tuple[int, int]:
    return photo.width, photo.height


def _unassigned(photos: Sequence[Photo], lost: dict[int, str], original: NDArray[np.int64]) -> tuple[Member, ...]:
    members = [
        Member(photos[k], None, (Flag.DUPLICATE, Flag.NO_CONTENT) if original[k] != k else (Flag.NO_CONTENT,), reason)
        for k, reason in lost.items()
    ]
    return tuple(sorted(members, key=lambda member: str(member.photo.path)))


def _cluster(
    view: _View,
    sequence: ExposureSequence,
    of_view: Sequence[ExposureSequence],
    metadata: bool,
    photo_names: Callable[[int], str],
    view_names: Sequence[str],
) -> Cluster:
    given = list(sequence.members)
    stated = [stated_ev(view.photos[k]) if metadata else None for k in given]
    order = order_exposures(view.codes[given], view.clipped[given], view.pixel_ev[given], stated)
    frames = [given[k] for k in order.order]
    believed = [None if order.notes else stated[k] for k in order.order]
    photos = [view.photos[k] for k in frames]
    duplicates = find_duplicates(photos, believed, view.light[frames], view.clipped[frames], view.content[frames])
    elsewhere = [view.photos[k] for other in of_view if other is not sequence for k in other.members]
    reasons = list(sequence.reasons)
    if metadata and all(has_finer_twin(photo, elsewhere) for photo in photos):
        duplicates = set(range(len(photos)))
        reasons.append("the same shots exist in a finer encoding")
    members = []
    for at, (k, exposure) in enumerate(zip(frames, order.ev[list(order.order)], strict=True)):
        flags = {
            Flag.ACCIDENTAL: sequence.stray and not view.named[k],
            Flag.BY_METADATA: k in view.placed,
            Flag.DUPLICATE: at in duplicates,
            Flag.FLASH: metadata and bool(view.photos[k].flash),
            Flag.NO_CONTENT: k in view.placed or bool(view.blank[k]),
        }
        known = None if np.isnan(exposure) else float(exposure)
        members.append(Member(view.photos[k], known, tuple(flag for flag, on in flags.items() if on), view.placed.get(k, "")))
    stated_all = metadata and all(photo.taken_at is not None and stated_ev(photo) is not None for photo in photos)
    sure, why = confidence(
        view.margins,
        photo_names,
        view_names,
        by_metadata=sum(k in view.placed for k in frames),
        contradicted=bool(order.notes),
        may_lack=view.may_lack,
        repeats=1 if stated_all else times_repeated([member.ev for member in members if Flag.DUPLICATE not in member.flags]),
    )
    cluster = Cluster(
        name="",
        view=view.name,
        kind=sequence.kind,
        members=tuple(members),
        reference=order.order.index(order.reference),
        confidence=sure,
        reasons=(*reasons, *order.notes, *why),
    )
    return replace(cluster, metrics=_metrics(exposure_levels(cluster), view.margins))


def times_repeated(ev: Sequence[float | None]) -> int:
    """How many times most of several exposures in EV occur; 1 if one of them occurs only once."""
    known = np.sort([one for one in ev if one is not None])
    counts = np.bincount(np.cumsum(np.diff(known, prepend=known[:1]) > PIXEL_SAME_EV))
    return int(np.median(counts)) if len(counts) > 1 and counts.min() > 1 else 1


def _metrics(levels: Array, margins: Margins) -> dict[str, float | None]:
    """The metrics of a cluster with the different exposures `levels` in EV."""
    return {
        "mean_log_odds": margins.mean,
        "least_log_odds": margins.weakest,
        "least_trust": margins.trust,
        "rival_log_odds": margins.rival,
        "ev_range": float(np.ptp(levels)) if len(levels) else None,
        "step_ev": float(np.median(np.diff(levels))) if len(levels) > 1 else None,
        "gap_regularity": _evenness(levels) if len(levels) > 1 else None,
        "hdr_score": hdr_score(levels),
    }


def hdr_score(levels: Array) -> float:
    """How good a bracket is, in 0..1: 0.4 for seven different exposures, 0.4 for a range of 8 EV, 0.2 for even steps."""
    if len(levels) < 2:
        return 0.0
    return 0.4 * min(1.0, (len(levels) - 1) / 6) + 0.4 * min(1.0, float(np.ptp(levels)) / 8) + 0.2 * _evenness(levels)


def _evenness(levels: Array) -> float:
    """1 if all steps are equal, 0 if their scatter is as large as their mean."""
    steps = np.diff(levels)
    return max(0.0, 1 - float(np.std(steps) / np.mean(steps)))


def _numbered(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The clusters in order of time, then of path, numbered in that order."""
    in_order = sorted(clusters, key=lambda cluster: _first([member.photo for member in cluster.members]))
    return [replace(cluster, name=f"cluster_{n}") for n, cluster in enumerate(in_order)]


def _first(photos: Sequence[Photo]) -> tuple[float, str]:
    return min((time_key(photo)[0], str(photo.path)) for photo in photos)
