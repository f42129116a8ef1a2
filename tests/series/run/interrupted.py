"""Kill a merge of a series with SIGKILL at random moments, start it again each time, and compare what is there at the end.

Usage: python interrupted.py INPUT RESPONSE FOLDER KILLS SEED. Processes are forked from one that has done all once, so that
moments fall into the work and not into the loading of libraries. Prints one line of JSON.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import cv2

cv2.setNumThreads(0)  # threads do not survive a fork

from hdrkit.cli.app import main  # noqa: E402


def merge(photographs: Path, response: Path, out: Path) -> int:
    words = ["--by", "time", "--response", str(response), "--align", "none", "--jobs", "1", "--preview", "--range", "auto"]
    try:
        main(["merge", str(photographs), "-o", str(out), *words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def started(*arguments: Path) -> int:
    if (child := os.fork()) == 0:
        os._exit(merge(*arguments))
    return child


def seen(out: Path) -> dict[str, bytes]:
    """The files that a user sees, but for the record."""
    paths = [path for path in out.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.name: path.read_bytes() for path in paths if path.name != "series.csv"}


def ended_well(child: int) -> bool:
    return os.waitpid(child, 0)[1] == 0


def run(photographs: Path, response: Path, folder: Path, kills: int, seed: int) -> dict[str, object]:
    rng = random.Random(seed)
    reference, out = folder / "undisturbed", folder / "disturbed"
    if merge(photographs, response, reference) != 0:
        raise SystemExit("the undisturbed run failed")
    truth = seen(reference)
    start = time.perf_counter()
    if not ended_well(started(photographs, response, folder / "timed")):
        raise SystemExit("the timed run failed")
    whole = time.perf_counter() - start
    killed, found, half = 0, set(), 0
    while killed < kills:
        child = started(photographs, response, out)
        time.sleep(rng.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
        killed += os.waitpid(child, 0)[1] == signal.SIGKILL
        there = seen(out) if out.is_dir() else {}
        found.add(len(there))
        half += any(truth.get(name) != data for name, data in there.items())
        if len(there) == len(truth):
            shutil.rmtree(out)
    well = ended_well(started(photographs, response, out))
    hidden = sorted(path.name for path in out.rglob(".hdrkit-*"))
    rows = [(out / "series.csv").read_text(), (reference / "series.csv").read_text()]
    without_seconds = [[line.split(",")[:3] + line.split(",")[-1:] for line in text.splitlines()] for text in rows]
    return {
        "killed": killed,
        "numbers_of_files_seen": sorted(found),
        "half_done_seen": half,
        "ended_well": well,
        "same_files": seen(out) == truth,
        "same_record": without_seconds[0] == without_seconds[1],
        "left_over": hidden,
        "files": len(truth),
    }


if __name__ == "__main__":
    photographs, response, folder = (Path(word) for word in sys.argv[1:4])
    answer = os.dup(1)
    os.dup2(2, 1)  # what the command says is for the log
    result = run(photographs, response, folder, int(sys.argv[4]), int(sys.argv[5]))
    os.write(answer, json.dumps(result).encode())
