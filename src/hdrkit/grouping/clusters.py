"""Views -> clusters: every exposure sequence in order, measured, with its confidence and its flags."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.descriptor import LEAST_CONTENT, Descriptors, State
from hdrkit.grouping.facts import dividing_gaps, stated_ev, time_key
from hdrkit.grouping.flags import exposure_levels, find_duplicates, flag_incomplete, flag_panoramas
from hdrkit.grouping.order import Array, Codes, codes_of, order_exposures, seen_ev
from hdrkit.grouping.placing import place_by_metadata
from hdrkit.grouping.sequences import ExposureSequence, find_sequences
from hdrkit.grouping.validation import Margins, confidence, measure_views
from hdrkit.grouping.views import Views
from hdrkit.types import Cluster, Flag, Member, Photo

_LEAST_SHOWN = 2 * LEAST_CONTENT  # cells with a direction in one frame at least, for a view that stands on content alone


@dataclass(frozen=True)
class _View:
    """A view's photographs with what was measured of them.

    `placed` says why those without visible content are here, `may_lack` counts those that nothing could place and may be too.
    """

    name: str
    photos: tuple[Photo, ...]
    luminance: Codes
    clipped: NDArray[np.bool_]
    seen: Array
    placed: dict[int, str]
    margins: Margins
    may_lack: int


def form_clusters(
    photos: Sequence[Photo], descriptors: Descriptors, views: Views, metadata: bool
) -> tuple[tuple[Cluster, ...], tuple[Member, ...]]:
    """The clusters of N photographs in order of time, then of path; and the members that belong nowhere.

    `views` are those that content shows. Frames without visible content are placed by metadata, or left with the reason.
    Without `metadata` content alone is looked at.
    """
    members, loose = _parted(views.labels, descriptors.content)
    margins = measure_views(members, views.pairs, views.log_odds, views.evidence.trust().astype(np.float64), len(photos))
    placed, lost = _placed(photos, descriptors, members, loose, metadata)
    untold = Counter(_size(photos[k]) for k in lost if not (metadata and photos[k].taken_at))
    clusters = []
    for v, shown in enumerate(members):
        told = metadata and any(photos[k].taken_at for k in shown)
        view = _view(str(v), shown, placed[v], photos, descriptors, margins[v], 0 if told else untold[_size(photos[shown[0]])])
        sequences = find_sequences(view.photos, view.luminance, view.seen, metadata)
        clusters += [_cluster(view, sequence, metadata) for sequence in sequences]
    clusters = flag_incomplete(_numbered(clusters))
    if metadata:
        clusters = flag_panoramas(clusters)
    unassigned = [Member(photos[k], None, (Flag.NO_CONTENT,), reason) for k, reason in lost.items()]
    return tuple(clusters), tuple(sorted(unassigned, key=lambda member: str(member.photo.path)))


def _parted(labels: NDArray[np.int64], content: NDArray[np.int32]) -> tuple[list[list[int]], list[int]]:
    """The members of each view that shows something, and the frames of none; next to nothing looks alike everywhere."""
    views: dict[int, list[int]] = defaultdict(list)
    for k, label in enumerate(labels.tolist()):
        views[label].append(k)
    loose = views.pop(-1, [])
    shown = [members for members in views.values() if content[members].max() >= _LEAST_SHOWN]
    return shown, sorted([*loose, *(k for members in views.values() if content[members].max() < _LEAST_SHOWN for k in members)])


def _placed(
    photos: Sequence[Photo], descriptors: Descriptors, views: Sequence[Sequence[int]], loose: Sequence[int], metadata: bool
) -> tuple[dict[int, dict[int, str]], dict[int, str]]:
    """For each view the frames that metadata place there, and the frames that nothing places, with the reasons."""
    if not metadata:
        return defaultdict(dict), dict.fromkeys(loose, "nothing to see, and metadata were not to be used")
    placed: dict[int, dict[int, str]] = defaultdict(dict)
    lost: dict[int, str] = {}
    for placement in place_by_metadata(photos, views, loose, descriptors.luminance, dividing_gaps(photos)):
        where = lost if placement.view is None else placed[placement.view]
        where[placement.photo] = placement.reason
    return placed, lost


def _size(photo: Photo) -> tuple[int, int]:
    return photo.width, photo.height


def _view(
    name: str,
    members: Sequence[int],
    placed: dict[int, str],
    photos: Sequence[Photo],
    descriptors: Descriptors,
    margins: Margins,
    may_lack: int,
) -> _View:
    frames = sorted([*members, *placed], key=lambda k: str(photos[k].path))
    luminance = codes_of(descriptors.luminance[frames])
    clipped = descriptors.state[frames] != State.MEASURED
    return _View(
        name=name,
        photos=tuple(photos[k] for k in frames),
        luminance=luminance,
        clipped=clipped,
        seen=seen_ev(luminance, clipped),
        placed={at: placed[k] for at, k in enumerate(frames) if k in placed},
        margins=margins,
        may_lack=may_lack,
    )


def _cluster(view: _View, sequence: ExposureSequence, metadata: bool) -> Cluster:
    given = list(sequence.members)
    stated = [stated_ev(view.photos[k]) if metadata else None for k in given]
    order = order_exposures(view.luminance[given], view.clipped[given], view.seen[given], stated)
    frames = [given[k] for k in order.order]
    ev = order.ev[list(order.order)]
    duplicates = find_duplicates([view.photos[k] for k in frames], ev, view.luminance[frames])
    members = []
    for at, (k, exposure) in enumerate(zip(frames, ev, strict=True)):
        flags = {
            Flag.ACCIDENTAL: sequence.stray,
            Flag.BY_METADATA: k in view.placed,
            Flag.DUPLICATE: at in duplicates,
            Flag.FLASH: metadata and bool(view.photos[k].flash),
            Flag.NO_CONTENT: k in view.placed,
        }
        known = None if np.isnan(exposure) else float(exposure)
        members.append(Member(view.photos[k], known, tuple(flag for flag, on in flags.items() if on), view.placed.get(k, "")))
    by_metadata = sum(k in view.placed for k in frames)
    sure, reasons = confidence(view.margins, by_metadata, bool(order.notes), view.may_lack)
    cluster = Cluster(
        name="",
        view=view.name,
        kind=sequence.kind,
        members=tuple(members),
        reference=order.order.index(order.reference),
        confidence=sure,
        reasons=(*sequence.reasons, *order.notes, *reasons),
    )
    return replace(cluster, metrics=_metrics(exposure_levels(cluster), view.margins))


def _metrics(levels: Array, margins: Margins) -> dict[str, float | None]:
    """The figures behind a cluster, of its different exposures `levels` in EV."""
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
    """1 where all steps are the same, 0 where they scatter as much as they are large."""
    steps = np.diff(levels)
    return max(0.0, 1 - float(np.std(steps) / np.mean(steps)))


def _numbered(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The clusters in order of time, then of path, they and their views numbered in that order."""
    views: dict[str, str] = {}
    numbered = []
    for n, cluster in enumerate(sorted(clusters, key=_first)):
        view = views.setdefault(cluster.view, f"view_{len(views)}")
        numbered.append(replace(cluster, name=f"cluster_{n}", view=view))
    return numbered


def _first(cluster: Cluster) -> tuple[float, str]:
    return min((time_key(member.photo)[0], str(member.photo.path)) for member in cluster.members)
