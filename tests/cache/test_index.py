import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hdrkit.cache.index import cache_folder, open_cache
from hdrkit.cache.photo_text import photo_from_text, photo_text
from hdrkit.cache.rows import SEGMENT_BYTES
from hdrkit.types import Encoding, Exposure, ExposureSource, Photo

RECORD = np.dtype([("luminance", np.uint8, (16, 16)), ("signature", np.float16, (24,)), ("support", np.float32)])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "v1"


def digest(k):
    return k.to_bytes(16, "big")


def fields(numbers):
    """The rows of numbered photographs, each different from all others."""
    rng = [np.random.default_rng(k) for k in numbers]
    return {
        "luminance": np.array([r.integers(0, 256, (16, 16)) for r in rng]).reshape(-1, 16, 16),
        "signature": np.array([r.normal(size=24) for r in rng]).reshape(-1, 24),
        "support": np.array([r.uniform() for r in rng]),
    }


def assert_holds(rows, numbers):
    located = rows.locate([digest(k) for k in numbers])
    expected = fields(numbers)
    for name in RECORD.names:
        assert (rows.take(name, located) == expected[name].astype(RECORD[name].base)).all()


def fill(numbers, version="a"):
    with open_cache() as cache:
        cache.rows(version, RECORD).add([digest(k) for k in numbers], fields(numbers))
        return cache.notes


def test_rows_come_back_in_any_order_in_this_run_and_in_the_next():
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        assert digest(0) not in rows
        rows.add([digest(k) for k in range(5)], fields(range(5)))
        rows.add([digest(k) for k in range(5, 9)], fields(range(5, 9)))
        assert_holds(rows, [7, 0, 3, 3, 8])
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        assert_holds(rows, [7, 0, 3, 3, 8])
        rows.add([digest(9)], fields([9]))
        assert_holds(rows, [9, 1])
        with pytest.raises(KeyError):
            rows.locate([digest(1), digest(99)])
        assert cache.notes == []


def test_another_version_or_another_layout_knows_nothing():
    fill(range(3))
    with open_cache() as cache:
        assert digest(0) in cache.rows("a", RECORD)
        assert digest(0) not in cache.rows("b", RECORD)
        assert digest(0) not in cache.rows("a", np.dtype([("luminance", np.uint8, (16, 17))]))


def test_without_a_cache_rows_last_as_long_as_the_run(folder):
    with open_cache(enabled=False) as cache:
        rows = cache.rows("a", RECORD)
        rows.add([digest(k) for k in range(5)], fields(range(5)))
        assert_holds(rows, [4, 2])
        assert cache.notes == []
    assert not folder.exists()
    with open_cache(enabled=False) as cache:
        assert digest(0) not in cache.rows("a", RECORD)


def test_segments_are_of_bounded_size(monkeypatch, folder):
    monkeypatch.setattr("hdrkit.cache.rows.SEGMENT_BYTES", 4 * RECORD.itemsize)
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        for k in range(0, 18, 3):
            rows.add([digest(j) for j in range(k, k + 3)], fields(range(k, k + 3)))
        assert_holds(rows, list(range(18))[::-1])
    assert len(list(folder.glob("*.rows"))) == 6
    assert SEGMENT_BYTES > 1e8
    with open_cache() as cache:
        assert_holds(cache.rows("a", RECORD), range(18))


@pytest.fixture
def an_hour_later(monkeypatch):
    """Files written in a test count as old ones."""
    now = time.time_ns
    monkeypatch.setattr("hdrkit.cache.index.time.time_ns", lambda: now() + 3_600_000_000_000)


def photo_of(path):
    exposure = Exposure(0.5, 4.0, 200.0, None, ExposureSource.EXIF)
    return Photo(path, 600, 400, Encoding.ENCODED8, exposure, "Acme Box", taken_at=datetime(2024, 5, 1, 12, 0, 1, 250_000, UTC))


def keep(path):
    with open_cache() as cache:
        assert cache.photo(path) is None
        cache.keep_photo(photo_of(path), digest(1))
        cache.rows("a", RECORD).add([digest(1)], fields([1]))


def test_an_unchanged_file_needs_no_reading(tmp_path, an_hour_later, monkeypatch):
    path = tmp_path / os.fsdecode(b"n\xe4me.jpg")
    path.write_bytes(b"picture")
    keep(path)
    with open_cache() as cache:
        assert cache.photo(path) == (photo_of(path), digest(1))
        monkeypatch.chdir(tmp_path)
        relative = Path(path.name)
        assert cache.photo(relative) == (photo_of(relative), digest(1))
        assert cache.photo(tmp_path / "other.jpg") is None


