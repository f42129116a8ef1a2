"""Merges brackets of a series to HDR files, from arrays, from pandas objects or from directories."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.errors import HdrkitError, InputError, OutputError, chosen
from hdrkit.files.text import listed, show
from hdrkit.formats.curves.files import write_curve
from hdrkit.formats.display import most_bits, write_display
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.radiance import write_radiance
from hdrkit.formats.suffixes import RESULTS, FileKind, written_formats
from hdrkit.imaging.codes import Weight
from hdrkit.inputs.brackets import spread_brackets
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.options import By, ExposureUnit, InputOptions
from hdrkit.inputs.timestamps import written
from hdrkit.jobs.job import MergeJob, run_job
from hdrkit.jobs.outputs import result_format
from hdrkit.jobs.request import MergeRequest
from hdrkit.merging.options import CHOICES, Estimator, MergeOptions, Product
from hdrkit.pipeline.calibrate import calibrate, stamped
from hdrkit.pipeline.merge import merge
from hdrkit.series.asi.naming import span_of
from hdrkit.series.asi.responses import as_columns
from hdrkit.series.run.merge import merge_series
from hdrkit.tonemapping.options import Operator, RenderOptions
from hdrkit.tonemapping.render import render
from hdrkit.types import Bracket, Encoding, Exposure, Frame, Photo, ResponseCurve, Stack

logger = logging.getLogger(__name__)

RESPONSE_NAME = "response_curve.npz"
_GROUPS = 10  # brackets from which a response curve is learned if none is given


@dataclass(frozen=True)
class MergeChoices:
    """The further arguments of the functions below.

    `algorithm` is an estimator of `hdrkit merge` (inverse-variance, poisson, debevec, robertson), or mertens, which fuses for the
    display, or `debevec_custom`, which is `debevec` and requires a `response`. `lnE_range` is the range of ln radiance that
    pictures for the display show, rendered by the `operator`. Codes below `low_clip` and above `high_clip` are not
    used. `align` and `deghost` are as in `hdrkit merge`. Raises InputError for unknown values.
    """

    algorithm: str = Estimator.INVERSE_VARIANCE.value
    response: NDArray[Any] | None = None
    lnE_range: tuple[float, float] | None = None  # noqa: N815
    low_clip: float = MergeOptions().clip[0]
    high_clip: float = MergeOptions().clip[1]
    weight_type: str = "triangle"
    operator: str = Operator.LOCAL.value
    align: str = "none"
    deghost: str = "off"

    def __post_init__(self) -> None:
        if self.algorithm not in (*CHOICES, "debevec_custom"):
            raise InputError(f"no algorithm {self.algorithm!r}; choose {', '.join(CHOICES)} or debevec_custom")
        chosen(Weight, self.weight_type, "weight")

    @property
    def merge(self) -> MergeOptions:
        """The options of hdrkit's merge."""
        name = "debevec" if self.algorithm == "debevec_custom" else self.algorithm
        clip = float(self.low_clip), float(self.high_clip)
        return MergeOptions(estimator=name, weight=Weight(self.weight_type), clip=clip, deghost=self.deghost)  # type: ignore[arg-type]

    @property
    def alignment(self) -> AlignmentOptions:
        """The options of hdrkit's alignment."""
        return AlignmentOptions(method=chosen(AlignmentMethod, self.align, "alignment method"))

    @property
    def curve(self) -> ResponseCurve | None:
        """The response curve that was given as an array; None without one."""
        if self.response is None:
            if self.algorithm == "debevec_custom":
                raise InputError("debevec_custom needs a response; give one, or take the algorithm debevec")
            return None
        return ResponseCurve(as_columns(self.response, "the response").astype(np.float64)).anchored()

    @property
    def rendering(self) -> RenderOptions:
        """How pictures for the display are rendered."""
        return RenderOptions(Operator(self.operator), self.lnE_range)


