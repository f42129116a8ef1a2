"""A comparison of the stated exposures with the pixels: the exposure of each frame, as stated and as measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.compression import compressed
from hdrkit.calibration.offsets import Frames, OffsetSolution
from hdrkit.calibration.sampling import LEAST_RANGE, Samples, patch_codes
from hdrkit.errors import ExposureError
from hdrkit.imaging.warping import common_area
from hdrkit.types import ExposureEstimate, Frame, NoiseModel, ResponseCurve, StepCheck

_TOLERANCE_EV = 0.2  # largest error of a step by shutters, flare and a picture style
_VAGUE = 0.35  # standard error of ln exposure from which a frame does not determine it
_PATCHES, _FEWEST = 2000, 20
_DARKEST, _BRIGHTEST = 0.002, 0.96  # shares of saturation: for the light of a patch, and for the code of a pixel
_LOWEST_MEAN = 8 / 255  # smallest mean code of a patch: below it curves are uncertain, and compression removes noise
_MODEL_ERROR = 0.003  # error of ln light that remains in every patch
_DEPENDENCE, _COMPRESSED_DEPENDENCE = 3.0, 20.0  # neighbouring patches and channels share their errors
_ROUNDS = 8
_RIDGE = 1e-9
_LN2 = float(np.log(2))

Array = NDArray[np.float64]


def measured_exposures(
    frames: Sequence[Frame], stated: Sequence[float | None], response: ResponseCurve | None
) -> tuple[Array, OffsetSolution]:
    """Logarithm of the exposure of each frame (K,), as stated or else as measured, and the corrections that the pixels suggest.

    `frames` are aligned; `response` is None if they are linear. The solution is weighted least squares on the logarithms of the
    light of patches, after Hanji & Mantiuk 2023: all pairs of frames at once, by inverse variance. The median of the offsets of
    the stated exposures is 0, so that one wrong exposure does not move the scale; if none is stated, the middle frame has
    exposure 1.
    """
    value, variance, use = _light_of_patches(frames, response)
    ln_stated = np.array([np.nan if one is None else np.log(one) for one in stated])
    dependence = _COMPRESSED_DEPENDENCE if response is not None and compressed(frames) else _DEPENDENCE
    ln_exposures, offsets = _corrections(value, variance, use, ln_stated, dependence)
    if not np.isfinite(ln_exposures).all():
        lost = frames[int(np.flatnonzero(~np.isfinite(ln_exposures))[0])].name
        raise ExposureError(f"{lost}: too few well exposed pixels to estimate its exposure; give it with --exposures FILE.csv")
    return ln_exposures, offsets


def corrections_under(samples: Sequence[Samples], g: Array) -> OffsetSolution:
    """The corrections of all exposures that the patches of the samples show with curves g (knots, C), bracket after bracket."""
    found = []
    for one in samples:
        curve = ResponseCurve(g).for_levels(one.levels)
        codes = np.ascontiguousarray(np.moveaxis(one.patches, 1, 3))
        light = _light(codes, curve, one.levels - 1, one.levels)
        dependence = _COMPRESSED_DEPENDENCE if one.compressed else _DEPENDENCE
        found.append(_corrections(*light, np.where(one.unknown, np.nan, one.ln_times), dependence)[1])
    frames = Frames.of(samples, np.concatenate([one.unknown for one in samples]))
    covariance = np.zeros((frames.count, frames.count))
    for part, one_found in zip(frames.parts, found, strict=True):
        covariance[part, part] = one_found.covariance
    value, known = (np.concatenate([getattr(one_found, name) for one_found in found]) for name in ("value", "known"))
    return OffsetSolution(np.where(known, value, 0.0), covariance, known, 0.0, frames.parts)


def _corrections(
    value: Array, variance: Array, use: NDArray[np.bool_], ln_stated: Array, dependence: float
) -> tuple[Array, OffsetSolution]:
    """Ln exposure of each frame, stated or else measured (NaN if neither), and the corrections of the stated ones."""
    seen, covariance = _levels(value, variance, use)
    covariance *= dependence
    known = use.any(axis=2).sum(axis=0) >= _FEWEST
    known &= np.sqrt(np.diag(covariance)) < _VAGUE
    telling = known & np.isfinite(ln_stated)
    scale = float(np.median((ln_stated - seen)[telling])) if telling.any() else -float(np.sort(seen)[len(seen) // 2])
    seen = np.where(known, seen + scale, np.where(np.isfinite(ln_stated), ln_stated, np.nan))
    ln_exposures = np.where(np.isfinite(ln_stated), ln_stated, seen)
    return ln_exposures, OffsetSolution(seen - ln_exposures, covariance, known, 0.0, (slice(0, len(ln_stated)),))


def guessed_exposures(frames: Sequence[Frame], stated: Sequence[float | None]) -> tuple[float, ...]:
    """The exposures with rough values for the missing ones, under an ordinary curve stretched to the stated ones.

    Raises ExposureError if fewer than two different exposures are stated: then neither curve nor exposures are known.
    """
    from hdrkit.calibration.family import response_family

    known = np.array([one is not None for one in stated])
    if known.all():
        return tuple(one for one in stated if one is not None)
    ln_stated = np.array([np.log(one) if one is not None else np.nan for one in stated])
    if known.sum() < 2 or np.ptp(ln_stated[known]) < LEAST_RANGE:
        raise ExposureError(
            f"{frames[int(np.argmin(known))].name}: its exposure cannot be estimated: neither the response curve nor two "
            "different exposures are known; give a curve with --response, exposures with --ev -2,0,2 or --exposures FILE.csv, "
            "or fuse a picture without them: --estimator mertens"
        )
    ordinary = ResponseCurve(np.maximum.accumulate(response_family(256)[0])[:, None]).for_levels(frames[0].levels)
    seen, offsets = measured_exposures(frames, [None] * len(frames), ordinary.for_channels(frames[0].pixels.shape[2]))
    slope, height = np.polyfit(seen[known], ln_stated[known], 1)
    if not slope > 0:
        raise ExposureError(f"{frames[0].name}: the stated exposures contradict the pixels; give all with --exposures FILE.csv")
    return tuple(float(np.exp(height + slope * s)) if one is None else one for s, one in zip(seen, stated, strict=True))


def _light_of_patches(frames: Sequence[Frame], response: ResponseCurve | None) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Logarithm of the mean light of M patches, its variance, and whether it can be used, (M, K, C)."""
    brightness = [float(frame.pixels[::16, ::16].mean()) for frame in frames]
    order = np.argsort(brightness, kind="stable")
    codes = patch_codes([frames[i] for i in order], common_area(frames), _PATCHES, np.random.default_rng(0))
    codes = np.ascontiguousarray(np.moveaxis(codes, 1, 3))  # the axis of pixels is last: sums run over it
    curve = None if response is None else response.for_channels(codes.shape[2]).for_levels(frames[0].levels)
    position = np.argsort(order)
    value, variance, use = _light(codes, curve, frames[0].white, None if frames[0].is_linear else frames[0].levels)
    return value[:, position], variance[:, position], use[:, position]


