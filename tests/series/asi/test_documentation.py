"""The Python in docs/series.md runs, and its options are those that there are."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "series.md").read_text(encoding="utf-8")


def test_the_python_in_the_documentation_runs(tmp_path):
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    subprocess.run([sys.executable, "-W", "error", "-c", block], cwd=tmp_path, check=True, timeout=200)
    assert len(list((tmp_path / "out" / "sky_pictures").glob("*_hdr.jpg"))) == 6
    assert len(list((tmp_path / "out" / "sky_light").glob("*_hdr.exr"))) == 6


def test_every_option_in_the_documentation_is_there(hdrkit):
    helps = " ".join(hdrkit(command, "--help").out for command in ("merge", "calibrate", "range"))
    for option in re.findall(r"--[a-z][a-z-]+", TEXT):
        assert option in helps, option
