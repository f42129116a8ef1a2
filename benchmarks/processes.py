"""Whole processes: their wall time and the most memory that they held."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hdrkit.formats.curves.files import write_curve
from hdrkit.types import ResponseCurve

SCRATCH = Path(tempfile.gettempdir()) / "hdrkit-processes"


def run(command: Sequence[str | Path]) -> tuple[float, float]:
    """Seconds and peak resident memory in bytes of a command that must succeed."""
    SCRATCH.mkdir(exist_ok=True)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_as_installed())
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _peak_bytes(process.pid))
        time.sleep(0.01)
    seconds = time.perf_counter() - start
    if process.returncode:
        errors = process.stderr.read() if process.stderr else b""
        raise SystemExit(f"{' '.join(map(str, command))}: {errors.decode()}")
    return seconds, peak


def _peak_bytes(pid: int) -> float:
    """The most memory that a running process has held; what `getrusage` says includes the parent before the fork."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return float(found[1]) * 1024 if found else 0.0


def cpu_seconds(command: Sequence[str | Path], **environment: str) -> tuple[float, float]:
    """CPU seconds, of the user and the system, and wall seconds of a command that must succeed."""
    SCRATCH.mkdir(exist_ok=True)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_as_installed() | environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, seconds


def _as_installed() -> dict[str, str]:
    """The environment of a command of this checkout, with bytecode as installers write it, even if this process keeps none."""
    root = Path(__file__).parents[1]
    changed = {"OPENCV_IO_ENABLE_OPENEXR": "1", "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])}
    return {name: value for name, value in (os.environ | changed).items() if name != "PYTHONDONTWRITEBYTECODE"}


def processor() -> str:
    """The name of the processor and the number of its cores that are used."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return f"{found[1] if found else 'unknown processor'}, {len(os.sched_getaffinity(0))} cores"


def median_of(commands: dict[str, Sequence[str | Path]], rounds: int) -> dict[str, float]:
    """Median seconds of each command, taken in turn, after one run that fills caches."""
    for command in commands.values():
        run(command)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(run(command)[0])
    return {name: statistics.median(values) for name, values in seconds.items()}


def hdrkit_merge(photographs: Sequence[Path], output: str, *options: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "hdrkit", "merge", *photographs, "-o", SCRATCH / output, *options]


def gamma_curve() -> Path:
    """The response of the simulated photographs, as a file."""
    SCRATCH.mkdir(exist_ok=True)
    g = 2.2 * np.log(np.maximum(np.arange(256), 0.5) / 255)
    return write_curve(ResponseCurve(np.repeat(g[:, None], 3, axis=1)).anchored(), SCRATCH / "gamma.npz")
