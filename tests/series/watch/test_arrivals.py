"""Which photographs of a watched folder are complete."""

import numpy as np
import pytest
from PIL import Image

from hdrkit.inputs.photo_memory import PhotoMemory
from hdrkit.series.watch.arrivals import Arrivals
from hdrkit.series.watch.options import Clock, Pace
from tests.formats.test_raw import patches, write_dng


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_photograph_is_read_once_to_see_whether_it_is_complete(tmp_path, opens, suffix):
    whole, cut = (tmp_path / f"2024061412{minute}00_1000.{suffix}" for minute in ("00", "10"))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(whole)
    cut.write_bytes(whole.read_bytes()[:-60])
    arrivals = Arrivals(tmp_path, tmp_path / "out", 5.0, Pace(settled_s=0.0), Clock(), PhotoMemory())
    arrivals.look(tmp_path)
    opens.clear()
    assert arrivals.settled([whole, cut]) == [whole]
    assert (opens[whole], opens[cut]) == (1, 1)
    assert arrivals.settled([whole]) == [whole]
    assert opens[whole] == 1, "it is known to be complete"


def test_of_a_raw_photograph_the_header_alone_is_read(tmp_path, monkeypatch):
    path = write_dng(tmp_path / "20240614120000_1000.dng", patches(np.full((2, 2, 3), 0.4)))
    arrivals = Arrivals(tmp_path, tmp_path / "out", 5.0, Pace(settled_s=0.0), Clock(), PhotoMemory())
    arrivals.look(tmp_path)
    monkeypatch.setattr("hdrkit.series.watch.arrivals.read_content", None)  # RAW files are large
    assert arrivals.settled([path]) == [path]
