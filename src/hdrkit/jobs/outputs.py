"""File names and file types of results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hdrkit.errors import OutputError
from hdrkit.files.text import listed, show
from hdrkit.formats.suffixes import RESULTS, FileKind, Format, suffixes_of, written_format, written_formats
from hdrkit.inputs.discover import refuse_overwriting
from hdrkit.inputs.options import By
from hdrkit.jobs.names import result_names
from hdrkit.merging.options import MergeOptions, Product
from hdrkit.types import Bracket

_FILE_SUFFIX = re.compile("|".join([r"\.[a-z]{2,5}", *map(re.escape, suffixes_of(*FileKind))]))


def chosen_format(out: Path, options: MergeOptions, suffix: str | None) -> Format:
    """The format of results: the one that `out` names, else the one of `suffix` (such as exr), else the default of the product.

    Raises OutputError for a suffix that no result has.
    """
    usual = "png" if options.product is Product.FUSION else "exr"
    return named_format(out) or result_format(out / f"*.{suffix or usual}")


def result_format(path: Path) -> Format:
    """The format of a result of this name. Raises OutputError for a suffix that no result has."""
    if (found := written_format(path.suffix, *RESULTS)) is None:
        choices = listed([row.suffix for row in written_formats(*RESULTS)])
        raise OutputError(f"{show(path)}: {path.suffix or 'no suffix'} is not a file type for results; choose {choices}")
    return found


def named_format(out: Path) -> Format | None:
    """The format that `out` names; None if `out` is a folder."""
    return None if out.is_dir() else written_format(out.suffix, *RESULTS)


def require_fitting(out: Path, options: MergeOptions, suffix: str | None, half: bool) -> None:
    """Raise OutputError if the requested file type, from `out` or `suffix`, cannot hold the requested result.

    Also raises it for a new `out` with the suffix of a file type that no result has: it would become a folder.
    """
    if not out.exists() and named_format(out) is None and _FILE_SUFFIX.fullmatch(out.suffix.lower()):
        choices = listed([row.suffix for row in written_formats(*RESULTS)])
        raise OutputError(
            f"{show(out)}: {out.suffix} is not a file type for results; choose {choices}, or a folder with another name"
        )
    chosen = chosen_format(out, options, suffix)
    if options.product is Product.FUSION and chosen.kind is FileKind.RADIANCE:
        choices = listed([row.suffix for row in written_formats(FileKind.DISPLAY)])
        raise OutputError(
            f"{show(out)}: {chosen.suffix} holds radiance, and fusion gives a picture for the display; choose {choices}"
        )
    for requested, column, article, what in ((half, "half", "", "half floats"), (options.variance, "variance", "a ", "variance")):
        if requested and not getattr(chosen, column):
            choices = listed([row.suffix for row in written_formats(*RESULTS) if getattr(row, column)])
            raise OutputError(f"{show(out)}: only {choices} holds {article}{what}; choose {choices} or leave {what} out")


def is_display(path: Path) -> bool:
    """Whether the file type is one for the display."""
    return written_format(path.suffix, FileKind.DISPLAY) is not None


def in_one_piece(path: Path) -> bool:
    """Whether the file type is written as a whole, not row by row."""
    return not result_format(path).streams


def output_paths(
    brackets: Sequence[Bracket], out: Path, options: MergeOptions, suffix: str | None, template: str | None = None
) -> list[Path]:
    """The destination of each bracket: `out` itself if it names a file, else one file for each bracket in the folder `out`.

    A `template`, as in `names.FIELDS`, names the files in a folder. Raises OutputError if several brackets would go into one
    file, if the file type does not fit the estimator, or if a photograph would be overwritten.
    """
    require_fitting(out, options, suffix, half=False)
    if named_format(out):
        if len(brackets) > 1:
            raise OutputError(f"{show(out)}: {len(brackets)} brackets do not fit into one file; give a folder")
        paths = [out]
    else:
        ending = f".{suffix}" if suffix else chosen_format(out, options, suffix).suffix
        if template is None:
            names = [f"{bracket.name}{'_hdr' if bracket.kind == By.TIME else ''}" for bracket in brackets]
        elif any(bracket.kind == By.TIME for bracket in brackets):
            raise OutputError(f"{show(out)}: results of brackets by time are named by their time; leave out --name")
        else:
            names = result_names(brackets, template)
        paths = [out / f"{name}{ending}" for name in names]
    refuse_overwriting(paths, (photo.path for bracket in brackets for photo in bracket.photos))
    return paths
