"""The fused merge on a torch device, usually a GPU: it uses the tables of `weights` and gives the result of `kernel`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hdrkit.imaging.borders import guess_beyond
from hdrkit.imaging.warping import Area, placed, whole
from hdrkit.merging.bands import Merged, bounds_of
from hdrkit.merging.trust import Trust
from hdrkit.merging.weights import Tables, near_clipping
from hdrkit.types import Frame, Validity

_SATURATED, _BLACK, _PARTIAL = int(Validity.SATURATED), int(Validity.BLACK), int(Validity.PARTIAL)
_NOWHERE, _CLIPPED = -1, -2  # these stand in for the number of the longest frame that measured a pixel
_SHARE = float(np.float32(1 / 255))  # the same value as in the compiled loop
BAND_PIXELS = 2**25  # about 4 GB on the device


def run_tables_on(
    device: str,
    frames: Sequence[Frame],
    tables: Tables,
    exposures: Sequence[float],
    clip: tuple[int, int],
    want_variance: bool,
    trust: Sequence[Trust | None] | None = None,
    area: Area | None = None,
    band_pixels: int = BAND_PIXELS,
) -> Merged:
    """Merge as `kernel.run_tables` does, on a torch device, `band_pixels` at a time. The results agree within 1e-5."""
    first, last, left, right = area or whole(frames[0])
    band = max(1, band_pixels // (right - left))
    merged = []
    for top in range(first, last, band):
        rows = slice(top, min(top + band, last))
        partial = np.zeros((rows.stop - rows.start, right - left), np.bool_)
        sums = _Sums(device, tables, exposures, clip[1], (rows.stop - rows.start, right - left), want_variance)
        for k, frame in enumerate(frames):
            there = placed(frame, rows.start, rows.stop)
            codes, valid = there.pixels[:, left:right], None if there.valid is None else there.valid[:, left:right]
            share = None if trust is None or (weight := trust[k]) is None else weight[rows, left:right]
            if frame.motion is not None and valid is not None:
                codes, valid = codes.copy(), valid.copy()
                share = np.full(valid.shape, 255, np.uint8) if share is None else share.copy()
                partial |= guess_beyond(frame, rows.start, left, codes, valid, share)
            sums.add(k, codes, valid, share)
        merged.append(sums.finish())
        merged[-1].validity[partial] |= _PARTIAL
    out, validity, variance, used = zip(*merged, strict=True)
    return Merged(np.concatenate(out), np.concatenate(validity), np.concatenate(variance), np.sum(used, axis=0))


class _Sums:
    """The sums of a band of rows on the device, (h, w, C), and the frames that measured, (h, w)."""

    def __init__(
        self, device: str, tables: Tables, exposures: Sequence[float], high: int, size: tuple[int, int], want_variance: bool
    ) -> None:
        channels, levels = tables.exposure.shape
        self.device, self.logarithmic = device, tables.logarithmic
        self.high, self.near, self.last = high, near_clipping(levels, high), levels - 1
        self.full, self.fade = self._of(tables.full), self._of(tables.fade)
        self.must = torch.zeros((*size, channels), dtype=torch.bool, device=device)  # clipped according to a shorter frame
        self.numerator, self.denominator = self._of(tables.numerator), self._of(tables.denominator)
        self.spread = self._of(tables.variance) if want_variance else None
        bounds = bounds_of(tables, exposures)
        self.limit = [self._of(bounds.exposure / t) for t in bounds.times]
        self.darkest = self._of(bounds.darkest)
        self.place = torch.arange(channels, device=device) * levels  # position of a channel in a flattened table
        self.a, self.b, self.out = (torch.zeros((*size, channels), device=device) for _ in range(3))
        self.v = torch.zeros((*size, channels), dtype=torch.float64, device=device) if want_variance else None
        self.longest = torch.full(size, _NOWHERE, dtype=torch.int64, device=device)
        self.partly = torch.full(size, _NOWHERE, dtype=torch.int64, device=device)
        self.validity = torch.zeros(size, dtype=torch.uint8, device=device)
        self.used = [0] * len(exposures)

    def _of(self, array: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def add(self, k: int, pixels: NDArray[Any], valid: NDArray[np.bool_] | None, share: NDArray[np.uint8] | None) -> None:
        """Add frame k as `kernel` does."""
        codes = self._of(pixels).to(torch.int64)
        codes = torch.where(self.must & (codes > self.near), self.last, codes)
        clipped = codes > self.high
        open_ = ~clipped.any(dim=2)
        looks = torch.ones_like(open_) if valid is None else self._of(valid)
        self.validity[~looks] = _PARTIAL
        weight = looks.to(torch.float32)
        if share is not None:
            weight = weight * (self._of(share).to(torch.float32) * _SHARE)
        counts = weight > 0
        plain, clips = counts & open_, counts & ~open_
        partly = clips & ~clipped.all(dim=2)
        self.used[k] = int(plain.sum())

        at = codes + self.place
        fade = self.fade[codes.amax(dim=2)]
        weights = [(weight * share * (plain | partly))[..., None] for share in (fade, 1 - fade)]
        for kind, own in enumerate(weights):
            self.a += own * self.numerator[kind, k].reshape(-1)[at]
            self.b += own * self.denominator[kind, k].reshape(-1)[at]
        if self.v is not None and self.spread is not None:
            spreads = (own.to(torch.float64) * self.spread[kind, k].reshape(-1)[at].sqrt() for kind, own in enumerate(weights))
            self.v += sum(spreads) ** 2
        newly = clips & (self.longest == _NOWHERE)
        self.out = torch.where(newly[..., None], self.limit[k].reshape(-1)[at], self.out)
        self.longest[newly] = _CLIPPED
        self.must |= counts[..., None] & (codes > self.full[k])
        self.longest[plain] = k
        self.partly[partly] = k

    def finish(self) -> Merged:
        """The merged pixels of the band, as `kernel` gives them."""
        measured = self.b > 0
        value = self.a / self.b
        if self.logarithmic:
            value = torch.exp(value)
        floor = self.darkest[torch.maximum(self.longest, self.partly).clamp(min=0)]
        below = measured & (value < floor)
        black = ~measured & (self.longest >= 0)[..., None]
        invalid = ~measured & (self.longest == _NOWHERE)[..., None]
        saturated = ~measured & ~black
        out = torch.where(measured, torch.maximum(value, floor), self.out)
        out = torch.where(black, self.darkest[self.longest.clamp(min=0)], torch.where(invalid, 0.0, out))
        self.validity |= (below | black).any(dim=2).to(torch.uint8) * _BLACK
        self.validity |= saturated.any(dim=2).to(torch.uint8) * _SATURATED
        variance = torch.zeros((0, 0, out.shape[2]))
        if self.v is not None:
            square = out.to(torch.float64) ** 2
            of_quotient = self.v / self.b.to(torch.float64) ** 2 * (square if self.logarithmic else 1.0)
            variance = torch.where(measured, of_quotient, square).to(torch.float32)
        return Merged(out.cpu().numpy(), self.validity.cpu().numpy(), variance.cpu().numpy(), np.array(self.used, np.int64))
