"""The table of estimators: each name of `Estimator` and its estimator."""

from __future__ import annotations

from typing import assert_never

from hdrkit.errors import InputError
from hdrkit.merging.estimators.debevec import Debevec
from hdrkit.merging.estimators.inverse_variance import InverseVariance
from hdrkit.merging.estimators.poisson import Poisson
from hdrkit.merging.estimators.robertson import Robertson
from hdrkit.merging.estimators.separable import Separable
from hdrkit.merging.options import Estimator, Fusion, MergeOptions


def estimator_of(options: MergeOptions) -> Separable:
    """The estimator that the options name. Raises InputError if they name exposure fusion, which makes no radiance.

    The type check fails if a name has no row here.
    """
    match options.estimator:
        case Estimator.INVERSE_VARIANCE:
            return InverseVariance()
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
