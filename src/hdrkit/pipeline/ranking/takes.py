"""Shots in sequence -> takes. Each shot is read in a small size, and the frames of an exposure bracket become one take."""

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
from hdrkit.grouping.evidence.descriptor import CellState, Descriptors, cells_of, describe
from hdrkit.grouping.evidence.facts import stated_ev
from hdrkit.grouping.sequences.find import find_sequences
from hdrkit.grouping.sequences.order import codes_of, ev_of_pixels, order_exposures
from hdrkit.imaging.threads import ahead
from hdrkit.ranking.brackets import MeteredPhoto, follows_exposure, is_bracket, may_continue
from hdrkit.ranking.options import RankingOptions, SeriesMethod
from hdrkit.ranking.similarity import Signature, shows_nothing, signature_of
from hdrkit.types import Failure, Take

LOOKED_AT = (512, 512)  # largest width and height of the pictures of shots
_SURE = 1.0  # log-odds of one view; above it 99.9 % of tested pairs are one view, below its negative none


@dataclass(frozen=True)
class Glance:
    """A shot in a small size: `pixels` (h, w, 3) RGB codes, its `signature` (None if it shows nothing), and its brightness."""

    shot: Take
    pixels: NDArray[np.uint8]
    signature: Signature | None
    frame: MeteredPhoto

    @cached_property
    def descriptors(self) -> Descriptors:
        """The descriptors of `described`."""
        return described(self.pixels)


def described(pixels: NDArray[np.uint8]) -> Descriptors:
    """The descriptors by which `hdrkit group` compares photographs at any exposure, for one picture (h, w, 3)."""
    return describe([cells_of(pixels)])


def glances(shots: Sequence[Take], options: RankingOptions) -> Iterator[tuple[Glance | None, list[Failure]]]:
    """A glance at each shot, in order, and its files that cannot be read. The glance is None if no file can be read.

    If the picture of a shot is damaged, its RAW file replaces it.
    """
    with ThreadPoolExecutor(options.workers) as pool:
        yield from ahead(pool, lambda shot: _glance(shot, options.method), shots, 2 * options.workers)


def join_brackets(glances: Iterable[Glance]) -> Iterator[tuple[Take, Signature | None]]:
    """The takes of shots in sequence, each with its signature. The frames of an exposure bracket are one take."""
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
    """Whether a shot shows the same as those before it, compared with the last one and with the one of nearest brightness.

    A frame that shows too little to decide is accepted if its brightness follows its exposure.
    """
    nearest = min(run, key=lambda one: abs(one.frame.mean_code - glance.frame.mean_code))
    pairs = np.array([[0, 2], [1, 2]], np.int32)
    log_odds = Evidence.of_rows(compare(_stacked((nearest, run[-1], glance)), pairs, 1)).log_odds().max()
    return bool(log_odds > _SURE or (log_odds > -_SURE and follows_exposure(nearest.frame, glance.frame)))


def _stacked(glances: Sequence[Glance]) -> Descriptors:
    return Descriptors.of_arrays(lambda name: np.concatenate([getattr(one.descriptors, name) for one in glances]))


def _takes(run: Sequence[Glance]) -> Iterator[tuple[Take, Signature | None]]:
    """The takes of shots of one view at different exposures. The frames of a bracket are one take, other shots one each."""
    if len(run) == 1:
        yield run[0].shot, run[0].signature
        return
    light = _stacked(run)
    codes, clipped = codes_of(light.luminance), light.state != CellState.MEASURED
    pixel_ev, photos = ev_of_pixels(codes, clipped), [one.frame.photo for one in run]
    for sequence in sorted(find_sequences(photos, codes, pixel_ev, True, np.arange(len(run))), key=lambda one: min(one.members)):
        members = sorted(sequence.members)
        shots = [run[k] for k in members]
        if not is_bracket([one.frame for one in shots]):
            yield from ((one.shot, one.signature) for one in shots)
            continue
        stated = [stated_ev(photos[k]) for k in members]
        reference = order_exposures(codes[members], clipped[members], pixel_ev[members], stated).reference
        companions = tuple(raw for one in shots for raw in one.shot.companions)
        yield Take(tuple(photos[k] for k in members), reference, companions), shots[reference].signature
