"""The response curve of a sky camera from brackets of its series, and the range that the series can record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.calibration.options import CalibrationMethod, CalibrationOptions, Sampling
from hdrkit.errors import InputError, chosen
from hdrkit.files.text import show
from hdrkit.formats.curves.files import read_curve, write_curve
from hdrkit.imaging.codes import Weight
from hdrkit.inputs.options import By, ExposureUnit, InputOptions
from hdrkit.merging.range import ln_exposure_range
from hdrkit.pipeline.calibrate import calibrate, stamped
from hdrkit.series.asi.naming import _group_files_by_time, _parse_exposure_from_name, span_of
from hdrkit.series.asi.responses import _save_response_plot, with_npz

_STILL = AlignmentOptions(method=AlignmentMethod.NONE)


def calibrate_camera(
    image_dir: str | Path,
    response_file: str | Path,
    samples_per_image: int = 1000,
    sample_technique: str = "random",
    max_processed_groups: int = 10,
    smoothness: float = 50.0,
    weight_type: str = "triangle",
    low_clip: int = 5,
    high_clip: int = 250,
    seed: int | None = None,
    round_ts_to: str = "30s",
) -> NDArray[np.float32]:
    """The response curve of the camera that took the brackets below `image_dir`: ln exposure, float32 (256, 1, C), RGB.

    The method is Debevec & Malik 1997, with one curve for at most `max_processed_groups` brackets that are spread evenly over the
    series. From each bracket it takes `samples_per_image` pixels, chosen by `sample_technique` (`random`, `histogram`). Codes
    within `low_clip`..`high_clip` count, with the weight `weight_type` (`triangle`, `sine`). `smoothness` 50 is the default of
    hdrkit; its square counts. The exposure of a file is the number at the end of its name; only ratios matter. The same `seed`
    gives the same curve (None is 0). The curve, (256, C), and its metadata are written to `response_file`, with a plot beside
    it. Raises InputError or CalibrationError if no curve can be learned.
    """
    weight, sampling = chosen(Weight, weight_type, "weight"), chosen(Sampling, sample_technique, "sample technique")
    options = CalibrationOptions(
        method=CalibrationMethod.DEBEVEC,
        weight=weight,
        sampling=sampling,
        samples=samples_per_image,
        seed=seed or 0,
        clip=(float(low_clip), float(high_clip)),
        smoothness=CalibrationOptions().smoothness * (smoothness / 50) ** 2,
    )
    source = InputOptions(
        by=By.TIME, round_to=span_of(round_ts_to), exposure_unit=ExposureUnit.SECONDS, max_groups=max_processed_groups
    )
    result = calibrate(Path(image_dir), options, _STILL, source)
    asked = {"smoothness": smoothness, "max_processed_groups": max_processed_groups, "seed": seed}
    curve = stamped(replace(result.response, metadata=result.response.metadata | asked), [image_dir])
    path = write_curve(curve, with_npz(response_file))
    _save_response_plot(curve.ln_exposure, path.with_suffix(".png"))
    return curve.ln_exposure.astype(np.float32)[:, None, :]


def get_lne_range(image_dir: str | Path, response_file: str | Path, round_ts_to: str = "30s") -> tuple[float, float]:
    """The lowest and the highest ln radiance that the exposures below `image_dir` can record with a response curve.

    Exposures are the numbers at the end of the names of timestamped files. All of them count, so `round_ts_to` changes nothing.
    Raises InputError if there are none.
    """
    names = [path.name for _, group in _group_files_by_time(image_dir, round_ts_to) for path in group["filepath"]]
    exposures = {exposure for name in names if (exposure := _parse_exposure_from_name(name))}
    if not exposures:
        raise InputError(f"{show(image_dir)}: no file is named YYYYmmddHHMMSS_<EXPO>, so no exposure is known")
    return ln_exposure_range(read_curve(response_file), sorted(exposures))
