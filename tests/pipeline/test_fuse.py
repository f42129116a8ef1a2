import numpy as np
import pytest

from hdrkit import AlignmentOptions, InputOptions, MergeOptions, RenderOptions, fuse, merge, read_bracket
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


def test_the_controls_of_pictures_change_it(tmp_path, shoot):
    shoot(tmp_path, times_s=(1 / 64, 1 / 16, 1 / 4))
    stack = read_bracket(tmp_path)

    def fused(**controls):
        return fuse(stack, STILL, rendering=RenderOptions(**controls)).picture

    plain = fuse(stack, STILL).picture
    np.testing.assert_array_equal(fused(), plain)
    assert fused(exposure=1).mean() > plain.mean() + 0.05
    assert np.ptp(fused(saturation=-1), axis=2).max() < 1e-6
