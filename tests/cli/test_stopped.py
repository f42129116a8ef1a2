"""Real signals to real processes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


def started(*words, **options):
    command = [sys.executable, "-m", "hdrkit", *map(str, words)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0, **options)


def soon_empty(group):
    """Whether no process of a group is left, or lives on for more than a moment."""
    for _ in range(1000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


@pytest.fixture(scope="module")
def card(shoot, tmp_path_factory):
    folder = tmp_path_factory.mktemp("card")
    first = shoot(folder / "b00")[0].parent
    for number in range(1, 60):
        shutil.copytree(first, folder / f"b{number:02}")
    return folder


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_signal_ends_a_batch_and_the_next_run_goes_on(hdrkit, card, curve, tmp_path, number, jobs):
    words = ("merge", card, "-o", tmp_path / "out", "--response", curve, "--align", "none")
    run = started(*words, "--jobs", jobs)
    assert run.stdout.readline().startswith("b")  # a line as soon as a bracket is done
    run.send_signal(number)
    _, err = run.communicate()
    assert run.returncode == CODES[number]
    merged = len(list((tmp_path / "out").glob("*.exr")))
    assert 0 < merged < 60
    line = r"error: interrupted; (\d+) of 60 brackets are merged, and stay; run the same command again for the rest\n"
    recorded = int(re.fullmatch(line, err)[1])
    assert 0 < recorded <= merged
    assert soon_empty(run.pid)
    assert {path.name for path in (tmp_path / "out").glob(".*")} == {".hdrkit-brackets.csv"}
    done = hdrkit(*words, "--jobs", 1)
    assert done.code == 0
    last = done.out.splitlines()[-1]
    assert last.startswith(f"60 brackets: {60 - recorded} merged, {recorded} of 60 were there already")


def test_ctrl_c_of_a_terminal_reaches_all_processes(card, curve, tmp_path):
    run = started("merge", card, "-o", tmp_path / "out", "--response", curve, "--align", "none", "--jobs", 2)
    run.stdout.readline()
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate()
    assert run.returncode == 130
    assert err.count("\n") == 1
    assert err.startswith("error: interrupted; ")
    assert soon_empty(run.pid)


@pytest.mark.parametrize("number", CODES)
def test_compiled_code_does_not_hold_a_signal_up(tmp_path, number):
    code = (
        "import hashlib, sys; from hdrkit.files.atomic import atomic_write; from hdrkit.jobs.stopping import stoppable\n"
        "with stoppable(lambda code: print('ended with', code), grace_s=0.1), atomic_write(sys.argv[1]):\n"
        "    print('begun', flush=True); hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code, tmp_path / "out.txt"], text=True, stdout=subprocess.PIPE)
    assert run.stdout.readline() == "begun\n"
    time.sleep(1)  # until it is in compiled code
    run.send_signal(number)
    out, _ = run.communicate()
    assert (run.returncode, out) == (CODES[number], f"ended with {CODES[number]}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_second_signal_does_not_wait():
    code = (
        "import sys, time; from hdrkit.jobs.stopping import stoppable\n"
        "try:\n"
        "    with stoppable(grace_s=3600):\n"
        "        try: print('begun', flush=True); time.sleep(3600)\n"
        "        finally: print('ending', flush=True); time.sleep(3600)\n"
        "except KeyboardInterrupt: sys.exit(130)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], text=True, stdout=subprocess.PIPE) as run:
        for line in ("begun\n", "ending\n"):
            assert run.stdout.readline() == line
            run.send_signal(signal.SIGINT)
    assert run.returncode == 130
