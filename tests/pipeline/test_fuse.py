import numpy as np
import pytest

from hdrkit import AlignmentOptions, InputOptions, MergeOptions, fuse, merge, read_bracket
from hdrkit.errors import InputError

STILL = AlignmentOptions(method="none")


def test_a_merge_by_mertens_is_a_fusion(tmp_path, shoot):
    paths = shoot(tmp_path, times_s=(1 / 64, 1 / 16, 1 / 4))
    merged = merge(tmp_path, options=MergeOptions(estimator="mertens"), alignment=STILL)
    for source in (tmp_path, paths[::-1], read_bracket(tmp_path)):
        fusion = fuse(source, STILL)
        np.testing.assert_array_equal(fusion.picture, merged.fused)
        assert fusion.report.size == merged.report.size == (72, 48)
    assert fusion.report == merged.report
    assert (fusion.report.estimator, fusion.report.exposures) == ("mertens", ())
    assert fusion.picture.min() >= 0
    assert fusion.picture.max() <= 1


def test_too_few_frames_are_refused(tmp_path, shoot):
    shoot(tmp_path, times_s=(1 / 64, 1 / 16))
    with pytest.raises(InputError, match="--min-frames asks for 3"):
        fuse(read_bracket(tmp_path), inputs=InputOptions(min_frames=3))
