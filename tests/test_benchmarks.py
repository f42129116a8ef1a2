"""The benchmarks themselves need data and time; here only that they are kept as they say."""

import argparse
import importlib

import pytest
from matplotlib.figure import Figure

from benchmarks import harness
from benchmarks.__main__ import benchmark_names
from benchmarks.harness import Result, Table, median_seconds, record


@pytest.mark.parametrize("name", benchmark_names())
def test_every_benchmark_can_be_asked_and_is_recorded(name):
    benchmark = importlib.import_module(f"benchmarks.{name}")
    parser = argparse.ArgumentParser()
    benchmark.arguments(parser)
    assert callable(benchmark.measure)
    assert benchmark.__doc__
    assert f"<!-- {name} -->" in harness.RESULTS.read_text()
    assert (harness.HERE / "plots" / f"{name}.png").is_file()


def test_a_result_takes_the_place_of_the_last_one_of_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "HERE", tmp_path)
    monkeypatch.setattr(harness, "RESULTS", tmp_path / "RESULTS.md")
    (tmp_path / "plots").mkdir()
    (tmp_path / "RESULTS.md").write_text("# Measured\n")

    def result(value: float) -> Result:
        return Result("Speed", "How fast.", [Table(("what", "seconds"), [("a", value)])], Figure())

    record("speed", "python -m benchmarks speed", result(1.5))
    record("size", "python -m benchmarks size", result(9.0))
    record("speed", "python -m benchmarks speed", result(0.5))
    text = (tmp_path / "RESULTS.md").read_text()
    assert text.startswith("# Measured\n")
    assert text.count("<!-- speed -->") == 1
    assert "| a | 0.5 |" in text
    assert "| a | 9.0 |" in text
    assert "1.5" not in text
    assert (tmp_path / "plots" / "speed.png").stat().st_size > 0


def test_the_median_of_rounds_leaves_the_first_call_out():
    calls = []
    seconds = median_seconds(lambda: calls.append(1), rounds=3)
    assert len(calls) == 4
    assert 0 <= seconds < 1
