"""Two commands, one folder: the second leaves every file of the first as it is, or is refused."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations

import pytest

from hdrkit import AlignmentOptions, MergeOptions, read_curve
from hdrkit.files.manifest import GROUP, MANIFEST, RANK, read_manifest
from hdrkit.inputs.options import By, InputOptions
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.options import OutputOptions
from hdrkit.jobs.outputs import output_paths
from hdrkit.series import process_directory
from hdrkit.series.run.ledger import NAME
from hdrkit.series.watch.heartbeat import Heartbeat
from hdrkit.series.watch.options import WatchOptions
from hdrkit.series.watch.watch import Watch

COMMANDS = ("group", "rank", "merge", "merge by time", "watch", "process_directory")
SHARED = (NAME, "heartbeat.json")  # by all that merge by time


@pytest.fixture(scope="module")
def photographs(tmp_path_factory, sky):
    """Two folders with two brackets each, of different times, and the response of their camera."""
    folders = [tmp_path_factory.mktemp(name) / name for name in ("june", "july")]
    for days, folder in enumerate(folders):
        for step in range(2):
            stamp = f"{sky.start + timedelta(days=days, seconds=30 * step):%Y%m%d%H%M%S}"
            paths = [folder / f"{stamp}_{time}.png" for time in sky.times_us]
            sky.shoot(sky.radiance(48, 5 * days + step), paths, [1e-6 * time for time in sky.times_us], seed=step)
    return folders


def watched(source, out, curve):
    """Watch until both brackets of a folder are merged."""

    def jobs_of(brackets):
        merge, still = MergeOptions(), AlignmentOptions(method="none")
        paths = output_paths(brackets, out, merge, None)
        return [
            MergeJob(bracket, path, read_curve(curve), "given", merge, still, OutputOptions(), inputs)
            for bracket, path in zip(brackets, paths, strict=True)
        ]

    inputs, heartbeat, end = InputOptions(by=By.TIME), Heartbeat(out / "heartbeat.json"), time.monotonic() + 30
    options = WatchOptions(frames=4, wait_s=1.0, poll_s=0.5)
    watch = Watch(source, out, jobs_of, lambda: ThreadPoolExecutor(1), heartbeat, inputs, options)
    watch.run(lambda: heartbeat.merged == 2 or time.monotonic() > end)
    assert heartbeat.merged == 2


@pytest.fixture
def commands(hdrkit, sky_curve):
    """What each command does with a folder of photographs; the exit code."""
    merge = ("--response", sky_curve, "--align", "none", "-j", "1")

    def of_a_list(source, out):
        listing = out.parent / f"{source.name}.csv"
        rows = [f"{path},{source.name}_{path.name[:14]}" for path in sorted(source.glob("*.png"))]
        listing.write_text("\n".join(["path,bracket", *rows]))
        return hdrkit("merge", listing, "-o", out, *merge).code

    def python(function, *arguments, **more):
        function(*arguments, **more)
        return 0

    return {
        "group": lambda source, out: hdrkit("group", source, "-o", out, "--copy", "-j", "1", "--no-cache").code,
        "rank": lambda source, out: hdrkit("rank", source, "-o", out, "-j", "1").code,
        "merge": of_a_list,
        "merge by time": lambda source, out: hdrkit("merge", source, "-o", out, "--by", "time", *merge).code,
        "watch": lambda source, out: python(watched, source, out, sky_curve),
        "process_directory": lambda source, out: python(process_directory, source, out, response_file=sky_curve),
    }


def content(folder):
    """The files in a folder, those that are hidden too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def first_results(tmp_path_factory):
    return tmp_path_factory.mktemp("first")


@pytest.mark.parametrize(("first", "second"), list(permutations(COMMANDS, 2)))
def test_what_another_command_wrote_stays(commands, photographs, first_results, tmp_path, first, second):
    june, july = photographs
    made, out = first_results / first, tmp_path / "out"
    if not made.exists():  # once for all that follow
        assert commands[first](june, made) == 0
    shutil.copytree(made, out, symlinks=True)
    before = content(out)
    code = commands[second](july, out)
    after = content(out)
    if {first, second} == {"group", "rank"}:
        assert (code, after) == (1, before)
        return
    assert code == 0
    assert len(after) > len(before)
    assert {name: after[name] for name in before if name not in SHARED} == {
        name: data for name, data in before.items() if name not in SHARED
    }
    assert set(before.get(NAME, b"").splitlines()) <= set(after.get(NAME, b"").splitlines()), "a line for each bracket stays"


