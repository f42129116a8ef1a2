"""Shots in sequence -> takes: each is looked at in a small size, and the frames of an exposure bracket become one take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.formats.previews import read_preview
from hdrkit.grouping.evidence.compare import Evidence, compare
from hdrkit.grouping.evidence.descriptor import Descriptors, State, cells_of, describe
from hdrkit.grouping.evidence.facts import stated_ev
from hdrkit.grouping.sequences.find import find_sequences
from hdrkit.grouping.sequences.order import codes_of, order_exposures, seen_ev
from hdrkit.imaging.threads import ahead
from hdrkit.ranking.brackets import MeteredPhoto, follows_exposure, is_bracket, may_continue
from hdrkit.ranking.options import RankingOptions, SeriesMethod
from hdrkit.ranking.similarity import Signature, shows_nothing, signature_of
from hdrkit.types import Failure, Take

LOOKED_AT = (512, 512)  # largest width and height that shots are looked at in
_SURE = 1.0  # log-odds of one view; above, 99.9 % of pairs that were tried are, and below its negative none


@dataclass(frozen=True)
class Glance:
    """A shot in a small size: `pixels` (h, w, 3) RGB codes, what it is compared by (None where it shows nothing), and what
    tells it from a bracket's frame.
    """

    shot: Take
    pixels: NDArray[np.uint8]
    signature: Signature | None
    frame: MeteredPhoto

    @cached_property
    def descriptors(self) -> Descriptors:
        """What `described` gives."""
        return described(self.pixels)


def described(pixels: NDArray[np.uint8]) -> Descriptors:
    """What `hdrkit group` compares photographs by, whatever their exposure, of one (h, w, 3)."""
    return describe([cells_of(pixels)])


def glances(shots: Sequence[Take], options: RankingOptions) -> Iterator[tuple[Glance | None, list[Failure]]]:
    """A look at each shot, in order, and the files of it that cannot be read; None where none can.

    Where the picture of a shot is damaged its RAW file stands for it.
    """
    with ThreadPoolExecutor(options.workers) as pool:
        yield from ahead(pool, lambda shot: _glance(shot, options.method), shots, 2 * options.workers)


def join_brackets(glances: Iterable[Glance]) -> Iterator[tuple[Take, Signature | None]]:
    """The takes of shots in sequence, the frames of each exposure bracket made one, each with what it is compared by."""
    run: list[Glance] = []
    for glance in glances:
        if run and not (may_continue([one.frame for one in run], glance.frame) and _shows_the_same(run, glance)):
            yield from _takes(run)
            run = []
        run.append(glance)
    yield from _takes(run)


def _glance(shot: Take, method: SeriesMethod) -> tuple[Glance | None, list[Failure]]:
    failures = []
    files = (*shot.photos, *shot.companions)
    for k, photo in enumerate(files):
        try:
            pixels = read_preview(photo, LOOKED_AT)
        except InputError as error:
            failures.append(Failure(photo.path, str(error)))
            continue
        gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        left = Take((photo,), companions=files[k + 1 :])
        signature = None if shows_nothing(gray) else signature_of(gray, method)
        return Glance(left, pixels, signature, MeteredPhoto(photo, float(gray.mean()))), failures
    return None, failures


def _shows_the_same(run: Sequence[Glance], glance: Glance) -> bool:
    """Whether a shot shows what those before it do: as the last of them does, or the one that is most nearly as bright.

    A frame that shows too little to tell may do if it is as dark or bright as its exposure has it.
    """
    nearest = min(run, key=lambda one: abs(one.frame.mean_code - glance.frame.mean_code))
    pairs = np.array([[0, 2], [1, 2]], np.int32)
    log_odds = Evidence.of_rows(compare(_stacked((nearest, run[-1], glance)), pairs, 1)).log_odds().max()
    return bool(log_odds > _SURE or (log_odds > -_SURE and follows_exposure(nearest.frame, glance.frame)))


def _stacked(glances: Sequence[Glance]) -> Descriptors:
    return Descriptors.of_arrays(lambda name: np.concatenate([getattr(one.descriptors, name) for one in glances]))


def _takes(run: Sequence[Glance]) -> Iterator[tuple[Take, Signature | None]]:
    """Shots of one view at different exposures: those of a bracket as one take, the others each by itself."""
    if len(run) == 1:
        yield run[0].shot, run[0].signature
        return
    light = _stacked(run)
    codes, clipped = codes_of(light.luminance), light.state != State.MEASURED
    seen, photos = seen_ev(codes, clipped), [one.frame.photo for one in run]
    for sequence in sorted(find_sequences(photos, codes, seen, True, np.arange(len(run))), key=lambda one: min(one.members)):
        members = sorted(sequence.members)
        shots = [run[k] for k in members]
        if not is_bracket([one.frame for one in shots]):
            yield from ((one.shot, one.signature) for one in shots)
            continue
        stated = [stated_ev(photos[k]) for k in members]
        reference = order_exposures(codes[members], clipped[members], seen[members], stated).reference
        companions = tuple(raw for one in shots for raw in one.shot.companions)
        yield Take(tuple(photos[k] for k in members), reference, companions), shots[reference].signature
