import json
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hdrkit.errors import HdrkitWarning, InputError, OutputError
from hdrkit.formats.curves.files import read_curve, write_curve
from hdrkit.formats.curves.repair import usable_curve
from hdrkit.types import ResponseCurve

SERIES_KEYS = (
    "timestamp_utc input_directory samples_per_image sample_technique max_processed_groups smoothness weight_type low_clip "
    "high_clip seed num_groups_used channels lnE_range file_format algorithm"
)


def camera_curve(levels=256, channels=3, gammas=(2.2, 1.8, 2.0)):
    """Power curves with a toe, a different one in each channel."""
    x = (np.arange(levels) + 0.5) / levels
    return ResponseCurve(np.log(np.stack([0.02 * x + 0.98 * x ** gammas[c] for c in range(channels)], axis=1))).anchored()


@settings(deadline=None)
@given(
    st.sampled_from([".npz", ".npy", ".m"]),
    hnp.arrays(float, st.tuples(st.just(256), st.sampled_from([1, 3])), elements=st.floats(0, 0.1)),
)
def test_curves_come_back_from_exact_formats(tmp_path_factory, suffix, steps):
    curve = ResponseCurve(np.cumsum(steps, axis=0)).anchored()
    path = write_curve(curve, tmp_path_factory.getbasetemp() / f"curve{suffix}")
    back = read_curve(path)
    assert back.ln_exposure.shape == curve.ln_exposure.shape
    np.testing.assert_allclose(back.ln_exposure, curve.ln_exposure, rtol=0, atol=1e-6 * np.ptp(curve.ln_exposure) + 1e-6)


def test_npz_keeps_everything(tmp_path):
    curve = ResponseCurve(
        camera_curve(1024).ln_exposure + 5,
        camera="Maker Model",
        covered=np.array([[3, 1000], [4, 1001], [5, 1002]]),
        sigma=np.full((1024, 3), 0.25),
        absolute=True,
        metadata={"algorithm": "Debevec", "timestamp_utc": "2024-05-06T07:08:09Z", "lnE_range": [-3.5, 2.0], "note": "höhe"},
    )
    back = read_curve(write_curve(curve, tmp_path / "a.npz"), camera="Maker Model")
    np.testing.assert_allclose(back.ln_exposure, curve.ln_exposure, rtol=1e-6)
    assert (back.covered == curve.covered).all()
    assert (back.sigma == curve.sigma).all()
    assert (back.camera, back.absolute, back.metadata) == (curve.camera, True, curve.metadata)


def test_npz_is_what_series_scripts_expect(tmp_path):
    path = write_curve(camera_curve(), tmp_path / "a.npz")
    with np.load(path, allow_pickle=False) as file:
        assert set(file) == {"response", "metadata"}
        assert file["response"].dtype == np.float32
        assert file["response"].shape == (256, 3)
        assert file["metadata"].shape == ()
        metadata = json.loads(str(file["metadata"]))
    assert set(SERIES_KEYS.split()) <= set(metadata)
    assert metadata["file_format"] == "log-response"
    assert metadata["channels"] == 3
    assert metadata["channel_order"] == "RGB"
    assert metadata["timestamp_utc"] is None


@pytest.mark.parametrize("shape", [(256, 1, 3), (256, 3), (256, 1, 1), (256,)])
def test_npz_of_others_in_any_shape(tmp_path, shape):
    g = np.linspace(-5, 1, 256)
    response = np.broadcast_to(g.reshape(256, *[1] * (len(shape) - 1)), shape).astype(np.float32)
    np.savez(tmp_path / "a.npz", response=response, metadata=np.array(json.dumps({"algorithm": "Debevec", "lnE_range": [0, 1]})))
    curve = read_curve(tmp_path / "a.npz")
    np.testing.assert_allclose(curve.ln_exposure, np.repeat((g - g[128])[:, None], curve.channels, axis=1), atol=1e-6)
    assert curve.metadata == {"algorithm": "Debevec", "lnE_range": [0, 1]}
    np.savez(tmp_path / "b.npz", response=response)
    assert read_curve(tmp_path / "b.npz").metadata == {}


def test_npy_is_what_opencv_takes(tmp_path):
    curve = camera_curve()
    path = write_curve(curve, tmp_path / "a.npy")
    response = np.load(path)
    assert (response.shape, response.dtype, response.flags.c_contiguous) == ((256, 1, 3), np.float32, True)
    np.testing.assert_allclose(response[:, 0, 0], np.exp(curve.ln_exposure[:, 2]), rtol=1e-6)
    codes = np.full((4, 4, 3), [200, 100, 50], np.uint8)
    merged = cv2.createMergeDebevec().process([codes, codes], np.array([2, 2], np.float32), response)
    np.testing.assert_allclose(merged[0, 0], response[[200, 100, 50], 0, [0, 1, 2]] / 2, rtol=1e-4)


