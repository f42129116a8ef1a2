import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
import typer.main

import hdrkit
from hdrkit.cli.app import app

HEAVY = {"torch", "kornia", "numba", "matplotlib", "pandas", "rawpy", "sklearn", "hdbscan", "faiss", "transformers"}


def loaded_by(*command):
    """The packages that a fresh interpreter has loaded at the end of a command."""
    done = subprocess.run([sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=True)
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_importing_hdrkit_loads_nothing_heavy():
    loaded = loaded_by("-c", "import hdrkit")
    assert "hdrkit" in loaded
    assert not loaded & (HEAVY | {"cv2", "numpy", "scipy", "PIL", "typer"})


COMMANDS = sorted(typer.main.get_command(app).commands)


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_nothing_heavy(words):
    loaded = loaded_by("-m", "hdrkit", *words)
    assert "typer" in loaded
    assert not loaded & (HEAVY | {"numpy", "cv2", "scipy", "PIL", "OpenEXR", "yaml"})


def test_merging_a_small_bracket_loads_no_compiler(tmp_path):
    frames = sorted(Path(__file__).parents[1].glob("samples/room/*.JPG"))[:3]
    loaded = loaded_by("-m", "hdrkit", "merge", *frames, "-o", tmp_path / "room.exr", "--preview")
    assert (tmp_path / "room.exr").is_file()
    assert "cv2" in loaded
    assert not loaded & {"numba", "llvmlite", "scipy"}


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


TESTS = Path(__file__).parent
CONTRACT = {
    "_EXPO_RE",
    "_group_files_by_time",
    "_parse_exposure_from_name",
    "_save_response_plot",
}  # of `hdrkit.series`, documented
FEATURES = {
    "cli/series_commands",
    "merging/parts",
    "series/asi/contract",
    "series/asi/documentation",
    "series/asi/truth",
    "series/expectations",
    "series/operators",
    "series/run/scheduler",
    "series/watch/pauses",
    "sidecars/darktable",
    "simulate/simulate",
}
OF_PYTHON = {"_exit", "_replace", "_asdict", "_fields"}


def private(name):
    return name.startswith("_") and not name.startswith("__") and name not in CONTRACT | OF_PYTHON


def private_names(tree):
    """The private names that a test file imports, reads of something other than itself, or names in a string to patch them."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] == "hdrkit":
                yield from (one.name for one in names if private(one.name) or any(map(private, module.split("."))))
            case ast.Import(names=names):
                yield from (
                    one.name for one in names if one.name.startswith("hdrkit.") and any(map(private, one.name.split(".")))
                )
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=attribute) if private(attribute):
                yield attribute
            case ast.Call(args=[_, ast.Constant(value=str(name)), *_]) if "setattr" in ast.unparse(node.func) and private(name):
                yield name
            case ast.Constant(value=str(text)):
                yield from (name for name in re.findall(r"\bhdrkit(?:\.\w+)*\.(_\w+)", text) if private(name))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from hdrkit.files.atomic import _temporary", ["_temporary"]),
        ("monkeypatch.setattr(module, '_LIMIT', 3)", ["_LIMIT"]),
        ("monkeypatch.setattr('hdrkit.jobs.batch._LIMIT', 3)", ["_LIMIT"]),
        ("ledger._rows", ["_rows"]),
        ("self._rows, os._exit(1), api._group_files_by_time(folder), __name__", []),
    ],
)
def test_private_names_are_found(code, found):
    assert list(private_names(ast.parse(code))) == found


def test_no_test_reaches_for_private_names():
    found = {path.relative_to(TESTS): list(private_names(ast.parse(path.read_text("utf-8")))) for path in TESTS.rglob("*.py")}
    own = {Path("test_architecture.py")}  # with the examples above
    assert {path: names for path, names in found.items() if names and path not in own} == {}


def test_each_file_of_tests_mirrors_a_room_or_a_module_of_the_package():
    package = Path(str(files("hdrkit")))
    beside = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if path.parent != TESTS]
    assert len(beside) > 60
    assert [str(path) for path in beside if not (package / path.parent / "__init__.py").is_file()] == []
    modules = [package / path.parent / path.stem.removeprefix("test_") for path in beside]
    features = {
        str(path.parent / path.stem.removeprefix("test_"))
        for path, module in zip(beside, modules, strict=True)
        if not (module.with_suffix(".py").is_file() or module.is_dir())
    }
    assert features == FEATURES, "a test file has the name of a module, or of a feature that several modules make up"


def test_a_class_name_means_one_thing():
    """Private classes may share a name: nobody sees two of them at once."""
    root = Path(str(files("hdrkit")))
    classes = [
        node.name
        for path in root.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert len(classes) > 100
    assert sorted(name for name, count in Counter(classes).items() if count > 1) == []