def create_and_save_hdr(
    img_series: Sequence[NDArray[Any]], exposure_times: Sequence[float], output_path: str | Path, **kwargs_merging: Any
) -> Path:
    """Merge pictures of one view. The suffix decides the file: `.exr`, `.hdr` radiance, `.png`, `.tif` 16 bit, `.jpg` 8 bit.

    `img_series` holds RGB (H, W, 3) or gray (H, W) arrays of uint8 or uint16 codes or linear float32, in any order.
    `exposure_times` holds their times, in any unit that is the same for all. Further arguments are those of `MergeChoices`.
    Without a `response` the curve is learned from the pictures. Missing folders are created. Returns the path. Raises a subclass
    of HdrkitError, or TypeError for an unknown argument.
    """
    output = Path(output_path)
    written_as = result_format(output)
    if len(img_series) != len(exposure_times):
        raise InputError(f"{len(img_series)} pictures with {len(exposure_times)} exposure times; give one for each")
    choices = MergeChoices(**kwargs_merging)
    pairs = sorted(enumerate(zip(img_series, exposure_times, strict=True)), key=lambda pair: float(pair[1][1]))
    frames = [_frame(np.asarray(pixels), float(time), number) for number, (pixels, time) in pairs]
    bracket = Bracket(output.stem, tuple(frame.photo for frame in frames if frame.photo), reference=len(frames) // 2)
    result = merge(Stack(bracket, tuple(frames)), choices.curve, choices.merge, choices.alignment)
    for line in result.report.warnings:
        logger.warning("%s: %s", show(output), line)
    if result.radiance is None:
        return write_display(np.asarray(result.fused), output, most_bits(output))
    if written_as.kind is FileKind.RADIANCE:
        return write_radiance(result.radiance, output)
    return write_display(render(result.radiance, choices.rendering), output, most_bits(output))


def _frame(pixels: NDArray[Any], time: float, number: int) -> Frame:
    kinds = {"uint8": (Encoding.ENCODED8, 255.0), "uint16": (Encoding.ENCODED16, 65535.0), "float32": (Encoding.FLOAT, np.inf)}
    if str(pixels.dtype) not in kinds or pixels.ndim not in (2, 3):
        raise InputError(f"picture {number} is {pixels.dtype} {pixels.shape}; give uint8, uint16 or float32 (H, W, 3) or (H, W)")
    encoding, white = kinds[str(pixels.dtype)]
    photo = Photo(Path(f"picture {number}"), pixels.shape[1], pixels.shape[0], encoding, Exposure(time))
    return Frame(np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., None]), photo, white=white)


def process_timestamp(
    timestamp_group: tuple[pd.Timestamp, pd.Series[Any]], root_dir: str | Path, target_dir: str | Path, filetype: str = ".jpg"
) -> Path | None:
    """Merge the pictures of one timestamp, an item of `Series.groupby(level=0)`, into `target_dir`. Returns the path, or None.

    The series has exposure times in the second level of its index and paths relative to `root_dir` as values. The response curve
    is the one that `process_hdr_series` wrote to `target_dir`; without it the curve is learned from the bracket. Failures are
    logged, and the result is None.
    """
    try:
        bracket = _bracket(*timestamp_group, Path(root_dir))
        target = Path(target_dir)
        (job,) = _jobs([bracket], target, MergeChoices(), _kept_response(target), filetype)
    except HdrkitError as error:
        logger.warning("%s", error)
        return None
    outcome = run_job(job)
    for line in (*outcome.failures, *([outcome.error] if outcome.error else [])):
        logger.warning("%s", line)
    return outcome.output


def process_hdr_series(
    asi_files: pd.Series[Any], root_dir: str | Path, target_dir: str | Path, n_workers: int = 0, filetype: str = ".jpg"
) -> pd.Series[Any]:
    """Merge brackets in `n_workers` processes (0: in this process). Returns the written paths by timestamp, None for a failure.

    `asi_files` has timestamps and exposure times as its index, in any order, and paths relative to `root_dir` as values. Results
    are named `<YYYYmmddHHMMSS>_hdr<filetype>`, in the folder below `target_dir` that the first picture has below `root_dir`. All
    brackets share one response curve and one exposure for the display. The curve is read from `target_dir/response_curve.npz`, or
    learned from the series and written there. `series.csv` has a row for each bracket; finished brackets are not merged again.
    """
    root, target = Path(root_dir), Path(target_dir)
    stamps = asi_files.index.get_level_values(0).unique().sort_values()
    brackets: dict[Any, Bracket] = {}
    for stamp, group in asi_files.groupby(level=0):
        try:
            brackets[stamp] = _bracket(cast(pd.Timestamp, stamp), group, root)
        except HdrkitError as error:
            logger.warning("%s", error)
    paths: dict[str, Path] = {}
    if brackets:
        try:
            response = _common_response(list(brackets.values()), target, [root])
            paths = _merged(_jobs(list(brackets.values()), target, MergeChoices(), response, filetype), target, n_workers)
        except HdrkitError as error:
            logger.warning("%s", error)
    found = [paths.get(brackets[stamp].name) if stamp in brackets else None for stamp in stamps]
    return pd.Series(found, index=stamps, name="created_hdr", dtype=object)


