"""The main path: files -> brackets -> response curve -> radiance -> files. Stages in order, and nothing clever between."""

from hdrkit.pipeline.calibrating import calibrate as calibrate
from hdrkit.pipeline.calibrating import stamped as stamped
from hdrkit.pipeline.merging import ln_range as ln_range
from hdrkit.pipeline.merging import merge as merge
from hdrkit.pipeline.plan import MergePlan as MergePlan
from hdrkit.pipeline.plan import plan_merge as plan_merge
