"""The merge by NumPy gives the bytes of the compiled loops, whatever the frames show, lack, or are not trusted in."""

import itertools

import numpy as np
import pytest

from hdrkit.merging import loops, plain
from hdrkit.merging.bands import Band, Merged, Rule, bounds_of
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.weights import build_tables, near_clipping
from hdrkit.simulate import SimulatedCamera

SIZE = 20, 31


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_numpy_and_the_compiled_loops_merge_alike(bits, channels):
    curve = SimulatedCamera("srgb", bits=bits).response_curve().for_channels(channels)
    top, kind = 2**bits - 1, np.uint8 if bits == 8 else np.uint16
    clip = 1, round(250 / 255 * top)
    for frames, masked, trusted in itertools.product((1, 3, 5), (False, True), (False, True)):
        rng = np.random.default_rng([bits, channels, frames, masked, trusted])
        times = [4.0**k for k in range(frames)]
        light = np.exp(rng.normal(-3, 2, (*SIZE, channels)))
        codes = np.stack([np.rint(np.clip(light * t / 10, 0, 1) ** 0.45 * top).astype(kind) for t in times])
        valid = rng.random((frames, *SIZE)) < 0.9 if masked else None
        share = rng.choice([0, 100, 255], (frames, *SIZE)).astype(np.uint8) if trusted else None
        tables = build_tables(curve, times, clip, MergeOptions())
        rule = Rule(np.stack([tables.numerator, tables.denominator], axis=-1), tables.fade, clip[1], False)
        near, full = kind(near_clipping(top + 1, clip[1])), np.tile(tables.full, SIZE[1]).astype(kind)
        results = []
        for which in (loops, plain):
            own = codes.copy()
            which.clip(own, valid, share, near, full, kind(top), SIZE[0])
            merged = Merged(
                np.empty((*SIZE, channels), np.float32),
                np.empty(SIZE, np.uint8),
                np.empty((0, 0, channels), np.float32),
                np.zeros(frames, np.int64),
            )
            which.merge(Band(own, valid, share), rule, None, bounds_of(tables, times), merged)
            results.append([own.tobytes(), *(part.tobytes() for part in merged)])
        assert results[0] == results[1]
