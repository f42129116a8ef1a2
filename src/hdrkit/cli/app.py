"""The `hdrkit` command: its sub-commands, and errors as one line and an exit code."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import warnings
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # before OpenCV is loaded: broken files are reported by us
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**40))  # the limit that holds is --max-pixels

from hdrkit import __version__
from hdrkit.errors import HdrkitError, HdrkitWarning

_COMMANDS = {  # name -> module and function in it, and what the list of commands says
    "group": (
        "group.group",
        "Find which photographs belong together, whatever their exposure: views, and the exposure brackets of each.",
    ),
    "calibrate": ("calibrate.calibrate", "Learn how a camera maps light to pixel values, from brackets of one view each."),
    "merge": ("merge.merge", "Align exposure brackets and merge them into scene-referred radiance."),
    "watch": (
        "watch.watch",
        "Merge timestamped brackets as they complete, until SIGTERM or Ctrl-C, whatever happens to disks and files meanwhile.",
    ),
    "keogram": (
        "keogram.keogram",
        "Set the line through the middle of every picture side by side, along the hours, all at one exposure.",
    ),
    "video": ("video.video", "Show a series as a film at one exposure, every time the same while long."),
    "rank": ("rank.rank", "Find series of like photographs, rank each by sharpness, and write stars for darktable or Lightroom."),
    "range": (
        "ranges.show_range",
        "Tell the range of ln radiance that all these brackets can record, for `hdrkit merge --range MIN MAX`.",
    ),
    "info": (
        "info.show_info",
        "Tell what files hold: exposure and camera of a photo, coverage of a response curve, range and origin of radiance.",
    ),
}
_LOOKS: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "rich",
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class Commands(TyperGroup):
    """The commands, each imported when it is run or asked for its help: a list of them needs none."""

    _listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; while they are listed, one that only tells its name and its summary."""
        known = super().get_command(ctx, cmd_name)
        if known is None or self._listing:
            return known
        module_name, _, function = _COMMANDS[cmd_name][0].partition(".")
        module = import_module(f"hdrkit.cli.{module_name}")
        alone = typer.Typer(add_completion=False, **_LOOKS)
        alone.command(cmd_name, epilog=module.EXAMPLES)(getattr(module, function))
        return typer.main.get_command(alone)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help page."""
        self._listing = True
        super().format_help(ctx, formatter)
        self._listing = False


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    epilog="Start with: hdrkit group FOLDER -o OUT, or for one bracket: hdrkit merge FOLDER -o OUT.exr --preview",
    **_LOOKS,
)
for _name, (_, _summary) in _COMMANDS.items():
    app.command(_name, help=_summary)(lambda: None)

_INTERRUPTED = 130  # how the parser ends at Ctrl-C


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"hdrkit {__version__}\n")
        raise typer.Exit


@app.callback()
def hdrkit(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: ARG001
) -> None:
    """Turn a folder of photographs into radiance: find exposure brackets, learn the camera's response, align and merge."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Exit codes: 0 all done, 1 something failed or was left out, 2 wrong usage."""
    warnings.showwarning = lambda message, category, *_: (
        _trouble(str(message), "warning") if issubclass(category, HdrkitWarning) else None
    )
    warnings.simplefilter("always", HdrkitWarning)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that unfinished files are removed
    try:
        app(joined_ranges(sys.argv[1:] if arguments is None else arguments), prog_name="hdrkit")
    except HdrkitError as error:
        _trouble(str(error))
        sys.exit(1)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            _trouble("interrupted; nothing is left half written")
        raise
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        _trouble(f"this needs {package}, which is not installed; run: pip install {package}")
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # standard output is full, say
        _trouble(f"{error.filename or 'standard output'}: {error.strerror or error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _trouble(message: str, kind: str = "error") -> None:
    from hdrkit.cli.console import trouble  # rich: only where there is something to tell

    trouble(message, kind)


def joined_ranges(arguments: list[str]) -> list[str]:
    """`--range MIN MAX` as one value, which is how the parser wants it."""
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
    for at in range(len(arguments)):
        if spelled := re.match(rf"--range[ =]({number}) ({number})( |$)", " ".join(arguments[at : at + 3])):
            low, high, _ = spelled.groups()
            return [*arguments[:at], f"--range={low},{high}", *arguments[at + len(spelled[0].split()) :]]
    return list(arguments)
