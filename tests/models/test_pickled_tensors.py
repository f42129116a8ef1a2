import io
import pickle
import struct
import tracemalloc
from collections import OrderedDict

import pytest

from hdrkit.models.pickled_tensors import read_pickle


@pytest.mark.parametrize("value", [{"a": 1, "b": (2, (), "c", True, None)}, [1, [2.5, 70000], {}], OrderedDict(a=(1, 2, 3, 4))])
def test_values_are_those_of_the_pickle(value):
    assert read_pickle(io.BytesIO(pickle.dumps(value, 2))) == value


def test_pickles_follow_each_other_in_a_file():
    file = io.BytesIO(pickle.dumps("first", 2) + pickle.dumps("second", 2) + b"rest")
    assert (read_pickle(file), read_pickle(file), file.read()) == ("first", "second", b"rest")


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", range(3)])
def test_anything_else_is_refused(value):
    with pytest.raises(ValueError, match="is asked for"):
        read_pickle(io.BytesIO(pickle.dumps(value, 2)))


@pytest.mark.parametrize("program", [b"", b"\x80\x02}", b"\x80\x02.", b"\x80\x02\x85.", b"\x80\x02t.", b"\x80\x02h\x05."])
def test_a_program_that_cannot_be_followed_is_refused(program):
    with pytest.raises(ValueError, match="."):
        read_pickle(io.BytesIO(program))


def test_a_high_place_in_the_memory_of_a_pickle_costs_nothing():
    tracemalloc.start()
    assert read_pickle(io.BytesIO(b"\x80\x02}r" + struct.pack("<I", 2**32 - 1) + b".")) == {}
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