@pytest.mark.parametrize("change", ["size", "content of one size", "another file of its time", "format"])
def test_a_changed_file_is_unknown(tmp_path, an_hour_later, monkeypatch, change):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"picture")
    keep(path)
    before = path.stat()
    if change == "size":
        path.write_bytes(b"pictures")
    elif change == "content of one size":
        path.write_bytes(b"PICTURE")
    elif change == "another file of its time":
        (tmp_path / "b.jpg").write_bytes(b"PICTURE")
        (tmp_path / "b.jpg").replace(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        monkeypatch.setattr("hdrkit.cache.index.text_format", lambda: "another")
    with open_cache() as cache:
        assert cache.photo(path) is None


def test_a_file_that_may_still_change_unseen_is_not_remembered(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"picture")
    with open_cache() as cache:
        cache.photo(path)
        cache.keep_photo(photo_of(path), digest(1))
    with open_cache() as cache:
        assert cache.photo(path) is None


def test_a_file_that_changed_while_it_was_read_is_unknown(tmp_path, an_hour_later):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"picture")
    with open_cache() as cache:
        cache.photo(path)
        path.write_bytes(b"PICTURE")
        cache.keep_photo(photo_of(path), digest(1))
    with open_cache() as cache:
        assert cache.photo(path) is None


@pytest.mark.parametrize("taken_at", [None, datetime(2024, 5, 1, 12), datetime(2024, 5, 1, 12, tzinfo=UTC)])
@pytest.mark.parametrize("exposure", [None, Exposure(1 / 3, source=ExposureSource.FILENAME)])
def test_metadata_survive_the_text(taken_at, exposure):
    photo = replace(photo_of(Path(os.fsdecode(b"/a\xff/b.jpg"))), taken_at=taken_at, exposure=exposure)
    assert photo_from_text(photo_text(photo)) == photo


def test_evidence_of_pairs_comes_back_for_the_pairs_that_are_known():
    pairs = [(digest(1), digest(2)), (digest(1), digest(3)), (digest(2), digest(3))]
    figures = np.array([[0.1, np.nan, 3], [4, 5, 6]], np.float32)
    with open_cache() as cache:
        cache.keep_evidence("e1", pairs[:2], figures)
    with open_cache() as cache:
        found, known = cache.evidence("e1", [*pairs[::-1], (digest(2), digest(1))], 3)
        assert known.tolist() == [False, True, True, False]
        assert np.array_equal(found[1:3], figures[::-1], equal_nan=True)
        assert np.isnan(found[[0, 3]]).all()
        assert not cache.evidence("e2", pairs, 3)[1].any()
        assert not cache.evidence("e1", pairs, 4)[1].any()


def test_the_least_recently_used_go_first_with_all_that_is_known_of_them(tmp_path, folder, an_hour_later):
    paths = [tmp_path / f"{k}.jpg" for k in range(3)]
    for k, path in enumerate(paths):
        path.write_bytes(b"picture")
        with open_cache() as cache:
            cache.photo(path)
            cache.keep_photo(photo_of(path), digest(k))
            cache.keep_evidence("e", [(digest(k), digest(k))], np.ones((1, 200), np.float32))
            cache.rows("a", RECORD).add([digest(k)] + [digest(100 * k + j) for j in range(1, 500)], fields(range(500)))
    with open_cache() as cache:
        assert digest(0) in cache.rows("a", RECORD)  # so that 1 is the one used longest ago
    total = sum(path.stat().st_size for path in folder.iterdir())
    with open_cache(most_bytes=total - 1000) as cache:
        pass
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        assert [digest(k) in rows for k in range(3)] == [True, False, True]
        assert [cache.photo(path) is not None for path in paths] == [True, False, True]
        assert cache.evidence("e", [(digest(k), digest(k)) for k in range(3)], 200)[1].tolist() == [True, False, True]
    assert len(list(folder.glob("*.rows"))) == 2
    with open_cache(most_bytes=0) as cache:
        pass
    assert not list(folder.glob("*.rows"))
    assert (folder / "index.sqlite").stat().st_size < 60_000


def test_segments_that_no_index_knows_go_after_a_day(folder):
    fill(range(3))
    old, young = folder / "old.rows", folder / "young.rows"
    for path in (old, young):
        path.write_bytes(bytes(100))
    os.utime(old, (time.time() - 100_000,) * 2)
    fill([4])
    assert not old.exists()
    assert young.exists()


