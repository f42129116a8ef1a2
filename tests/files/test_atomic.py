import errno
import os
from pathlib import Path

import pytest

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import atomic_write, open_bytes, read_bytes, write_bytes
from hdrkit.files.text import show

ODD_NAMES = [
    b"plain.hdr",
    b"two words.hdr",
    b"quote'\"s.hdr",
    "h\u00f6he \u65e5\u672c.hdr".encode(),
    b"latin\xe9\xff.hdr",
    b"line\nbreak.hdr",
    b"-dash.hdr",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_is_written_read_and_shown_on_one_line(tmp_path, name):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    assert write_bytes(path, b"light") == path
    assert read_bytes(path) == b"light"
    assert len(show(path).splitlines()) == 1
    assert show(path).encode("utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_an_undecodable_byte_is_shown_as_an_escape():
    assert show(os.fsdecode(b"a\xffb")) == "a\\xffb"


def test_the_temporary_file_lies_beside_the_target_hidden_and_with_its_suffix(tmp_path):
    target = tmp_path / "new folder" / "deeper" / "picture.exr"
    with atomic_write(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.name.startswith(".")
        assert temporary.suffix == ".exr"
        assert not target.exists()
        temporary.write_bytes(b"1")
    assert target.read_bytes() == b"1"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_writer_that_fails_midway_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "picture.hdr"
    target.write_bytes(b"old")

    def write_half() -> None:
        with atomic_write(target) as temporary:
            temporary.write_bytes(b"half of the ne")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission"), (errno.EIO, "elsewhere")],
)
@pytest.mark.parametrize("call", ["fsync", "open"])
def test_what_the_file_system_refuses_is_one_clear_line(tmp_path, monkeypatch, code, words, call):
    def refuse(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    target = tmp_path / "picture.hdr"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OutputError) as caught:
        write_bytes(target, b"new")
    monkeypatch.undo()
    message = str(caught.value)
    assert str(target) in message
    assert words in message
    assert "\n" not in message
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_that_runs_full_midway_is_reported(tmp_path):
    target = tmp_path / "picture.hdr"
    with pytest.raises(OutputError, match="disk is full"), atomic_write(target):
        Path("/dev/full").write_bytes(b"1")
    assert not list(tmp_path.iterdir())


def test_targets_that_cannot_be_files(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="a file, not a folder"):
        write_bytes(tmp_path / "file" / "picture.hdr", b"1")
    with pytest.raises(OutputError, match="a file, not a folder"):
        write_bytes(tmp_path / "file" / "folder" / "picture.hdr", b"1")
    with pytest.raises(OutputError, match="it is a folder"):
        write_bytes(tmp_path, b"1")
    with pytest.raises(OutputError, match="too long"):
        write_bytes(tmp_path / ("x" * 300), b"1")
    with pytest.raises(OutputError, match="device"):
        write_bytes("/dev/null", b"1")
    assert not Path("/dev/null").is_file()


def test_a_name_of_the_longest_length_can_be_written(tmp_path):
    target = tmp_path / ("x" * 251 + ".hdr")
    assert write_bytes(target, b"1").read_bytes() == b"1"


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "picture.hdr", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "picture.hdr").stat().st_mode & 0o777 == 0o640


def test_a_link_is_written_through(tmp_path):
    real, link = tmp_path / "real.hdr", tmp_path / "link.hdr"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="no such file"):
        read_bytes(tmp_path / "absent")
    with pytest.raises(InputError, match="no such file"):
        read_bytes(tmp_path / "file" / "below")
    with pytest.raises(InputError, match="it is a folder"), open_bytes(tmp_path):
        pass
