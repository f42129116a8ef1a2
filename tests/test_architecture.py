import importlib
import inspect
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import hdrkit

HEAVY = {"torch", "kornia", "numba", "matplotlib", "pandas", "rawpy", "sklearn", "hdbscan", "faiss", "transformers"}


def loaded_by(*command):
    """The packages that a fresh interpreter has loaded at the end of a command."""
    done = subprocess.run([sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=True)
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_importing_hdrkit_loads_nothing_heavy():
    loaded = loaded_by("-c", "import hdrkit")
    assert "hdrkit" in loaded
    assert not loaded & (HEAVY | {"cv2", "numpy", "scipy", "PIL", "typer"})


COMMANDS = ("group", "calibrate", "merge", "watch", "keogram", "video", "rank", "range", "info")


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_nothing_heavy(words):
    loaded = loaded_by("-m", "hdrkit", *words)
    assert "typer" in loaded
    assert not loaded & (HEAVY | {"numpy", "cv2", "scipy", "PIL", "OpenEXR", "yaml"})


@pytest.mark.parametrize("name", hdrkit.__all__)
def test_public_names_are_there_and_documented(name):
    assert inspect.getdoc(getattr(hdrkit, name))
    assert name in dir(hdrkit)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = hdrkit.nothing_of_this_name


def test_every_module_says_what_it_is_for():
    root = Path(str(files("hdrkit")))
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] == "__main__":
            continue
        module = importlib.import_module(".".join(["hdrkit", *(part for part in parts if part != "__init__")]))
        assert module.__doc__, path


def test_types_are_shipped():
    assert (files("hdrkit") / "py.typed").is_file()


def test_the_version_is_the_one_of_the_package():
    from importlib.metadata import version

    assert version("hdrkit") == hdrkit.__version__


def test_errors_and_warnings_are_one_tree():
    from hdrkit import errors

    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
    assert len(kinds) >= 7
    assert all(issubclass(kind, (errors.HdrkitError, errors.HdrkitWarning)) for kind in kinds)
