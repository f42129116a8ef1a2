"""The functions of `hdrkit.series` as they are documented: names, arguments, defaults, returns, files."""

import inspect
import json
import logging

import numpy as np
import pandas as pd
import pytest
from pandas.core.groupby import DataFrameGroupBy
from PIL import Image

from hdrkit import read_curve, read_radiance
from hdrkit import series as api
from hdrkit.errors import InputError, OutputError

SIGNATURES = {
    "save_response_curve": "path, response, metadata=None, save_plot=True, plot_filename='response_curve.jpg'",
    "load_response_curve": "path",
    "calibrate_camera": "image_dir, response_file, samples_per_image=1000, sample_technique='random', max_processed_groups=10, "
    "smoothness=50.0, weight_type='triangle', low_clip=5, high_clip=250, seed=None, round_ts_to='30s'",
    "get_lne_range": "image_dir, response_file, round_ts_to='30s'",
    "create_and_save_hdr": "img_series, exposure_times, output_path, **kwargs_merging",
    "process_timestamp": "timestamp_group, root_dir, target_dir",
    "process_hdr_series": "asi_files, root_dir, target_dir, n_workers=0",
    "process_directory": "directory, save_dir, round_ts_to='30s', response_file=None, **kwargs",
    "_group_files_by_time": "directory, round_ts_to='30s'",
    "_parse_exposure_from_name": "name",
    "_save_response_plot": "response, out_path, include_mean=True, dpi=150",
}
REFERENCE_KEYS = {
    *("timestamp_utc", "input_directory", "samples_per_image", "sample_technique", "max_processed_groups", "smoothness"),
    *("weight_type", "low_clip", "high_clip", "seed", "num_groups_used", "channels", "lnE_range", "file_format", "algorithm"),
}


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_every_function_has_its_documented_arguments_and_defaults(name):
    parameters = inspect.signature(getattr(api, name)).parameters.values()
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters if p.name != "filetype"]
    assert ", ".join(str(p) for p in plain) == SIGNATURES[name]
    assert inspect.getdoc(getattr(api, name))
    assert name in dir(api)
    assert name in api.__all__ or name.startswith("_")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = api.nothing_such


@pytest.mark.parametrize(
    ("name", "exposure"),
    [
        ("20240614093000_80.jpg", 80),
        ("20240614093000_0012.PNG", 12),
        ("x_80.tif", 80),
        ("20240614093000+0200_7.jp2", 7),
        ("a_1.5.jpg", None),
        ("20240614093000.jpg", None),
        ("x_80", None),
        ("x_-80.jpg", None),
    ],
)
def test_exposures_in_names(name, exposure):
    assert api._parse_exposure_from_name(name) == exposure
    assert bool(api._EXPO_RE.search(name)) == (exposure is not None)


