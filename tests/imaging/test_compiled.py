import runpy
import shutil
from pathlib import Path

import numba

from hdrkit.imaging.compiled import compiled, keep_compiled


def of_another_package(folder):
    """A function that another package compiles anew in each process, as a process has it when it starts."""
    (folder / "package.py").write_text("def double(x):\n    return 2 * x\n", "utf-8")
    return numba.njit(runpy.run_path(str(folder / "package.py"))["double"])


def test_compiling_does_without_a_place_to_cache():
    homeless: dict = {}
    exec("def double(x):\n    return 2 * x", homeless)  # without a source file numba finds nowhere to cache
    assert compiled(homeless["double"])(4) == 8


def test_what_another_package_compiles_is_there_for_the_next_process(tmp_path):
    for hits in (0, 1):
        double = of_another_package(tmp_path)
        keep_compiled(double)
        assert double(4) == 8
        assert sum(double.stats.cache_hits.values()) == hits


def test_code_that_cannot_be_written_is_compiled(tmp_path):
    double = of_another_package(tmp_path)
    keep_compiled(double)
    folder = Path(double.stats.cache_path)
    shutil.rmtree(folder)
    folder.write_bytes(b"no folder")
    assert double(4) == 8


def test_damaged_code_is_compiled_again(tmp_path):
    for content in (None, b"", b"damaged"):
        double = of_another_package(tmp_path)
        keep_compiled(double)
        for file in Path(double.stats.cache_path).glob("*.nb*"):
            file.write_bytes(content)
        assert double(4) == 8
        assert not double.stats.cache_hits


def test_a_function_that_is_not_compiled_stays_as_it_is():
    keep_compiled(len)
    keep_compiled(None)
