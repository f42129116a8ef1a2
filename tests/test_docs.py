"""The README is executed, and every command and option is explained."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from hdrkit.cli.app import app
from hdrkit.cli.sections import sections
from hdrkit.files.configuration import read_settings
from hdrkit.grouping.options import ClusteringOptions, Linkage

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "samples").symlink_to(ROOT / "samples")
    return folder


def test_the_readme_opens_with_make() -> None:
    assert blocks("sh")[0].splitlines()[0].startswith("make demo")
    assert blocks("sh")[0].splitlines()[1].startswith("make test")


def test_readme_commands_run(folder: Path) -> None:
    commands = [c for block in blocks("sh") for c in block.replace("\\\n", " ").splitlines() if c.startswith("hdrkit")]
    assert len(commands) >= 6
    for command in commands:
        words = [sys.executable, "-m", "hdrkit", *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    wrote = {path.name for path in (folder / "out").rglob("*") if path.is_file()}
    assert {"groups.csv", "report.html", "response.npz", "response.png"} <= wrote
    assert {"living_room.exr", "living_room_preview.jpg", "dining_room.jpg"} <= wrote
    assert len(list((folder / "out" / "sky").glob("*.exr"))) == 6
    assert len(list((folder / "out" / "rooms").glob("*.exr"))) == 3


def test_readme_python_runs(folder: Path) -> None:
    printed = ""
    for block in blocks("python"):
        done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        printed += done.stdout
    assert "pixels were clipped in every frame" in printed
    assert "Found 3 valid HDR clusters, see out/groups" in printed


def test_the_settings_in_the_readme_are_accepted(tmp_path: Path) -> None:
    for text in blocks("toml"):
        (tmp_path / "settings.toml").write_text(text)
        assert read_settings(tmp_path / "settings.toml", sections())[ClusteringOptions]["method"] is Linkage.HDBSCAN


def test_every_option_has_help_and_every_command_is_in_the_readme() -> None:
    group = typer.main.get_command(app)
    for name, listed in group.commands.items():  # type: ignore[attr-defined]
        command = group.get_command(None, name)  # type: ignore[attr-defined]
        assert command.help.split("\n")[0] == listed.help
        assert f"hdrkit {name}" in README
        assert command.help
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize(
    ("command", "extra"),
    [("video", "hdrkit[video]"), ("merge", "hdrkit[dask]"), ("watch", "hdrkit[dask]"), ("map", "hdrkit[dask]")],
)
def test_help_names_the_extra_that_a_command_needs(command: str, extra: str) -> None:
    words = [sys.executable, "-m", "hdrkit", command, "--help"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "250"}).stdout
    assert f"pip install '{extra}'" in " ".join(shown.split())


def test_nothing_in_the_repository_names_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    absolute = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/\w")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ""} and path.is_file() and path.name != "test_docs.py":
            assert not absolute.search(path.read_text(encoding="utf-8")), name