def test_a_dropped_segment_stays_readable_for_who_reads_it(folder):
    fill(range(5))
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        located = rows.locate([digest(3)])
        next(folder.glob("*.rows")).unlink()
        assert (rows.take("luminance", located) == fields([3])["luminance"]).all()
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        assert digest(3) not in rows
        rows.add([digest(3)], fields([3]))
    with open_cache() as cache:
        assert_holds(cache.rows("a", RECORD), [3])


def test_damaged_rows_count_as_unknown_and_are_replaced(folder):
    fill(range(5))
    segment = next(folder.glob("*.rows"))
    data = bytearray(segment.read_bytes())
    data[2 * RECORD.itemsize + 40] ^= 4
    segment.write_bytes(data[: 4 * RECORD.itemsize + 7])
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        assert [digest(k) in rows for k in range(5)] == [True, True, False, True, False]
        rows.add([digest(2), digest(4)], fields([2, 4]))
        assert_holds(rows, range(5))
    with open_cache() as cache:
        assert_holds(cache.rows("a", RECORD), range(5))


@pytest.mark.parametrize("where", ["head", "middle", "all"])
def test_a_damaged_index_is_built_anew_and_said_so(folder, where):
    fill(range(2000))
    index = folder / "index.sqlite"
    data = bytearray(index.read_bytes())
    spot = {"head": slice(0, 40), "middle": slice(len(data) // 3, 2 * len(data) // 3), "all": slice(None)}[where]
    data[spot] = np.random.default_rng(0).bytes(len(data[spot]))
    index.write_bytes(data)
    [note] = fill(range(3))
    assert str(index) in note
    assert "built anew" in note
    with open_cache() as cache:
        assert_holds(cache.rows("a", RECORD), range(3))
        assert cache.notes == []


def test_where_nothing_can_be_cached_the_run_goes_on(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "file" / "cache"))
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        rows.add([digest(1)], fields([1]))
        assert_holds(rows, [1])
        [note] = cache.notes
    assert str(tmp_path / "file" / "cache") in note
    assert "HDRKIT_CACHE" in note


FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
sys.path.insert(0, {here!r})
from test_index import *
with open_cache(enabled={enabled}) as cache:
    rows = cache.rows("a", RECORD)
    for k in range(0, 300, 20):
        rows.add([digest(j) for j in range(k, k + 20)], fields(range(k, k + 20)))
    assert_holds(rows, range(300))
    cache.keep_evidence("e", [(digest(1), digest(2))], np.ones((1, 3), np.float32))
print(len(cache.notes), *cache.notes)
"""


def python(program, **variables):
    program = program.format(here=str(Path(__file__).parent), **variables)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": "src"})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("limit", [20_000, 60_000])
@pytest.mark.parametrize("enabled", [True, False])
def test_on_a_full_disk_rows_stay_in_memory_and_caching_is_given_up(limit, enabled):
    assert RECORD.itemsize * 300 > limit
    said = python(FULL_DISK, limit=limit, enabled=enabled)
    assert said.startswith("1 " if enabled else "0")
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        assert_holds(rows, [k for k in range(300) if digest(k) in rows])


WRITER = """
import sys
sys.path.insert(0, {here!r})
from test_index import *
with open_cache(save_every_s={save_every_s}) as cache:
    rows = cache.rows("a", RECORD)
    print("ready", flush=True)
    for k in range({start}, {stop}):
        rows.add([digest(k)], fields([k]))
        cache.keep_evidence("e", [(digest(k), digest(k))], np.ones((1, 3), np.float32))
    assert not cache.notes, cache.notes
"""


def start(**variables):
    program = WRITER.format(here=str(Path(__file__).parent), **variables)
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "src"}
    )


def test_several_processes_write_at_once():
    writers = [start(start=50 * k, stop=50 * k + 150, save_every_s=0.01) for k in range(3)]
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    with open_cache() as cache:
        assert_holds(cache.rows("a", RECORD), range(250))
        assert cache.evidence("e", [(digest(k), digest(k)) for k in range(250)], 3)[1].all()
        assert cache.notes == []


def test_a_killed_run_leaves_nothing_wrong():
    writer = start(start=0, stop=100_000, save_every_s=0.0)
    assert writer.stdout.readline() == "ready\n"
    time.sleep(0.5)
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)
    with open_cache() as cache:
        rows = cache.rows("a", RECORD)
        left = [k for k in range(100_000) if digest(k) in rows]
        assert left
        assert_holds(rows, left)
        rows.add([digest(k) for k in range(100_000, 100_003)], fields(range(100_000, 100_003)))
        assert_holds(rows, [*left[:3], 100_001])
        assert cache.notes == []


def test_the_folder_is_where_the_desktop_says(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("HDRKIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "hdrkit"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "hdrkit"
