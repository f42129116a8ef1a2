"""One view -> its exposure sequences: repeats of a bracket, bursts, focus brackets and stray shots.

A view is one sequence unless metadata show several: a camera that brackets automatically fires a regular ladder of
exposures within seconds, and a ladder that begins again is another bracket. A shot off the ladder in time and exposure is stray.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.evidence.facts import SAME_EV, gap_s, stated_ev, time_key
from hdrkit.grouping.sequences.copies import originals
from hdrkit.grouping.sequences.order import PIXEL_SAME_EV, Array, Codes
from hdrkit.types import Drive, Kind, Photo

RAPID_S = 2.0  # the longest pause of a camera that fires automatically; HDRMerge and others use it for brackets too
_FEWEST_SHOTS = 3  # of a ladder that regular steps alone identify
_GRID_EV = 0.2  # largest distance from a multiple of the step
_REPEATED = 0.75  # share of a ladder's exposures that another one has too
_SHARPER, _SHARPER_SHARE = 1.4, 0.1  # of a patch in one frame than in another; share of patches in either direction
_SHARPNESS_PATCH = 16  # cells a side
_LEAST_SHARPNESS = 1.0  # code differences; flatter patches say nothing about focus


@dataclass(frozen=True)
class ExposureSequence:
    """One exposure sequence: indices of its frames, its kind, and the reasons. `stray`: a shot that belongs to no ladder."""

    members: tuple[int, ...]
    kind: Kind
    reasons: tuple[str, ...] = ()
    stray: bool = False


def find_sequences(
    photos: Sequence[Photo], luminance: Codes, pixel_ev: Array, metadata: bool, content: NDArray[np.int64]
) -> list[ExposureSequence]:
    """The sequences of one view of K photographs: `luminance` (K, S, S), `pixel_ev` (K,) the exposures that pixels show.

    Equal numbers of `content` (K,) are copies, which join the sequences of their originals. Frames of different encodings cannot
    be merged, so they are in different sequences. Without `metadata` all frames of one encoding are one sequence.
    Every photograph is in one sequence.
    """
    found: list[ExposureSequence] = []
    encodings = {photo.encoding for photo in photos}
    for encoding in sorted(encodings):
        frames = [k for k, photo in enumerate(photos) if photo.encoding is encoding]
        if metadata:
            found += _by_metadata(frames, photos, luminance, pixel_ev, originals(photos, content))
        else:
            found.append(ExposureSequence(tuple(frames), _kind(frames, photos, luminance, pixel_ev, False)))
    if len(encodings) > 1:
        reason = "photographs of this view in other encodings have groups of their own"
        found = [replace(one, reasons=(*one.reasons, reason)) for one in found]
    return found


def _by_metadata(
    frames: Sequence[int], photos: Sequence[Photo], luminance: Codes, pixel_ev: Array, original: NDArray[np.int64]
) -> list[ExposureSequence]:
    """The sequences of some frames of a view, `original` (K,) is the index of the photograph that each is a copy of."""

    def with_copies(members: Iterable[int]) -> tuple[int, ...]:
        chosen = set(members)
        return (*members, *(k for k in frames if original[k] in chosen and original[k] != k))

    brackets, apart = _divided(_in_time({int(original[k]) for k in frames}, photos), photos)
    found = []
    for members, reasons in brackets:
        if len(brackets) == 1 and not apart and len(members) > 1 and _separate_takes(members, photos):
            paused = ("the view has one exposure, with pauses between the shots",)
            found += [ExposureSequence(with_copies([k]), Kind.SINGLE, paused) for k in members]
            continue
        whole = with_copies(members)
        found.append(ExposureSequence(whole, _kind(list(whole), photos, luminance, pixel_ev, True), reasons))
    return found + [ExposureSequence(with_copies([k]), Kind.SINGLE, (why,), stray) for k, why, stray in apart]


def _divided(
    frames: list[int], photos: Sequence[Photo]
) -> tuple[list[tuple[list[int], tuple[str, ...]]], list[tuple[int, str, bool]]]:
    """The brackets of frames in order of time, with reasons; and single shots, each with a reason and whether it is stray.

    Frames without a time join the bracket if there is only one; otherwise each is a single shot.
    """
    timed = [k for k in frames if photos[k].taken_at is not None]
    if not timed or any(stated_ev(photos[k]) is None for k in timed):
        return [(frames, ())], []
    brackets, strays, reasons = _ladders(timed, photos)
    apart = [(k, "its time and exposure do not fit the bracket", True) for k in strays]
    untimed = frames[len(timed) :]
    if len(brackets) == 1:
        brackets[0] += untimed
    else:
        apart += [(k, "it has no time, so its bracket in this view is unknown", False) for k in untimed]
    return [(members, reasons) for members in brackets], apart


def _ladders(frames: list[int], photos: Sequence[Photo]) -> tuple[list[list[int]], list[int], tuple[str, ...]]:
    """The brackets and stray shots of frames in order of time, and the reasons. All frames have a time and an exposure."""
    fired = _joined([run for run in _runs(frames, photos) if _is_automatic(run, photos)], photos)
    strays: list[int] = []
    for k in _in_time(set(frames) - {k for run in fired for k in run}, photos):
        host = next((run for run in _nearest(k, fired, photos) if _extends(run, [k], photos)), None)
        (strays if host is None else host).append(k)
    if fired and not any(_reaches_out(k, fired, photos) for k in strays):
        brackets = "a bracket" if len(fired) == 1 else f"{len(fired)} brackets"
        return [_in_time(run, photos) for run in fired], strays, (f"the camera took {brackets} automatically",)
    repeats = _restarts(frames, photos)
    largest = max(repeats, key=len)
    if len(repeats) > 1 and all(len(part) > 1 and _share_in(part, largest, photos) >= _REPEATED for part in repeats):
        return repeats, [], (f"the same exposures were taken {len(repeats)} times",)
    return [frames], [], ()


def _runs(frames: Sequence[int], photos: Sequence[Photo]) -> list[list[int]]:
    """Frames in order of time, cut where the camera paused and where a ladder begins again."""
    runs: list[list[int]] = []
    for k in frames:
        pause = gap_s(photos[runs[-1][-1]], photos[k]) if runs else None
        if pause is None or pause > RAPID_S or _begins_again(runs[-1], k, photos):
            runs.append([k])
        else:
            runs[-1].append(k)
    return runs


def _restarts(frames: Sequence[int], photos: Sequence[Photo]) -> list[list[int]]:
    """Frames in order of time, cut where a ladder begins again."""
    parts: list[list[int]] = []
    for k in frames:
        if parts and not _begins_again(parts[-1], k, photos):
            parts[-1].append(k)
        else:
            parts.append([k])
    return parts


def _begins_again(run: Sequence[int], k: int, photos: Sequence[Photo]) -> bool:
    """Whether a ladder begins again at frame `k`: its count of shots restarts, or the run has its exposure already."""
    last, this = photos[run[-1]].shot, photos[k].shot
    if last is not None and this is not None:
        return this <= last
    return _has(run, k, photos)


def _is_automatic(run: Sequence[int], photos: Sequence[Photo]) -> bool:
    """Whether the camera fired this run automatically: metadata say so, or the steps are regular."""
    levels = _levels(run, photos)
    if len(levels) >= 2 and all(photos[k].drive is Drive.EXPOSURE_BRACKET for k in run):
        return True
    steps = np.diff(levels)
    return len(levels) == len(run) >= _FEWEST_SHOTS and bool(np.ptp(steps) <= _GRID_EV)


def _joined(runs: list[list[int]], photos: Sequence[Photo]) -> list[list[int]]:
    """The runs, each joined to the one before if it continues its ladder."""
    joined: list[list[int]] = []
    for run in runs:
        if joined and _extends(joined[-1], run, photos) and not any(photos[k].shot for k in run):
            joined[-1] += run
        else:
            joined.append(list(run))
    return joined


def _extends(run: Sequence[int], others: Sequence[int], photos: Sequence[Photo]) -> bool:
    """Whether other frames lie on the regular ladder of a run, at exposures that it does not have."""
    levels = _levels(run, photos)
    step = float(np.median(np.diff(levels)))
    off = [(level - levels[0]) / step for level in _levels(others, photos)]
    return all(abs(o - round(o)) * step <= _GRID_EV for o in off) and not any(_has(run, k, photos) for k in others)


def _reaches_out(k: int, runs: Sequence[Sequence[int]], photos: Sequence[Photo]) -> bool:
    """Whether frame `k` lies outside the range of exposures of every run: then it is part of a ladder set by hand, not stray."""
    if any(photos[other].drive is Drive.EXPOSURE_BRACKET for run in runs for other in run):
        return False
    own = _levels([k], photos)[0]
    ladders = [_levels(run, photos) for run in runs]
    return all(not levels[0] - SAME_EV <= own <= levels[-1] + SAME_EV for levels in ladders)


def _nearest(k: int, runs: Sequence[list[int]], photos: Sequence[Photo]) -> list[list[int]]:
    """Runs by their distance in time from frame `k`."""
    at = time_key(photos[k])[0]
    return sorted(runs, key=lambda run: min(abs(time_key(photos[other])[0] - at) for other in run))


def _separate_takes(frames: Sequence[int], photos: Sequence[Photo]) -> bool:
    """Whether frames of one exposure were taken one at a time, with pauses between them."""
    if len(_levels(frames, photos)) != 1 or _is_focus_bracket(frames, photos) or len({photos[k].flash for k in frames}) > 1:
        return False
    gaps = [gap_s(photos[a], photos[b]) for a, b in pairwise(frames)]
    return all(gap is not None and gap > RAPID_S for gap in gaps)


def _kind(frames: list[int], photos: Sequence[Photo], luminance: Codes, pixel_ev: Array, metadata: bool) -> Kind:
    if len(frames) == 1:
        return Kind.SINGLE
    if metadata and {True, False} <= {photos[k].flash for k in frames}:
        return Kind.FLASH_AMBIENT
    stated = metadata and all(stated_ev(photos[k]) is not None for k in frames)
    equal = len(_levels(frames, photos)) == 1 if stated else np.ptp(pixel_ev[frames]) <= PIXEL_SAME_EV  # False if one is NaN
    if not equal:
        return Kind.BRACKET
    if (metadata and _is_focus_bracket(frames, photos)) or _focus_moves(luminance[frames]):
        return Kind.FOCUS_BRACKET
    return Kind.BURST


def _is_focus_bracket(frames: Sequence[int], photos: Sequence[Photo]) -> bool:
    """Whether metadata say so, or the focus distance changes in one direction from frame to frame."""
    if all(photos[k].drive is Drive.FOCUS_BRACKET for k in frames):
        return True
    distances = [photos[k].focus_distance_m for k in frames]
    steps = [b - a for a, b in pairwise(distances) if a is not None and b is not None]
    return len(steps) >= _FEWEST_SHOTS - 1 and len(steps) == len(frames) - 1 and (min(steps) > 0 or max(steps) < 0)


def _focus_moves(luminance: Codes) -> bool:
    """Whether some parts of the picture are sharper in one frame and others in another."""
    size = luminance.shape[1] // _SHARPNESS_PATCH
    codes = luminance.astype(np.float64)
    bend = abs(4 * codes[:, 1:-1, 1:-1] - codes[:, :-2, 1:-1] - codes[:, 2:, 1:-1] - codes[:, 1:-1, :-2] - codes[:, 1:-1, 2:])
    bend = np.pad(bend, ((0, 0), (1, 1), (1, 1)))
    sharp = bend.reshape(len(codes), size, _SHARPNESS_PATCH, size, _SHARPNESS_PATCH).mean(axis=(2, 4)).reshape(len(codes), -1)
    sharp = sharp[:, sharp.max(axis=0) >= _LEAST_SHARPNESS]
    for low in range(len(sharp)):
        ratio = (sharp[low] + 1e-9) / (sharp[low + 1 :] + 1e-9)
        if ratio.size and ((ratio > _SHARPER).mean(1) > _SHARPER_SHARE)[((ratio < 1 / _SHARPER).mean(1) > _SHARPER_SHARE)].any():
            return True
    return False


def _levels(frames: Iterable[int], photos: Sequence[Photo]) -> list[float]:
    """The different exposures of frames in EV, lowest first."""
    levels: list[float] = []
    for ev in sorted(ev for k in frames if (ev := stated_ev(photos[k])) is not None):
        if not levels or ev - levels[-1] > SAME_EV:
            levels.append(ev)
    return levels


def _has(frames: Iterable[int], k: int, photos: Sequence[Photo]) -> bool:
    """Whether the exposure of frame `k` occurs among others."""
    own = stated_ev(photos[k])
    return own is not None and any(abs(level - own) <= SAME_EV for level in _levels(frames, photos))


def _share_in(part: Sequence[int], whole: Sequence[int], photos: Sequence[Photo]) -> float:
    return sum(_has(whole, k, photos) for k in part) / len(part)


def _in_time(frames: Iterable[int], photos: Sequence[Photo]) -> list[int]:
    return sorted(frames, key=lambda k: time_key(photos[k]))
