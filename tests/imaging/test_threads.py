import os
import threading
from concurrent.futures import ThreadPoolExecutor

import cv2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrkit import find_brackets
from hdrkit.alignment.chain import align
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.formats import pixels
from hdrkit.formats.pixels import read_frames
from hdrkit.imaging.threads import ahead, lasting_threads, one_a_thread, one_thread


def test_reading_and_aligning_start_no_threads_of_their_own(room, monkeypatch):
    used = set()
    real = pixels.decode

    def noting(*arguments):
        used.add(threading.get_ident())
        return real(*arguments)

    monkeypatch.setattr(pixels, "decode", noting)
    (bracket,) = find_brackets(room).brackets
    for _ in range(20):
        align(read_frames(bracket.photos), 1, AlignmentOptions())
    assert used <= {thread.ident for thread in threading.enumerate() if thread.name.startswith("hdrkit")}
    assert len(used) <= (os.cpu_count() or 1)
    assert lasting_threads() is lasting_threads()


def test_a_forked_process_has_threads_of_its_own():
    assert lasting_threads().submit(int, "3").result() == 3
    if (child := os.fork()) == 0:
        os._exit(lasting_threads().submit(int, "3").result(5))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


@given(st.lists(st.integers()), st.integers(1, 4), st.integers(0, 5))
@settings(deadline=None, max_examples=50, derandomize=True)
def test_work_ahead_gives_what_map_gives_in_its_order(items, workers, most):
    with ThreadPoolExecutor(workers) as pool:
        assert list(ahead(pool, str, items, most)) == list(map(str, items))


def test_work_ahead_takes_no_more_items_than_it_may():
    begun = []

    def items():
        for number in range(100):
            begun.append(number)
            yield number

    with ThreadPoolExecutor(2) as pool:
        for value in ahead(pool, int, items(), 3):
            assert len(begun) <= value + 4


def test_an_error_is_raised_in_its_turn_and_what_waits_is_cancelled():
    done, gate = [], threading.Event()

    def work(number):
        if number == 1:
            raise ValueError(number)
        if number == 2:
            gate.wait(10)
        done.append(number)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = ahead(pool, work, range(10), 5)
        assert next(results) == 0
        with pytest.raises(ValueError, match="1"):
            next(results)
        gate.set()
    assert done in ([0], [0, 2])  # the one that ran already is finished


def test_a_caller_who_stops_early_leaves_nothing_waiting():
    gate = threading.Event()
    started = []

    def work(number):
        started.append(number)
        if number == 1:
            gate.wait(10)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = ahead(pool, work, range(10), 5)
        assert next(results) == 0
        results.close()
        gate.set()
    assert set(started) <= {0, 1}


def test_one_thread_is_used_and_then_as_many_as_before():
    before = cv2.getNumThreads()
    with one_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


def test_each_thread_has_a_value_of_its_own():
    made = []

    def make(item):
        made.append(item)
        return [item]

    get = one_a_thread(make)
    with ThreadPoolExecutor(2) as threads:
        barrier = threading.Barrier(2)

        def twice(item):
            first = get(item)
            barrier.wait(10)
            assert get(item) is first
            return first

        one, other = threads.map(twice, ["a", "a"])
    assert one == other == ["a"]
    assert one is not other
    assert made == ["a", "a"]
    assert (get("a"), get("b"), get("b")) == (["a"], ["b"], ["b"])
    assert made == ["a", "a", "a", "b"]


def test_the_number_of_threads_comes_back_when_the_last_block_ends():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert cv2.getNumThreads() == 1
    second.__exit__(None, None, None)
    assert cv2.getNumThreads() == 2
    cv2.setNumThreads(before)