def test_npy_of_opencvs_calibration(tmp_path):
    rng = np.random.default_rng(7)
    scene = np.exp(rng.uniform(-4, 2, (40, 40, 3)))
    times = np.array([0.25, 1, 4], np.float32)
    frames = [np.rint(255 * np.clip(scene * time / 4, 0, 1) ** (1 / 2.2)).astype(np.uint8) for time in times]
    response = cv2.createCalibrateDebevec(samples=300, lambda_=50).process(frames, times)
    np.save(tmp_path / "a.npy", response)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HdrkitWarning)  # its curves need not be monotone at the ends
        curve = read_curve(tmp_path / "a.npy")
    expected = np.log(response[:, 0, ::-1].astype(float))
    np.testing.assert_allclose(curve.ln_exposure[30:240], (expected - expected[128])[30:240], atol=0.05)


def test_npy_has_256_codes_whatever_the_curve_has(tmp_path):
    curve = camera_curve(4096)
    back = read_curve(write_curve(curve, tmp_path / "a.npy"))
    np.testing.assert_allclose(back.ln_exposure, curve.for_levels(256).anchored().ln_exposure, atol=1e-6)


def test_pfstools_tables(tmp_path):
    curve = camera_curve(1024)
    text = write_curve(curve, tmp_path / "a.m").read_text()
    assert [line for line in text.splitlines() if line.startswith("# name")] == ["# name: IR", "# name: IG", "# name: IB"]
    log10, code, response = map(float, text.splitlines()[6 + 700].split())
    assert code == 700
    assert log10 == pytest.approx(curve.ln_exposure[700, 0] / np.log(10), abs=1e-8)
    assert response == pytest.approx(curve.linear[700, 0], rel=1e-8)


def test_pfstools_file_as_pfshdrcalibrate_writes_it(tmp_path):
    linear = np.stack([np.arange(256) / 128 * (c + 1) for c in range(3)], axis=1)
    blocks = []
    for c, name in enumerate(("IR", "IG", "IB")):
        rows = "".join(f" {np.log10(v) if v else -6:15.9f} {m:4d} {v:15.9f}\n" for m, v in enumerate(linear[:, c]))
        blocks.append(
            f"# Camera response curve, channel {name}\n# data layout: log10(response) | camera output | response\n"
            f"# name: {name}\n# type: matrix\n# rows: 256\n# columns: 3\n{rows}\n"
        )
    weights = "# Weighting function\n# name: W\n# type: matrix\n# rows: 256\n# columns: 2\n" + "".join(
        f" {0.5:15.9f} {m:4d}\n" for m in range(256)
    )
    (tmp_path / "a.m").write_text("".join(blocks) + weights)
    with pytest.warns(HdrkitWarning, match="3 values of the curve are missing"):
        curve = read_curve(tmp_path / "a.m")
    np.testing.assert_allclose(curve.linear[1:], np.repeat((np.arange(1, 256) / 128)[:, None], 3, axis=1), rtol=1e-7)
    np.testing.assert_allclose(curve.linear[0], 0.5 / 128, rtol=1e-7)


def test_hdrgen_polynomials_of_a_polynomial_camera_are_exact(tmp_path):
    x = (np.arange(256) + 0.5) / 256
    truth = np.stack([0.1 * x + 0.9 * x**2, 0.2 * x + 0.3 * x**2 + 0.5 * x**3, x], axis=1)
    path = write_curve(ResponseCurve(np.log(truth)).anchored(), tmp_path / "a.rsp")
    lines = [[float(word) for word in line.split()] for line in path.read_text().splitlines()]
    assert [len(line) for line in lines] == [int(line[0]) + 2 for line in lines]
    np.testing.assert_allclose([sum(line[1:]) for line in lines], 1, atol=1e-7)
    np.testing.assert_allclose(np.stack([np.polyval(line[1:], x) for line in lines], axis=1), truth, rtol=1e-6)
    np.testing.assert_allclose(read_curve(path).linear, truth / truth[128], rtol=1e-6)


def test_hdrgen_fit_that_is_off_says_so(tmp_path):
    kinked = np.maximum.accumulate(np.where(np.arange(256) < 128, 1.0, 40.0) + np.arange(256) / 1000)
    with pytest.warns(HdrkitWarning, match=r"only to \d+\.\d% RMS"):
        path = write_curve(ResponseCurve(np.log(kinked)[:, None]).anchored(), tmp_path / "a.rsp")
    assert read_curve(path).channels == 3


