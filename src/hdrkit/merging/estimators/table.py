"""The table of estimators: each name of `Estimator` and its estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from hdrkit.errors import InputError
from hdrkit.merging.estimators.debevec import Debevec
from hdrkit.merging.estimators.inverse_variance import InverseVariance
from hdrkit.merging.estimators.poisson import Poisson
from hdrkit.merging.estimators.robertson import Robertson
from hdrkit.merging.estimators.separable import Separable
from hdrkit.merging.options import Estimator, Fusion, MergeOptions

_DEVIATING = 0.02  # relative deviation of frames from their curve that is no more noise


def estimator_of(options: MergeOptions, exposures: Sequence[float] = (), deviation: float = 0.0) -> Separable:
    """The estimator that the options name, for frames of these exposures that deviate so much from their curve.

    Raises InputError if they name exposure fusion, which makes no radiance. The type check fails if a name has no row here.
    """
    match options.estimator:
        case Estimator.INVERSE_VARIANCE:
            return InverseVariance(max(exposures) if deviation > _DEVIATING else None)
        case Estimator.POISSON:
            return Poisson()
        case Estimator.DEBEVEC:
            return Debevec(options.weight)
        case Estimator.ROBERTSON:
            return Robertson()
        case Fusion.MERTENS:
            raise InputError("mertens does not make radiance: choose another estimator, or fuse")
        case unknown:
            assert_never(unknown)
