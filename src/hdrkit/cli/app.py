"""The `hdrkit` command: its sub-commands, and errors as one line and an exit code."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import warnings
from typing import Annotated

import typer

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # before OpenCV is loaded: broken files are reported by us
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**40))  # the limit that holds is --max-pixels

from hdrkit import __version__
from hdrkit.cli import calibrate, group, info, keogram, merge, ranges, rank, video, watch
from hdrkit.errors import HdrkitError, HdrkitWarning

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: hdrkit group FOLDER -o OUT, or for one bracket: hdrkit merge FOLDER -o OUT.exr --preview",
)
app.command("group", epilog=group.EXAMPLES)(group.group)
app.command("calibrate", epilog=calibrate.EXAMPLES)(calibrate.calibrate)
app.command("merge", epilog=merge.EXAMPLES)(merge.merge)
app.command("watch", epilog=watch.EXAMPLES)(watch.watch)
app.command("keogram", epilog=keogram.EXAMPLES)(keogram.keogram)
app.command("video", epilog=video.EXAMPLES)(video.video)
app.command("rank", epilog=rank.EXAMPLES)(rank.rank)
app.command("range", epilog=ranges.EXAMPLES)(ranges.show_range)
app.command("info", epilog=info.EXAMPLES)(info.show_info)


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
    from hdrkit.cli.console import trouble

    warnings.showwarning = lambda message, category, *_: (
        trouble(str(message), "warning") if issubclass(category, HdrkitWarning) else None
    )
    warnings.simplefilter("always", HdrkitWarning)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that unfinished files are removed
    try:
        app(joined_ranges(sys.argv[1:] if arguments is None else arguments), prog_name="hdrkit")
    except HdrkitError as error:
        trouble(str(error))
        sys.exit(1)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            trouble("interrupted; nothing is left half written")
        raise
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        trouble(f"this needs {package}, which is not installed; run: pip install {package}")
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # standard output is full, say
        trouble(f"{error.filename or 'standard output'}: {error.strerror or error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def joined_ranges(arguments: list[str]) -> list[str]:
    """`--range MIN MAX` as one value, which is how the parser wants it."""
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
    for at in range(len(arguments)):
        if spelled := re.match(rf"--range[ =]({number}) ({number})( |$)", " ".join(arguments[at : at + 3])):
            low, high, _ = spelled.groups()
            return [*arguments[:at], f"--range={low},{high}", *arguments[at + len(spelled[0].split()) :]]
    return list(arguments)