def process_directory(
    directory: str | Path,
    save_dir: str | Path,
    round_ts_to: str | None = "30s",
    response_file: str | Path | None = None,
    **kwargs: Any,
) -> None:
    """Merge every bracket below a directory to `<YYYYmmddHHMMSS>_hdr.<ext>` in the same subfolder of `save_dir`.

    Files are named `YYYYmmddHHMMSS_<EXPO>.<ext>`. Files of one folder and camera form a bracket if their times, rounded down to
    `round_ts_to` (None: not rounded), agree. Without a `response_file` one curve is learned and kept, as in
    `process_hdr_series`. Further arguments are those of `MergeChoices`, and `filetype` (`.jpg`). Failures of single brackets are
    logged and written to `series.csv`. Raises HdrkitError if no bracket can be merged at all.
    """
    filetype = kwargs.pop("filetype", ".jpg")
    choices, target = MergeChoices(**kwargs), Path(save_dir)
    source = InputOptions(by=By.TIME, round_to=span_of(round_ts_to), exposure_unit=ExposureUnit.SECONDS)
    found = find_brackets(Path(directory), source)
    for line in (*found.failures, *found.notes):
        logger.warning("%s", line)
    response: ResponseCurve | Path | None = None
    if choices.response is not None:
        response = choices.curve
    elif choices.merge.product is Product.RADIANCE:
        response = Path(response_file) if response_file is not None else _common_response(found.brackets, target, [directory])
    _merged(_jobs(found.brackets, target, choices, response, filetype), target, 0)


def _bracket(stamp: pd.Timestamp, group: pd.Series[Any], root: Path) -> Bracket:
    """The bracket of one timestamp, sorted by exposure, shortest first."""
    photos = []
    for index, relative in group.items():
        time_s = float(cast(Any, index[-1] if isinstance(index, tuple) else index))
        photos.append(read_photo(root / str(relative), override=Exposure(time_s)))
    photos.sort(key=lambda photo: photo.exposure.relative if photo.exposure else 0.0)
    folder = Path(str(group.iloc[0])).parent
    name = str(folder / written(pd.Timestamp(stamp).to_pydatetime()))
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"{show(group.iloc[0])}: leads out of the root folder; give paths relative to it")
    return Bracket(name, tuple(photos), reference=len(photos) // 2, kind=By.TIME.value)


def _common_response(brackets: Sequence[Bracket], target: Path, inputs: Iterable[Path | str]) -> Path:
    """The response curve in the folder of results. If it is missing, it is learned from the series and written there."""
    if kept := _kept_response(target):
        return kept
    still = AlignmentOptions(method=AlignmentMethod.NONE)
    result = calibrate(spread_brackets(brackets, _GROUPS), alignment=still)
    for line in result.report.skipped:
        logger.warning("%s", line)
    return write_curve(stamped(result.response, list(inputs)), target / RESPONSE_NAME)


def _kept_response(target: Path) -> Path | None:
    kept = target / RESPONSE_NAME
    return kept if kept.is_file() else None


def _jobs(
    brackets: Sequence[Bracket], target: Path, choices: MergeChoices, response: ResponseCurve | Path | None, filetype: str
) -> list[MergeJob]:
    if not filetype.startswith("."):
        suffixes = listed([row.suffix for row in written_formats(*RESULTS)])
        raise OutputError(f"filetype {filetype!r} does not begin with a dot; choose {suffixes}")
    result_format(Path(f"*{filetype}"))
    rendering = choices.rendering
    request = MergeRequest(
        target,
        response,
        choices.merge,
        choices.alignment,
        filetype.removeprefix("."),
        rendering=rendering,
        range_of_all=response is not None and rendering.range_ln is None,
    )
    return request.with_range(brackets).jobs(brackets)


def _merged(jobs: Sequence[MergeJob], target: Path, n_workers: int) -> dict[str, Path]:
    """Do the jobs. Returns the paths of the results by the names of their brackets, without failures."""
    done = set()
    for merged in merge_series(jobs, target, max(1, n_workers)):
        if merged.row.error:
            logger.warning("%s: %s", merged.bracket, merged.row.error)
        if merged.row.output:
            done.add(merged.bracket)
    return {job.bracket.name: job.output for job in jobs if show(job.bracket.name) in done}