def test_groups_are_a_pandas_groupby_over_rounded_timestamps(tmp_path):
    for name in ("a/20240614093001_1.jpg", "20240614093029_2.png", "20240614093030_1.JPG", "latest.jpg", "note.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    groups = api._group_files_by_time(tmp_path)
    assert isinstance(groups, DataFrameGroupBy)
    assert {stamp.isoformat(): len(group) for stamp, group in groups} == {"2024-06-14T09:30:00": 2, "2024-06-14T09:30:30": 1}
    frame = groups.obj
    assert list(frame.columns) == ["filepath", "timestamp", "timestamp_rounded"]
    assert all(path.is_file() for path in frame["filepath"])
    assert len(api._group_files_by_time(tmp_path, "1min")) == 1
    assert len(api._group_files_by_time(tmp_path, None)) == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        api._group_files_by_time(tmp_path / "empty")


def test_timestamps_with_a_zone_are_grouped_in_utc(tmp_path):
    for name in ("20240614113000+0200_1.jpg", "20240614093005Z_2.jpg"):
        (tmp_path / name).touch()
    ((stamp, group),) = api._group_files_by_time(tmp_path)
    assert stamp == pd.Timestamp("2024-06-14T09:30:00Z")
    assert len(group) == 2
    (tmp_path / "20240614093005_1.jpg").touch()
    with pytest.raises(InputError, match="time zone"):
        api._group_files_by_time(tmp_path)


@pytest.mark.parametrize("shape", [(256, 3), (256, 1, 3), (256, 1), (256, 1, 1), (256,)])
def test_curves_and_metadata_come_back_as_they_were_saved(tmp_path, shape):
    rng = np.random.default_rng(0)
    response, metadata = rng.normal(size=shape), {"lnE_range": [-3.5, 2.0], "note": "Süd", "seed": None}
    api.save_response_curve(tmp_path / "new" / "curve", response, metadata)
    assert (tmp_path / "new" / "response_curve.jpg").is_file()
    found, kept = api.load_response_curve(tmp_path / "new" / "curve.npz")
    assert found.dtype == np.float32
    assert found.shape == (256, 3 if 3 in shape else 1)
    assert found == pytest.approx(response.reshape(256, -1), rel=1e-6)
    assert kept == metadata
    api.save_response_curve(tmp_path / "plain.npz", response, save_plot=False)
    assert api.load_response_curve(tmp_path / "plain.npz")[1] == {}
    assert not (tmp_path / "response_curve.jpg").exists()


def test_what_is_no_curve_is_refused(tmp_path):
    with pytest.raises(InputError, match="256"):
        api.save_response_curve(tmp_path / "x.npz", np.zeros((255, 3)))
    (tmp_path / "broken.npz").write_bytes(b"no curve")
    np.savez(tmp_path / "other.npz", other=np.zeros(3))
    for name in ("broken.npz", "other.npz", "missing.npz"):
        with pytest.raises(InputError, match=name):
            api.load_response_curve(tmp_path / name)


def test_a_file_as_the_reference_writes_it_is_used_and_ours_has_its_keys(tmp_path, sky):
    g = sky.camera.response_curve().ln_exposure.astype(np.float32)
    metadata = {"lnE_range": [0.0, 1.0], "algorithm": "Debevec", "file_format": "log-response"}
    np.savez(tmp_path / "theirs.npz", response=g[:, None, :], metadata=np.array(json.dumps(metadata)))
    assert read_curve(tmp_path / "theirs.npz").ln_exposure == pytest.approx(g)
    assert api.load_response_curve(tmp_path / "theirs.npz")[0].shape == (256, 3)

    sky.series(tmp_path / "in", 2)
    api.calibrate_camera(tmp_path / "in", tmp_path / "ours", max_processed_groups=2, seed=5)
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as file:
        assert file["response"].dtype == np.float32
        assert file["response"].shape == (256, 3)
        kept = json.loads(str(file["metadata"]))
    assert set(kept) >= REFERENCE_KEYS
    assert (kept["algorithm"], kept["smoothness"], kept["max_processed_groups"], kept["seed"]) == ("Debevec", 50.0, 2, 5)
    assert kept["num_groups_used"] == 2
    assert kept["lnE_range"] == pytest.approx(api.get_lne_range(tmp_path / "in", tmp_path / "ours.npz"), abs=1e-5)
    assert kept["timestamp_utc"].endswith("Z")


def test_calibration_returns_the_curve_and_finds_the_truth(tmp_path, sky):
    sky.series(tmp_path / "in", 4, size=192)
    for technique in ("random", "histogram"):
        response = api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz", 4000, technique, 3, seed=1)
        assert response.shape == (256, 1, 3)
        assert api.load_response_curve(tmp_path / "r.npz")[0] == pytest.approx(response[:, 0], abs=1e-6)
        off = (response[:, 0] - sky.camera.response_curve().ln_exposure)[20:236]
        assert np.sqrt(((off - off.mean(axis=0)) ** 2).mean()) < 0.03
    assert (tmp_path / "r.png").is_file()
    with pytest.raises(InputError, match="sample technique"):
        api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz", sample_technique="disc")
    with pytest.raises(InputError, match="weight"):
        api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz", weight_type="hat")


def test_the_range_is_that_of_the_curve_over_all_exposures(tmp_path, sky, sky_curve):
    for time in (*sky.times_us, 7):
        (tmp_path / f"20240614093000_{time}.jpg").touch()
    (tmp_path / "untimed_3.jpg").touch()
    g = sky.camera.response_curve().ln_exposure
    low, high = api.get_lne_range(tmp_path, sky_curve)
    assert (low, high) == pytest.approx((g.min() - np.log(51200), g.max() - np.log(7)), abs=1e-5)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "20240614093000.jpg").touch()
    with pytest.raises(InputError, match="EXPO"):
        api.get_lne_range(tmp_path / "x", sky_curve)


