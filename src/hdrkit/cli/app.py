"""The `hdrkit` command: the list of sub-commands. An error becomes one line and an exit code."""

from __future__ import annotations

import os
import re
import sys
import warnings
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # before OpenCV is loaded: hdrkit reports broken files itself
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**40))  # --max-pixels is the limit that applies
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded: small systems, at which threads only wait

from hdrkit import __version__
from hdrkit.cli import stopped
from hdrkit.errors import HdrkitError, HdrkitWarning, NothingUsableError
from hdrkit.jobs.stopping import CODES, stoppable

_COMMANDS = {  # name -> module and its function, and the line in the list of commands
    "group": (
        "group.group",
        "Find which photographs show the same view, at any exposure, and which of them form exposure brackets.",
    ),
    "calibrate": ("calibrate.calibrate", "Learn how a camera maps light to pixel values, from exposure brackets."),
    "merge": ("merge.merge", "Align exposure brackets and merge them into scene-referred radiance."),
    "watch": (
        "watch.watch",
        "Watch a folder and merge each timestamped bracket as soon as it is complete, until SIGTERM or Ctrl-C.",
    ),
    "keogram": (
        "keogram.keogram",
        "Draw a keogram of a series: one line of pixels from each picture, side by side over time, at one exposure.",
    ),
    "video": ("video.video", "Make a film of a series at one exposure. Each frame is shown for the same time."),
    "rank": (
        "rank.rank",
        "Find series of similar photographs, rank each by sharpness, and write stars for darktable or Lightroom.",
    ),
    "faces": (
        "faces.faces",
        "Find the faces in photographs, and join them into persons. Persons of earlier runs are recognised, and keep their "
        "numbers.",
    ),
    "score": (
        "score.score",
        "Score photographs by the eyes, the smile and the focus of the persons who matter, best first.",
    ),
    "map": (
        "map.map_pictures",
        "Find which pictures show the same, and see them all in three dimensions, each near those that are like it.",
    ),
    "models": (
        "models.models",
        "List the models that hdrkit can use, with licence, size and state, and fetch those that you name.",
    ),
    "range": (
        "ranges.show_range",
        "Print the range of ln radiance that all these brackets can record, for `hdrkit merge --range MIN MAX`.",
    ),
    "info": (
        "info.show_info",
        "Print what files hold: photographs (exposure, camera), response curves (coverage), radiance (range, origin).",
    ),
}
_INSTALLED_AS = {"umap": "umap-learn", "sklearn": "scikit-learn", "faiss": "faiss-cpu"}  # where a package has two names
_LOOKS: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "rich",
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class Commands(TyperGroup):
    """The commands. Each is imported when it runs or when its help is asked for; the list of commands imports none."""

    _listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name. While the commands are listed, it is a stand-in with the name and the summary."""
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


def _version(requested: bool) -> None:
    if requested:
        sys.stdout.write(f"hdrkit {__version__}\n")
        raise typer.Exit


@app.callback()
def hdrkit(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: ARG001
) -> None:
    """Turn a folder of photographs into radiance: find exposure brackets, learn the response curve, align and merge."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Exit codes: 0 everything is done; 1 something failed or was left out; 2 wrong usage."""
    warnings.showwarning = lambda message, category, *_: (
        _trouble(str(message), "warning") if issubclass(category, HdrkitWarning) else None
    )
    warnings.simplefilter("always", HdrkitWarning)
    stopped.forget()
    try:
        with stoppable(lambda _: _trouble(stopped.line())):
            app(joined_ranges(sys.argv[1:] if arguments is None else arguments), prog_name="hdrkit")
    except HdrkitError as error:
        _trouble(str(error))
        if "--json" in (sys.argv[1:] if arguments is None else arguments):
            from hdrkit.cli.console import print_json

            failures = error.failures if isinstance(error, NothingUsableError) else ()
            print_json({"error": str(error), "failures": failures})  # a script reads JSON, whatever happened
        sys.exit(1)
    except SystemExit as end:
        if end.code in CODES.values():
            _trouble(stopped.line())
        raise
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        _trouble(f"this needs {package}, which is not installed; run: pip install {_INSTALLED_AS.get(package, package)}")
        sys.exit(1)
    except BrokenPipeError:  # the program that reads the output has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # for example, standard output is full
        _trouble(f"{error.filename or 'standard output'}: {error.strerror or error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _trouble(message: str, kind: str = "error") -> None:
    from hdrkit.cli.console import trouble  # loads rich, which only messages need

    trouble(message, kind)


def joined_ranges(arguments: list[str]) -> list[str]:
    """The arguments with `--range MIN MAX` as one value, `--range=MIN,MAX`, as the parser requires it."""
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:[eE][vV])?"
    for at in range(len(arguments)):
        if match := re.match(rf"--range[ =]({number}) ({number})( |$)", " ".join(arguments[at : at + 3])):
            low, high, _ = match.groups()
            return [*arguments[:at], f"--range={low},{high}", *arguments[at + len(match[0].split()) :]]
    return list(arguments)
