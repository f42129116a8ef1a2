"""What docs/operators.md tells operators to install is tried: the unit, the scripts, and every command line of ours in them."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from hdrkit.cli.app import app, joined_ranges
from hdrkit.series.watch.heartbeat import Heartbeat

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "operators.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def commands():
    """Every command line of hdrkit in the page: in the unit, in scripts, in YAML."""
    (unit,) = blocks("ini")
    lines = re.findall(r"^ExecStart=.*?/(hdrkit .*)$", unit, re.MULTILINE)
    lines += [line for language in ("sh", "bash") for block in blocks(language) for line in block.splitlines()]
    lines += [match.replace(",", " ") for block in blocks("yaml") for match in re.findall(r"\[(hdrkit,.*?)\]", block, re.DOTALL)]
    lines = [line.replace("$address", "tcp://node7:8786") for line in lines]
    return [shlex.split(line.split(" > ")[0]) for line in lines if line.startswith("hdrkit ")]


def test_every_command_line_is_understood():
    words = commands()
    assert {line[1] for line in words} == {"watch", "calibrate", "range", "keogram", "video", "merge"}
    assert sum("--scheduler" in line for line in words) == 2
    group = typer.main.get_command(app)
    for line in words:
        name, *rest = joined_ranges(line[1:])
        command = group.get_command(None, name)
        context = command.make_context(name, rest)  # refuses what is no option or value
        assert not context.args, line


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_accepts_the_unit(tmp_path):
    (unit,) = blocks("ini")
    program = tmp_path / "hdrkit"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = tmp_path / "hdrkit-test.service"
    path.write_text(unit.replace("/opt/hdrkit/bin/hdrkit", str(program)))
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "hdrkit-test.service" in line]
    assert done.returncode == 0
    path.write_text(path.read_text().replace("KillMode=mixed", "KillMode=gently"))  # and it does look
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
    assert "hdrkit-test.service" in done.stderr


def test_the_unit_ends_the_watch_before_its_workers():
    (unit,) = blocks("ini")
    settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line)
    assert settings["KillMode"] == "mixed"
    assert settings["Restart"] == "on-failure"
    assert settings["ReadWritePaths"] in settings["ExecStart"]
    assert settings["ExecStart"].split("--heartbeat ")[1].startswith("/run/" + settings["RuntimeDirectory"])


@pytest.mark.parametrize("language", ["sh", "bash"])
def test_scripts_are_shell(language):
    for block in blocks(language):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_manifests_are_yaml():
    yaml = pytest.importorskip("yaml")
    kinds = [part["kind"] for block in blocks("yaml") for part in yaml.safe_load_all(block)]
    assert kinds == ["Service", "Deployment", "Deployment", "Job"]


def test_the_check_tells_a_live_watch_from_a_dead_one(tmp_path):
    (check,) = [block for block in blocks("sh") if block.startswith("test -n")]
    beat = tmp_path / "heartbeat.json"
    check = check.replace("/run/hdrkit/heartbeat.json", str(beat))

    def well():
        return subprocess.run(["sh", "-c", check], capture_output=True, check=False).returncode == 0

    assert not well()
    heartbeat = Heartbeat(beat)
    heartbeat.beat()
    assert well()
    heartbeat.state = "blocked"
    heartbeat.beat(at_once=True)
    assert not well()


def test_every_key_of_the_heartbeat_is_explained(tmp_path):
    Heartbeat(tmp_path / "beat.json").beat()
    for key in json.loads((tmp_path / "beat.json").read_text()):
        assert f"`{key}`" in TEXT