@pytest.mark.parametrize("second", ["merge", "merge by time", "watch", "process_directory"])
def test_what_was_merged_into_a_folder_stays_when_the_rest_is_taken_back(hdrkit, commands, photographs, tmp_path, second):
    june, july = photographs
    card, out = tmp_path / "card", tmp_path / "out"
    shutil.copytree(june, card)
    assert hdrkit("group", card, "-o", out, "--move", "-j", "1", "--no-cache").code == 0
    grouped = content(out)
    assert commands[second](july, out) == 0
    merged = {name: data for name, data in content(out).items() if name not in grouped}
    assert hdrkit("group", "--undo", out).code == 0
    assert content(card) == content(june)
    assert content(out) == merged


def test_the_refusal_names_the_folder_the_command_and_the_way_out(hdrkit, photographs, tmp_path):
    june, _ = photographs
    card, sorted_, ranked = tmp_path / "card", tmp_path / "sorted", tmp_path / "ranked"
    shutil.copytree(june, card)
    assert hdrkit("group", card, "-o", sorted_, "--no-files", "-j", "1", "--no-cache").code == 0
    assert hdrkit("rank", card, "-o", ranked, "-j", "1").code == 0
    before = content(tmp_path)

    def refused(folder, command):
        undo = {"group": f"hdrkit group --undo {folder}", "rank": f"hdrkit rank --undo PHOTOGRAPHS -o {folder}"}[command]
        return f"error: {folder}: hdrkit {command} wrote results there; choose another folder, or remove them: {undo}\n"

    for words in (["rank", card, "-o", sorted_], ["rank", "--undo", card, "-o", sorted_]):
        done = hdrkit(*words)
        assert (done.code, done.err) == (1, refused(sorted_, "group")), words
    for words in (["group", card, "-o", ranked], ["group", card, "-o", ranked, "--dry-run"], ["group", "--undo", ranked]):
        done = hdrkit(*words)
        assert (done.code, done.err) == (1, refused(ranked, "rank")), words
    assert content(tmp_path) == before


@pytest.mark.parametrize("keeps_command", [True, False])
def test_a_manifest_tells_its_command_and_an_older_one_is_understood(hdrkit, photographs, tmp_path, keeps_command):
    card = shutil.copytree(photographs[0], tmp_path / "card")
    for command, words in ((GROUP, ["--no-cache", "--no-files"]), (RANK, [])):
        out = tmp_path / command
        assert hdrkit(command, card, "-o", out, *words).code == 0
        stored = json.loads((out / MANIFEST).read_text())
        assert stored["command"] == command
        if not keeps_command:
            del stored["command"]
            (out / MANIFEST).write_text(json.dumps(stored))
        assert read_manifest(out).command == command
        assert hdrkit(command, card, "-o", out, *words).code == 0


def test_single_files_do_not_take_the_place_of_grouped_ones(hdrkit, photographs, sky_curve, tmp_path):
    june, july = photographs
    out = tmp_path / "out"
    assert hdrkit("group", june, "-o", out, "-j", "1", "--no-cache").code == 0
    linked = next(path for path in out.rglob("*.png") if path.is_symlink())
    merged = tmp_path / "merged"
    assert hdrkit("merge", july, "-o", merged, "--by", "time", "--response", sky_curve, "--align", "none", "-j", "1").code == 0
    before = content(tmp_path)
    for command, words in (("keogram", [merged, "-o", linked]), ("calibrate", [july, "-o", linked.with_suffix(".npz")])):
        done = hdrkit(command, *words)
        assert (done.code, done.err) == (1, f"error: {linked}: hdrkit group wrote it; choose another name, or another folder\n")
    assert content(tmp_path) == before
