import os
import socket
from pathlib import Path

import pytest

from hdrkit.errors import InputError
from hdrkit.formats.suffixes import PHOTOGRAPHS, FileKind, kind_of
from hdrkit.inputs.discover import discover


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(found, root):
    return [path.relative_to(root).as_posix() for path in found.paths]


def test_a_folder_is_walked_in_a_stable_order_and_other_files_are_counted(tmp_path):
    touch(tmp_path, "b.jpg", "a.JPG", "notes.txt", "z/1.dng", "z/a/2.NEF", "c/3.TiF", ".hidden.jpg", ".trash/4.jpg", "c/noname")
    found = discover(tmp_path)
    assert names(found, tmp_path) == ["a.JPG", "b.jpg", "c/3.TiF", "z/1.dng", "z/a/2.NEF"]
    assert set(found.roots) == {tmp_path}
    assert found.ignored == 2


@pytest.mark.parametrize(
    "suffix",
    [
        "jpg",
        "jpeg",
        "png",
        "tif",
        "tiff",
        "webp",
        "jp2",
        "bmp",
        "gif",
        "avif",
        "nef",
        "cr2",
        "cr3",
        "arw",
        "dng",
        "raf",
        "orf",
        "rw2",
        "exr",
        "hdr",
    ],
)
def test_formats_are_known_by_their_suffix_in_any_case(suffix):
    assert kind_of(f".{suffix}") in (*PHOTOGRAPHS, FileKind.RADIANCE)
    assert kind_of(f".{suffix.upper()}") is kind_of(f".{suffix}")


def test_a_list_keeps_its_order_and_a_file_named_is_taken_whatever_its_suffix(tmp_path):
    touch(tmp_path, "b.jpg", "a.jpg", "odd.data", "sub/c.jpg")
    found = discover([tmp_path / "sub", tmp_path / "odd.data", str(tmp_path / "b.jpg"), tmp_path / "a.jpg"])
    assert names(found, tmp_path) == ["sub/c.jpg", "odd.data", "b.jpg", "a.jpg"]
    assert list(found.roots) == [tmp_path / "sub", tmp_path, tmp_path, tmp_path]


def test_a_file_reached_twice_counts_once(tmp_path, monkeypatch):
    touch(tmp_path, "a.jpg", "b.jpg")
    monkeypatch.chdir(tmp_path)
    assert len(discover([tmp_path, tmp_path / "a.jpg", tmp_path]).paths) == 2
    assert len(discover([tmp_path, "a.jpg", "../" + tmp_path.name + "/b.jpg"]).paths) == 2


def test_loops_of_links_end_and_linked_folders_are_entered(tmp_path):
    touch(tmp_path, "in/a.jpg", "elsewhere/b.jpg")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in" / "self")
    (tmp_path / "in" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "more2").symlink_to(tmp_path / "elsewhere")
    assert names(discover(tmp_path / "in"), tmp_path / "in") == ["a.jpg", "more/b.jpg"]


def test_a_dangling_link_to_a_photo_is_not_passed_over_in_silence(tmp_path):
    touch(tmp_path, "a.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "gone.jpg")
    assert names(discover(tmp_path), tmp_path) == ["a.jpg", "b.jpg"]


def test_odd_names_are_found(tmp_path):
    raw = [b"two words.jpg", b"quote'\".jpg", b"line\nbreak.jpg", b"latin\xe9.jpg"]
    for name in raw:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    assert [os.fsencode(path.name) for path in discover(tmp_path).paths] == sorted(raw)


@pytest.mark.parametrize("given", ["gone", "gone.jpg", b"gone\xff\n.jpg"])
def test_a_path_that_does_not_exist_is_named(tmp_path, given):
    with pytest.raises(InputError, match="gone.*no such file or folder") as caught:
        discover([tmp_path, tmp_path / os.fsdecode(given)])
    assert len(str(caught.value).splitlines()) == 1
    str(caught.value).encode()


def test_an_empty_folder_is_named_with_what_was_passed_over(tmp_path):
    touch(tmp_path, "notes.txt", "deep/more.txt")
    with pytest.raises(InputError) as caught:
        discover(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "2 other files ignored" in str(caught.value)
    with pytest.raises(InputError, match="no input"):
        discover([])


def test_sockets_and_pipes_are_left_to_the_reader_which_does_not_wait_for_them(tmp_path):
    from hdrkit.formats.metadata import read_photo

    os.mkfifo(tmp_path / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.png"))
        for path in discover(tmp_path).paths:
            with pytest.raises(InputError, match=path.name):
                read_photo(path)


def test_results_among_photographs_are_no_photographs(tmp_path):
    for name in (
        "a.jpg",
        "b.jpg",
        "out.exr",
        "out_preview.jpg",
        "response.npz",
        "response.png",
        "sub/c_preview.jpg",
        "sub/c.hdr",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = discover(tmp_path)
    assert [path.name for path in found.paths] == ["a.jpg", "b.jpg"]
    assert found.ignored == 6


def test_a_folder_of_radiance_alone_is_input(tmp_path):
    for name in ("a.exr", "b.exr"):
        (tmp_path / name).write_bytes(b"x")
    assert len(discover(tmp_path).paths) == 2
