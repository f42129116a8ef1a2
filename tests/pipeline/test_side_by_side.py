"""One function of many items, here or by workers."""

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from hdrkit.errors import HdrkitError
from hdrkit.pipeline.side_by_side import side_by_side


@contextmanager
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_the_values_come_in_order() -> None:
    items = range(200)
    assert list(side_by_side(str, items, None)) == list(side_by_side(str, items, threads)) == [str(item) for item in items]


@pytest.mark.parametrize("trouble", [BrokenPipeError, ConnectionResetError, BrokenExecutor])
def test_a_lost_worker_is_an_error_of_one_line(trouble: type[Exception]) -> None:
    def lost(_: object) -> None:
        raise trouble("gone")

    with pytest.raises(HdrkitError, match=r"^a worker that read files ended .gone.; run the command again, which continues$"):
        list(side_by_side(lost, [1], threads))