def photographs(sky, size=96):
    from hdrkit.simulate import simulate_bracket

    times = [1e-6 * time for time in sky.times_us]
    return [frame.pixels for frame in simulate_bracket(sky.radiance(size), sky.camera, times, 3)], list(sky.times_us)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("a.png", np.uint16), ("a.tif", np.uint16), ("a.tiff", np.uint16), ("a.jpg", np.uint8), ("a.JPEG", np.uint8)],
)
def test_pictures_for_the_display_by_suffix(tmp_path, sky, name, dtype):
    import cv2

    path = api.create_and_save_hdr(*photographs(sky), tmp_path / "new" / "folder" / name)
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture.dtype == dtype
    assert picture.shape == (96, 96, 3)
    assert picture[48, 48, 0] > picture[48, 48, 2]  # the sky is blue


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".pic"])
@pytest.mark.parametrize("algorithm", ["inverse-variance", "poisson", "debevec", "debevec_custom", "robertson"])
def test_radiance_by_suffix(tmp_path, sky, suffix, algorithm):
    response = sky.camera.response_curve().ln_exposure
    pictures, times = photographs(sky)
    path = api.create_and_save_hdr(pictures, times, tmp_path / f"a{suffix}", response=response[:, None], algorithm=algorithm)
    found = read_radiance(path).pixels / sky.scale(1e-6)
    bright = sky.radiance() > 0.5
    assert np.median(np.abs(found / np.maximum(sky.radiance(), 1e-6) - 1)[bright]) < 0.03


def test_fusion_and_the_order_of_pictures(tmp_path, sky):
    pictures, times = photographs(sky)
    api.create_and_save_hdr(pictures, times, tmp_path / "fused.png", algorithm="mertens")
    api.create_and_save_hdr(pictures, times, tmp_path / "a.exr")
    api.create_and_save_hdr(pictures[::-1], times[::-1], tmp_path / "b.exr")
    assert read_radiance(tmp_path / "a.exr").pixels == pytest.approx(read_radiance(tmp_path / "b.exr").pixels, rel=1e-5)
    assert (tmp_path / "fused.png").is_file()


