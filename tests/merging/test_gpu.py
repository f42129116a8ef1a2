"""The merge through torch: the same tables give the same radiance, on whatever device torch has here."""

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.merging import device as devices
from hdrkit.merging import gpu
from hdrkit.merging.device import Device, uses_cuda
from hdrkit.merging.gpu import run_tables_on
from hdrkit.merging.kernel import run_tables
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.merging.weights import build_tables
from hdrkit.types import Frame, ResponseCurve

HEIGHT, WIDTH = 40, 56
TIMES = [1.0, 2.0, 4.0, 8.0]


def torch_devices():
    import torch

    return ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def bracket(levels: int, channels: int, seed: int = 0) -> list[Frame]:
    """Noise from black to clipped, one frame partly invalid, one turned, so that every branch is taken."""
    rng = np.random.default_rng(seed)
    kind = np.uint8 if levels == 256 else np.uint16
    light = rng.normal(0.15, 0.25, (HEIGHT, WIDTH, channels))
    frames = [Frame(np.clip(light * t * levels, 0, levels - 1).astype(kind), white=levels - 1) for t in TIMES]
    turned = np.array([[1, 0.01, 0.3], [-0.01, 1, 2.2], [0, 0, 1.0]])
    frames[1] = Frame(frames[1].pixels, white=levels - 1, valid=rng.random((HEIGHT, WIDTH)) > 0.1)
    frames[2] = Frame(frames[2].pixels, white=levels - 1, motion=turned)
    return frames


@pytest.mark.parametrize("device", torch_devices())
@pytest.mark.parametrize("estimator", list(Estimator))
@pytest.mark.parametrize(("levels", "channels"), [(256, 3), (256, 1), (16384, 3)])
def test_torch_and_the_compiled_loop_agree(device, estimator, levels, channels):
    frames = bracket(levels, channels)
    trust = [None, np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8), None, None]
    options, clip = MergeOptions(estimator=estimator), (1, int(0.98 * levels))
    tables = build_tables(ResponseCurve.identity(levels, channels), TIMES, clip, options)
    expected = run_tables(frames, tables, TIMES, clip, True, trust, (3, 37, 5, 50))
    found = run_tables_on(device, frames, tables, TIMES, clip, True, trust, (3, 37, 5, 50))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-5)
    np.testing.assert_array_equal(found[3], expected[3])


def test_bands_make_no_difference():
    frames, clip = bracket(256, 3), (1, 250)
    tables = build_tables(ResponseCurve.identity(256), TIMES, clip, MergeOptions())
    whole = run_tables_on("cpu", frames, tables, TIMES, clip, False)
    banded = run_tables_on("cpu", frames, tables, TIMES, clip, False, band_pixels=7 * WIDTH)
    for a, b in zip(whole, banded, strict=True):
        np.testing.assert_array_equal(a, b)


def test_auto_takes_the_processor_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(devices, "has_driver", lambda: False)
    assert not uses_cuda(Device.AUTO)
    assert not uses_cuda(Device.CPU)


def test_auto_takes_a_gpu_that_torch_can_use(monkeypatch):
    monkeypatch.setattr(devices, "has_driver", lambda: True)
    for there in (True, False):
        monkeypatch.setattr("torch.cuda.is_available", lambda there=there: there)
        assert uses_cuda(Device.AUTO) is there
        assert not uses_cuda(Device.CPU)


def test_a_gpu_asked_for_in_vain_is_an_error(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="no CUDA device"):
        merge_frames(bracket(256, 3), TIMES, ResponseCurve.identity(256), MergeOptions(device=Device.CUDA))


def test_a_merge_on_a_gpu_runs_there(monkeypatch):
    frames, curve = bracket(256, 3), ResponseCurve.identity(256)
    expected = merge_frames(frames, TIMES, curve).radiance.pixels
    asked = []

    def on(device, *arguments):
        asked.append(device)
        return run_tables_on("cpu", *arguments)

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(gpu, "run_tables_on", on)
    found = merge_frames(frames, TIMES, curve, MergeOptions(device=Device.CUDA)).radiance.pixels
    assert asked == ["cuda"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
