"""The response curves of the cameras on a card: those of a folder, those of an earlier run, or newly learned ones.

A learned curve is kept as `response_CAMERA.npz` among the results. A later run uses it again, so that its results have one scale.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from hdrkit.errors import HdrkitError, InputError
from hdrkit.files.text import counted, show
from hdrkit.formats.curves.files import read_curve, write_curve
from hdrkit.formats.suffixes import FileKind, suffixes_of
from hdrkit.inputs.options import By
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.outputs import named_format
from hdrkit.jobs.request import MergeRequest
from hdrkit.merging.options import Product
from hdrkit.pipeline.cameras import CameraKind, best_brackets, by_camera, kind_of, learned
from hdrkit.types import Bracket, Encoding, Progress, ResponseCurve

_ORIGIN = "learned_from"  # key of the metadata of a curve


@dataclass(frozen=True)
class CardCurves:
    """The curve of each camera with its name in reports, and a line on each camera whose curve was learned.

    `learned` says that the curves were not chosen by the user: a bracket that contradicts one is calibrated by itself.
    """

    curves: Mapping[CameraKind, tuple[ResponseCurve, str]] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    learned: bool = False

    def of(self, bracket: Bracket) -> ResponseCurve | None:
        """The curve of the camera of a bracket; None if there is none."""
        kind = kind_of(bracket)
        return self.curves[kind][0] if kind and kind in self.curves else None

    def applied(self, jobs: Sequence[MergeJob]) -> list[MergeJob]:
        """The jobs, each with the curve of its camera if there is one."""
        return [self._applied(job) for job in jobs]

    def _applied(self, job: MergeJob) -> MergeJob:
        kind = kind_of(job.bracket)
        if kind is None or kind not in self.curves:
            return job
        curve, name = self.curves[kind]
        return replace(job, response=curve, response_name=name, response_is_learned=self.learned)


def card_curves(brackets: Iterable[Bracket], request: MergeRequest, progress: Progress | None = None) -> CardCurves:
    """The curves of the folder that the request names, or else one learned for each camera with several of these brackets.

    There are none if the request names the file of a curve, if it fuses, and if it makes one file. Raises InputError for a folder
    without curves.
    """
    if request.merging.product is Product.FUSION or (request.response is None and named_format(request.output)):
        return CardCurves()
    if isinstance(request.response, Path) and request.response.is_dir():
        return CardCurves(_in_folder(request.response))
    if request.response is not None:
        return CardCurves()
    curves: dict[CameraKind, tuple[ResponseCurve, str]] = {}
    lines = []
    for kind, its in by_camera(bracket for bracket in brackets if kind_of(bracket)).items():
        of_one_camera = kind.camera or all(bracket.kind == By.TIME for bracket in its)  # a series shows one camera, named or not
        if of_one_camera and kind.needs_curve and len(its) > 1:
            of_kind = partial(_told, progress, f"learning the response curve of {kind}") if progress else None
            found, line = _kept_or_learned(kind, its, request, of_kind)
            curves |= {kind: found} if found else {}
            lines.append(line)
    return CardCurves(curves, tuple(lines), learned=True)


def kept_curves(folder: Path) -> CardCurves:
    """The curves that earlier runs learned and kept among their results."""
    curves = {}
    for path in sorted(folder.glob("response_*.npz")):
        with suppress(InputError):
            curve = read_curve(path)
            if _ORIGIN in curve.metadata:
                curves[_described(curve)] = curve, _name(path, curve)
    return CardCurves(curves, learned=True)


def _described(curve: ResponseCurve) -> CameraKind:
    return CameraKind(curve.camera, Encoding.ENCODED8 if curve.levels <= 256 else Encoding.ENCODED16)


def _told(progress: Progress, what: str, _stage: str, done: int, total: int) -> None:
    progress(what, done, total)


def _in_folder(folder: Path) -> dict[CameraKind, tuple[ResponseCurve, str]]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes_of(FileKind.CURVE))
    if not files:
        raise InputError(f"{show(folder)}: no response curve in this folder; make some with hdrkit calibrate -o {show(folder)}")
    curves = {}
    for path in files:
        curve = read_curve(path)
        if not curve.camera:
            raise InputError(f"{show(path)}: this curve names no camera; give --response the file itself")
        curves[_described(curve)] = curve, path.name
    return curves


def _kept_or_learned(
    kind: CameraKind, brackets: Sequence[Bracket], request: MergeRequest, progress: Progress | None
) -> tuple[tuple[ResponseCurve, str] | None, str]:
    """The curve of an earlier run that still holds, else a new one; and a line that says which."""
    path = request.output / f"response_{kind.file_stem}.npz"
    origin = _origin(best_brackets(brackets), request)
    if (kept := _kept(path, brackets, origin)) is not None:
        return (kept, _name(path, kept)), f"{kind}: response curve {show(path)} of an earlier run"
    result = learned(brackets, request.alignment, request.inputs, progress)
    if result is None:
        return None, f"{kind}: its brackets give no curve that can be trusted; each is calibrated by itself"
    curve = replace(result.response, metadata=result.response.metadata | {_ORIGIN: origin})
    write_curve(curve, path)
    kept = read_curve(path)  # as the next run reads it, to the last bit
    several = counted(len(result.report.brackets), "bracket")
    return (kept, _name(path, kept)), f"{kind}: response curve learned from {several}, kept as {show(path)}"


def _name(path: Path, curve: ResponseCurve) -> str:
    return f"{path.name} (learned from {counted(curve.metadata[_ORIGIN]['brackets'], 'bracket')} of this camera)"


def _origin(brackets: Sequence[Bracket], request: MergeRequest) -> dict[str, Any]:
    """What decides a learned curve: the version, the options and the frames, as JSON holds them."""
    return {
        "version": importlib.metadata.version("hdrkit"),
        "options": [request.alignment.method.value, request.inputs.estimate_exposures, request.inputs.min_frames],
        "brackets": len(brackets),
        "frames": _frames(brackets),
    }


def _frames(brackets: Sequence[Bracket]) -> dict[str, list[Any]]:
    frames = {}
    for photo in (photo for bracket in brackets for photo in bracket.photos):
        status = photo.path.stat()
        exposure = photo.exposure.relative if photo.exposure else None
        frames[show(photo.path.absolute())] = [status.st_size, status.st_mtime_ns, exposure]
    return frames


def _kept(path: Path, brackets: Sequence[Bracket], origin: Mapping[str, Any]) -> ResponseCurve | None:
    """The curve of an earlier run, unless its options differ or one of its frames has changed. Frames may be gone."""
    if not path.is_file():
        return None
    try:
        curve = read_curve(path)
        before = curve.metadata[_ORIGIN]
        if any(before[key] != origin[key] for key in ("version", "options")):
            return None
        now = _frames(brackets)
        return curve if all(now.get(name, frame) == frame for name, frame in before["frames"].items()) else None
    except (HdrkitError, KeyError, TypeError, AttributeError):
        return None
