"""Where results go: file names and file types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hdrkit.errors import OutputError
from hdrkit.files.text import show
from hdrkit.inputs.discover import refuse_overwriting
from hdrkit.inputs.options import By
from hdrkit.merging.options import MergeOptions, Product
from hdrkit.types import Bracket

RADIANCE_SUFFIXES = (".exr", ".hdr")
DISPLAY_SUFFIXES = (".jpg", ".png", ".tif")


def chosen_suffix(out: Path, options: MergeOptions, suffix: str | None) -> str:
    """The file type of results, such as .exr: what `out` names, else `suffix`, else the usual one of the product."""
    if named := file_suffix(out) or (f".{suffix}" if suffix else None):
        return named
    return ".png" if options.product is Product.FUSION else ".exr"


def require_fitting(out: Path, options: MergeOptions, suffix: str | None, half: bool) -> None:
    """Raise OutputError where the file type that is asked for, by `out` or `suffix`, cannot hold what is asked for."""
    chosen = chosen_suffix(out, options, suffix)
    if options.product is Product.FUSION and chosen in RADIANCE_SUFFIXES:
        raise OutputError(
            f"{show(out)}: {chosen} does not fit, fusion is for display, not radiance; choose {', '.join(DISPLAY_SUFFIXES)}"
        )
    for wanted, article, what in ((half, "", "half floats"), (options.variance, "a ", "variance")):
        if wanted and chosen != ".exr":
            raise OutputError(f"{show(out)}: only .exr holds {article}{what}; choose .exr or leave {what} out")


def file_suffix(out: Path) -> str | None:
    """The file type that `out` names, None where it is a folder."""
    names = {".tiff": ".tif", ".jpeg": ".jpg", ".pic": ".hdr"}
    suffix = out.suffix.lower()
    return names.get(suffix, suffix) if suffix in (*RADIANCE_SUFFIXES, *DISPLAY_SUFFIXES, *names) and not out.is_dir() else None


def is_display(path: Path) -> bool:
    """Whether the file type is one for the display."""
    return path.suffix.lower() in (*DISPLAY_SUFFIXES, ".jpeg", ".tiff")


def output_paths(brackets: Sequence[Bracket], out: Path, options: MergeOptions, suffix: str | None) -> list[Path]:
    """Where each bracket goes: `out` itself where it names a file, else a file a bracket in the folder `out`.

    Raises OutputError where several brackets would go into one file, the file type does not fit the estimator, or a
    photograph would be overwritten.
    """
    require_fitting(out, options, suffix, half=False)
    if file_suffix(out):
        if len(brackets) > 1:
            raise OutputError(f"{show(out)}: {len(brackets)} brackets do not fit into one file; give a folder")
        paths = [out]
    else:
        chosen = chosen_suffix(out, options, suffix)
        paths = [out / f"{bracket.name}{'_hdr' if bracket.kind == By.TIME else ''}{chosen}" for bracket in brackets]
    refuse_overwriting(paths, (photo.path for bracket in brackets for photo in bracket.photos))
    return paths