def test_what_cannot_be_merged_says_why(tmp_path, sky):
    pictures, times = photographs(sky, 24)
    for arguments, options, error, match in [
        ((pictures, times, tmp_path / "a.gif"), {}, OutputError, "not a file type"),
        ((pictures, times[1:], tmp_path / "a.exr"), {}, InputError, "4 pictures with 3 exposure times"),
        ((pictures, times, tmp_path / "a.exr"), {"algorithm": "debevec_custom"}, InputError, "needs a response"),
        ((pictures, times, tmp_path / "a.exr"), {"algorithm": "magic"}, InputError, "no algorithm"),
        ((pictures, times, tmp_path / "a.exr"), {"weight_type": "hat"}, InputError, "no weight"),
        ((pictures, times, tmp_path / "a.exr"), {"saturation": 250}, TypeError, "saturation"),
        (([p.astype(np.int64) for p in pictures], times, tmp_path / "a.exr"), {}, InputError, "int64"),
        ((pictures, times, tmp_path / "a.exr"), {"response": np.zeros((100, 3))}, InputError, r"is \(256, C\).*not \(100, 3\)"),
    ]:
        with pytest.raises(error, match=match):
            api.create_and_save_hdr(*arguments, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_resolution_or_file_type_that_is_none_is_named(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 1)
    for call in (
        lambda: api._group_files_by_time(tmp_path / "in", "foo"),
        lambda: api.get_lne_range(tmp_path / "in", sky_curve, "foo"),
        lambda: api.calibrate_camera(tmp_path / "in", tmp_path / "r.npz", round_ts_to="foo"),
        lambda: api.process_directory(tmp_path / "in", tmp_path / "out", "foo"),
    ):
        with pytest.raises(InputError, match="round_ts_to 'foo' is no time resolution"):
            call()
    with pytest.raises(OutputError, match=r"filetype 'exr' does not begin with a dot; choose \.exr, "):
        api.process_directory(tmp_path / "in", tmp_path / "out", response_file=sky_curve, filetype="exr")


def indexed(root, paths, order=None):
    """The multi-index series of a root: timestamp and exposure to relative path."""
    stamps = [pd.Timestamp(f"{path.name[:8]}T{path.name[8:14]}") for path in paths]
    exposures = [api._parse_exposure_from_name(path.name) for path in paths]
    index = pd.MultiIndex.from_arrays([stamps, exposures], names=["timestamp", "exposure"])
    series = pd.Series([path.relative_to(root).as_posix() for path in paths], index=index)
    return series if order is None else series.iloc[order]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_series_gives_its_paths_by_timestamp(tmp_path, sky, workers):
    paths = sky.series(tmp_path / "in" / "2024" / "06", 3)
    found = api.process_hdr_series(indexed(tmp_path / "in", paths), str(tmp_path / "in"), str(tmp_path / "out"), workers)
    assert isinstance(found, pd.Series)
    assert found.index.name == "timestamp"
    assert list(found.index) == list(pd.date_range(sky.start, periods=3, freq="30s"))
    names = [path.relative_to(tmp_path / "out").as_posix() for path in found]
    assert names == [f"2024/06/2024061409{s}_hdr.jpg" for s in ("3000", "3030", "3100")]
    assert all(path.is_file() for path in found)


def test_a_timestamp_that_fails_is_missing_and_says_why(tmp_path, sky, caplog):
    paths = sky.series(tmp_path / "in", 3)
    for path in paths[4:8]:
        path.write_bytes(b"no picture")
    paths[8].unlink()
    with caplog.at_level(logging.WARNING):
        found = api.process_hdr_series(indexed(tmp_path / "in", paths), tmp_path / "in", tmp_path / "out", filetype=".exr")
    assert list(found.isna()) == [False, True, True]
    assert found.iloc[0].is_file()
    assert paths[4].name in caplog.text
    assert paths[8].name in caplog.text


def test_one_timestamp(tmp_path, sky, caplog):
    paths = sky.series(tmp_path / "in" / "day", 1)
    ((stamp, group),) = indexed(tmp_path / "in", paths).groupby(level=0)
    made = api.process_timestamp((stamp, group), tmp_path / "in", tmp_path / "out")
    assert made == tmp_path / "out" / "day" / "20240614093000_hdr.jpg"
    assert made.is_file()
    for path in paths[1:]:
        path.unlink()
    assert not api.process_timestamp((stamp, group), tmp_path / "in", tmp_path / "out")
    assert paths[1].name in caplog.text
    assert not api.process_timestamp((stamp, group.replace({group.iloc[0]: "../out.jpg"})), tmp_path / "in" / "day", tmp_path)


def test_aware_timestamps_keep_their_zone_in_the_name(tmp_path, sky):
    paths = sky.series(tmp_path / "in", 1)
    series = indexed(tmp_path / "in", paths)
    series.index = pd.MultiIndex.from_arrays(
        [series.index.get_level_values(0).tz_localize("Europe/Berlin"), series.index.get_level_values(1)]
    )
    found = api.process_hdr_series(series, tmp_path / "in", tmp_path / "out")
    assert found.iloc[0].name == "20240614093000+0200_hdr.jpg"


@pytest.mark.parametrize("filetype", [".exr", ".hdr", ".png", ".jpg"])
def test_a_directory_to_files_of_any_type(tmp_path, sky, sky_curve, filetype):
    sky.series(tmp_path / "in" / "2024" / "06", 2)
    assert api.process_directory(tmp_path / "in", tmp_path / "out", response_file=sky_curve, filetype=filetype) is None
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob(f"*{filetype}"))
    assert made == [f"2024/06/20240614093000_hdr{filetype}", f"2024/06/20240614093030_hdr{filetype}"]
    if filetype == ".png":
        assert np.asarray(Image.open(tmp_path / "out" / made[0])).shape == (96, 96, 3)


def test_a_directory_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        api.process_directory(tmp_path / "none", tmp_path / "out")
    with pytest.raises(TypeError, match="gain"):
        api.process_directory(tmp_path, tmp_path / "out", gain=3)