def _light(
    codes: NDArray[Any], curve: ResponseCurve | None, white: float, encoded_levels: int | None
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Logarithm of the mean light of patches from their codes (M, K, C, P), its variance, and whether it can be used."""
    if curve is None:
        light = np.where(np.isfinite(codes), codes, 0.0).astype(np.float64)
        saturation = np.full(codes.shape[2], max(float(light.max(initial=0.0)), 1e-30))
        light = light.mean(axis=3)
        ceiling, step = saturation[0], np.zeros(1)
    else:
        table = curve.linear
        light = np.stack([table[:, c].take(codes[:, :, c]).mean(axis=2) for c in range(codes.shape[2])], axis=-1)
        saturation = table[min(int(white), curve.levels - 1)]
        ceiling = white
        slope = np.gradient(table, axis=0)
        step = np.stack([slope[codes[:, :, c, 0], c] for c in range(codes.shape[2])], axis=-1) / saturation
    share = light / saturation
    use = (share >= _DARKEST) & (codes.max(axis=(2, 3)) <= _BRIGHTEST * ceiling)[..., None] & codes.all(axis=3)
    if encoded_levels is not None:
        use &= codes.mean(axis=3) >= _LOWEST_MEAN * (encoded_levels - 1)
    use &= use.sum(axis=1, keepdims=True) >= 2
    share = np.where(use, share, 1.0)
    noise = (NoiseModel().variance(share) + step**2 / 12) / codes.shape[3]
    return np.log(share), noise / share**2 + _MODEL_ERROR**2, use


def _levels(value: Array, variance: Array, use: NDArray[np.bool_]) -> tuple[Array, Array]:
    """The level of each frame (K,) in ln exposure, up to a constant, and its covariance. Patches that scatter count less."""
    frames = value.shape[1]
    rows = use.any(axis=1)  # a patch in one channel
    value, weight = (one.swapaxes(1, 2)[rows].T.copy() for one in (value, np.where(use, 1 / variance, 0.0)))  # (K, rows)
    weights = weight.sum(axis=0)
    freedom = np.count_nonzero(weight, axis=0) - 1
    trust, level, misfit = np.ones(len(freedom)), np.zeros(frames), 1.0
    for _ in range(_ROUNDS):
        own = weight * trust
        total = own.sum(axis=0)
        normal = np.diag(own.sum(axis=1)) - own @ (own / total).T
        normal += _RIDGE * (np.trace(normal) + 1) * np.eye(frames)
        centre = (own * value).sum(axis=0) / total
        level = np.linalg.solve(normal, (own * (value - centre)).sum(axis=1))
        rest = value - level[:, None]
        rest -= (weight * rest).sum(axis=0) / weights
        chi = (weight * rest**2).sum(axis=0)
        misfit = float(np.median(chi / freedom)) if chi.size else 1.0
        trust = 1 / (1 + chi / (6 * freedom * max(misfit, 1e-6)))
    centring = np.eye(frames) - 1 / frames
    return level, centring @ np.linalg.inv(normal) @ centring * max(misfit, 1.0)


def steps_of(bracket: str, names: Sequence[str], ln_times: Array, offsets: OffsetSolution, part: slice) -> list[StepCheck]:
    """Every step of one bracket, shortest exposure first, as stated and as the pixels show it."""
    order = np.argsort(ln_times, kind="stable")
    value, known = offsets.value[part], offsets.known[part]
    covariance = offsets.covariance[part, part]
    steps = []
    for i, j in zip(order[:-1], order[1:], strict=True):
        stated, off = float(ln_times[j] - ln_times[i]) / _LN2, float(value[j] - value[i]) / _LN2
        variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
        uncertainty = float(np.sqrt(max(variance, 0.0))) / _LN2
        both = bool(known[i] and known[j])
        steps.append(
            StepCheck(
                bracket=bracket,
                shorter=names[i],
                longer=names[j],
                stated_ev=stated,
                estimated_ev=stated + off if both else None,
                uncertainty_ev=uncertainty if both else None,
                contradicts=both and abs(off) > _TOLERANCE_EV + 2 * uncertainty,
            )
        )
    return steps


def estimates_of(
    names: Sequence[str], stated: Sequence[float | None], ln_times: Array, offsets: OffsetSolution, part: slice
) -> list[ExposureEstimate]:
    """The exposure of every frame of one bracket, as stated and as estimated. Without an estimate the stated one is repeated."""
    value = np.where(offsets.known[part], offsets.value[part], 0.0)
    error = np.sqrt(np.maximum(np.diag(offsets.covariance)[part], 0.0)) / _LN2
    return [
        ExposureEstimate(
            frame=name,
            stated=one,
            estimated=float(np.exp(ln_times[k] + value[k])),
            uncertainty_ev=float(error[k]) if offsets.known[part][k] else None,
        )
        for k, (name, one) in enumerate(zip(names, stated, strict=True))
    ]
