"""A second merge into a folder does only what is missing or changed."""

import json

import pytest

from hdrkit import write_curve
from hdrkit.simulate import SimulatedCamera


@pytest.fixture
def merged(hdrkit, shoot, tmp_path, curve):
    for seed, name in enumerate(("a", "n/b", "c")):
        shoot(tmp_path / "in" / name, seed=seed)

    def merge(*words):
        given = ("--response", curve, "--align", "none", "--jobs", 1)
        done = hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", *given, *words)
        assert done.code == 0, done.err
        return [line.split(":")[0] for line in done.out.splitlines() if " frames, " in line], done.out.splitlines()[-1]

    assert merge() == (["a", "c", "n/b"], "3 brackets: 3 merged, 0 failed")
    return merge


def test_nothing_is_merged_twice(merged, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.exr")}
    summary = "3 brackets: 0 merged, 3 of 3 were there already (--overwrite merges them again), 0 failed"
    assert merged() == ([], summary)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.exr")} == before
    assert merged("--overwrite")[0] == ["a", "c", "n/b"]


def test_a_changed_photograph_and_a_missing_result_are_merged_again(merged, shoot, tmp_path):
    shoot(tmp_path / "in" / "a", seed=7)
    (tmp_path / "out" / "n" / "b.exr").unlink()
    assert merged()[0] == ["a", "n/b"]
    shoot(tmp_path / "in" / "d")
    assert merged()[0] == ["d"]


def test_other_options_and_another_curve_merge_all_again(merged, tmp_path):
    assert merged("--estimator", "poisson")[0] == ["a", "c", "n/b"]
    assert merged("--estimator", "poisson", "--preview")[0] == ["a", "c", "n/b"]
    assert merged("--estimator", "poisson", "--preview")[0] == []
    other = write_curve(SimulatedCamera(response="gamma", exponent=1.5).response_curve(), tmp_path / "other.npz")
    assert merged("--estimator", "poisson", "--preview", "--response", other)[0] == ["a", "c", "n/b"]


def test_what_was_there_already_in_json(hdrkit, merged, tmp_path, curve):
    words = ("--response", curve, "--align", "none", "--jobs", 1, "--json")
    told = json.loads(hdrkit("merge", tmp_path / "in", "-o", tmp_path / "out", *words).out)["brackets"]
    assert [(one["bracket"], one["done_before"]) for one in told] == [("a", True), ("c", True), ("n/b", True)]
    assert told[2]["output"] == str(tmp_path / "out" / "n" / "b.exr")


def test_a_list_of_groups_goes_on_too(hdrkit, shoot, tmp_path, curve):
    paths = [path for seed, name in enumerate("ab") for path in shoot(tmp_path / "in" / name, seed=seed)]
    lines = [f"{path.relative_to(tmp_path)},room_{path.parent.name}" for path in paths]
    (tmp_path / "groups.csv").write_text("\n".join(["path,bracket", *lines]) + "\n")
    words = ("merge", tmp_path / "groups.csv", "-o", tmp_path / "out", "--response", curve, "--align", "none", "--jobs", 1)
    assert hdrkit(*words).out.splitlines()[-1] == "2 brackets: 2 merged, 0 failed"
    assert "2 of 2 were there already" in hdrkit(*words).out