def test_hdrgen_fit_looks_at_the_covered_codes_only(tmp_path):
    x = (np.arange(256) + 0.5) / 256
    g = np.repeat(np.log(x**2)[:, None], 3, axis=1)
    g[:40] = g[40]
    g[220:] = g[220:] + 5
    path = write_curve(ResponseCurve(g, covered=np.array([[40, 219]] * 3)).anchored(), tmp_path / "a.rsp")
    back = read_curve(path).ln_exposure[40:220]
    np.testing.assert_allclose(back - back[100], g[40:220] - g[140], atol=1e-3)


def test_missing_and_falling_codes_are_repaired():
    g = np.log(np.arange(1.0, 257.0))[:, None]
    broken = g.copy()
    broken[[0, 50, 255]] = [[-np.inf], [np.nan], [np.nan]]
    broken[100:102] = broken[101:99:-1]
    repaired, count = usable_curve(broken)
    assert count == 5
    assert (np.diff(repaired, axis=0) >= 0).all()
    assert repaired[0] == g[1] - np.log(2)
    assert repaired[50] == (g[49] + g[51]) / 2
    assert repaired[255] == g[254]
    np.testing.assert_allclose(repaired[100:102], (g[100] + g[101]).item() / 2)
    untouched = np.setdiff1d(np.arange(256), [0, 50, 100, 101, 255])
    np.testing.assert_allclose(repaired[untouched], g[untouched], rtol=1e-12)
    assert usable_curve(g)[1] == 0


def test_a_curve_of_another_camera_is_used_with_a_warning(tmp_path):
    curve = ResponseCurve(camera_curve().ln_exposure, camera="Maker A")
    path = write_curve(curve, tmp_path / "a.npz")
    with pytest.warns(HdrkitWarning, match="of Maker A, the photographs of Maker B"):
        assert read_curve(path, camera="Maker B").camera == "Maker A"
    assert read_curve(path, camera="").camera == "Maker A"


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".m", ".rsp"])
def test_the_same_curve_twice_gives_the_same_bytes(tmp_path, suffix):
    x = (np.arange(256) + 0.5) / 256
    curve = ResponseCurve(np.log(x**2)[:, None]).anchored()
    first = write_curve(curve, tmp_path / f"a{suffix}").read_bytes()
    assert write_curve(curve, tmp_path / f"b{suffix}").read_bytes() == first


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".m", ".rsp"])
@pytest.mark.parametrize(
    "content", [b"", b"text\n", b"PK\x03\x04" + bytes(40), b"\x93NUMPY\x01\x00", b"\xff\xfe\x00\x01" * 30, b"3 1 0 0\n" * 3]
)
def test_files_that_are_no_curves(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_curve(path)
    assert str(caught.value).startswith(f"{path}: not a response curve (")
    assert "\n" not in str(caught.value)


def test_truncated_curves(tmp_path):
    for suffix in (".npz", ".npy", ".m"):
        path = write_curve(camera_curve(), tmp_path / f"a{suffix}")
        path.write_bytes(path.read_bytes()[:-1500])
        with pytest.raises(InputError, match="not a response curve"):
            read_curve(path)


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"weights": np.zeros(3)}, "it holds weights and no 'response'"),
        ({"response": np.zeros((256, 4))}, r"\(256, 4\)"),
        ({"response": np.zeros((256, 3), np.int64)}, "int64"),
        ({"response": np.full((256, 3), np.nan)}, "0 of 256 codes"),
        ({"response": np.zeros((256, 3)), "metadata": np.array("{")}, "Expecting"),
        ({"response": np.zeros((256, 3)), "metadata": np.array("[]")}, "not a JSON object"),
        ({"response": np.zeros((256, 3)), "metadata": np.array('{"kind": "hdrkit-noise", "version": 1}')}, "'hdrkit-noise'"),
        ({"response": np.zeros((256, 3)), "metadata": np.array('{"kind": "hdrkit-response", "version": 9}')}, "version 9"),
        ({"response": np.array([[{}, {}, {}]] * 256)}, "not a response curve"),
    ],
)
def test_archives_of_another_kind(tmp_path, arrays, complaint):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=complaint):
        read_curve(tmp_path / "a.npz")


def test_a_logarithmic_npy_is_not_taken_for_a_linear_one(tmp_path):
    np.save(tmp_path / "a.npy", camera_curve().ln_exposure[:, None, :].astype(np.float32))
    with pytest.raises(InputError, match="negative values where OpenCV keeps linear exposure"):
        read_curve(tmp_path / "a.npy")


def test_other_suffixes(tmp_path):
    with pytest.raises(OutputError, match=r"\.txt is not a response format; choose \.npz"):
        write_curve(camera_curve(), tmp_path / "a.txt")
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(InputError, match="no suffix is not a response curve"):
        read_curve(tmp_path / "a")
    with pytest.raises(InputError, match="no such file"):
        read_curve(tmp_path / "b")
    with pytest.raises(InputError, match="no such file"):
        read_curve(tmp_path / "a.npz")
