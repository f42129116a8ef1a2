from pathlib import Path

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.inputs.options import InputOptions
from hdrkit.pipeline.cameras import CameraKind, best_brackets, by_camera, doubted, kind_of, learned, predicts_better, with_unknown
from hdrkit.types import Bracket, Encoding, Exposure, ExposureEstimate, ExposureSource, MergeReport, Photo, PredictionReport

A, B = CameraKind("Maker A", Encoding.ENCODED8), CameraKind("Maker B", Encoding.ENCODED8)
UNKNOWN = CameraKind("", Encoding.ENCODED8)


def bracket(name, times=(1.0, 2.0), camera="Maker A", encoding=Encoding.ENCODED8, source=ExposureSource.EXIF):
    photos = [Photo(Path(f"{name}{t}.jpg"), 8, 6, encoding, Exposure(t, source=source), camera) for t in times]
    return Bracket(name, tuple(photos))


def names(brackets):
    return "".join(one.name for one in brackets)


def test_each_camera_and_depth_has_its_own_brackets():
    deep = CameraKind("Maker A", Encoding.ENCODED16)
    found = by_camera([bracket("a"), bracket("b", camera="Maker B"), bracket("c"), bracket("d", encoding=Encoding.ENCODED16)])
    assert {kind: names(its) for kind, its in found.items()} == {A: "ac", B: "b", deep: "d"}
    assert [kind.file_stem for kind in found] == ["Maker_A", "Maker_B", "Maker_A_16bit"]
    mixed = Bracket("m", (bracket("x").photos[0], bracket("y", camera="Maker B").photos[0]))
    assert kind_of(mixed) is None
    assert list(by_camera([mixed])) == [A]


def test_an_unknown_camera_is_the_only_one_that_is_known():
    one = by_camera([bracket("a"), bracket("b", camera="")])
    assert {kind: names(its) for kind, its in with_unknown(one).items()} == {A: "ab"}
    two = by_camera([bracket("a"), bracket("b", camera=""), bracket("c", camera="Maker B")])
    assert {kind: names(its) for kind, its in with_unknown(two).items()} == {A: "a", UNKNOWN: "b", B: "c"}


def test_brackets_of_more_exposures_and_range_come_first():
    few = [bracket(name, (1.0, 2.0)) for name in "abcdefgh"]
    assert names(best_brackets(few, 4)) == "bdfh"
    assert names(best_brackets(few[:3], 4)) == "abc"
    wide, many = bracket("w", (1.0, 30.0)), bracket("m", (1.0, 2.0, 4.0))
    assert names(best_brackets([*few, wide, many], 2)) == "wm"
    assert names(best_brackets([*few, wide, many], 4)) == "cgwm"


def merged(error, trusted=True, estimated=()):
    prediction = None if error is None else PredictionReport(error, 3 * error, (error,))
    return MergeReport("a", "", "", (), (), (8, 6), prediction=prediction, trusted=trusted, estimated=estimated)


def test_frames_that_predict_each_other_badly_doubt_the_curve_of_their_camera():
    measured = (ExposureEstimate("a", 1.0, 2.0, 0.1),)
    assert not doubted(merged(4.0), False)
    assert not doubted(merged(None), False)
    assert doubted(merged(9.0), False)
    assert doubted(merged(4.0, trusted=False), False)
    assert doubted(merged(4.0, estimated=measured), False)
    assert not doubted(merged(4.0, estimated=measured), True)


def test_the_curve_that_predicts_better_is_taken():
    assert predicts_better(merged(3.0), merged(9.0))
    assert not predicts_better(merged(9.5), merged(9.0))
    assert predicts_better(merged(None), merged(40.0, trusted=False))
    assert not predicts_better(merged(None, trusted=False), merged(40.0, trusted=False))


def test_brackets_with_a_hole_give_no_curve():
    holes = [bracket(name, (1.0, 512.0, 1024.0, 2048.0)) for name in "hi"]
    assert names(best_brackets([*holes, bracket("a")])) == "a"
    assert best_brackets(holes) == []
    assert learned(holes, AlignmentOptions(), InputOptions()) is None
