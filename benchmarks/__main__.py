"""Measure one thing against truth and peers, and show it: a Markdown table and a plot.

    python -m benchmarks NAME [--record] [options of the benchmark]

`--record` puts the table into benchmarks/RESULTS.md and the plot into benchmarks/plots. Timings mean something as ratios
within one run only. Truth is rendered from the HDR panoramas in $HDRKIT_DATA (default ../shared/data) where a benchmark needs it.
"""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import HERE, record

_NO_BENCHMARKS = {
    "__init__",
    "__main__",
    "harness",
    "photographs",
    "drawn_lids",
    "picture_quality",
    "processes",
    "real_brackets",
    "truth",
    "groups",
    "map_sets",
}


def benchmark_names() -> list[str]:
    """The modules in this folder that measure something."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in _NO_BENCHMARKS)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=benchmark_names())
    name, rest = parser.parse_args(sys.argv[1:2]).name, sys.argv[2:]
    benchmark = importlib.import_module(f"benchmarks.{name}")
    own = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}", description=benchmark.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    own.add_argument("--record", action="store_true", help="keep the result in benchmarks/RESULTS.md")
    benchmark.arguments(own)
    options = own.parse_args(rest)
    command = shlex.join(["python", "-m", "benchmarks", name, *(word for word in rest if word != "--record")])
    result = benchmark.measure(options)
    print(result.markdown(name, command))
    if options.record:
        record(name, command, result)
    else:
        picture = Path(tempfile.gettempdir()) / f"hdrkit-benchmark-{name}.png"
        result.figure.savefig(picture, dpi=100, bbox_inches="tight")
        print(f"\nplot: {picture}")


if __name__ == "__main__":
    main()
