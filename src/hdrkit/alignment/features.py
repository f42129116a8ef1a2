"""Matching of local features, for motion that is too large for registration of brightness: SIFT (Lowe 2004) and MAGSAC++."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.planes import Matrix, Plane
from hdrkit.imaging.depth import eight_bit

MATCHING_PX = 1200
MAX_FEATURES = 4000
RATIO = 0.8
INLIER_PX = 1.5
MIN_INLIERS = 12
MIN_INLIER_SHARE = 0.25
SPREAD = 0.25  # the motion may include tilt if the inliers span this share of the width or height of the picture

Floats = NDArray[np.float64]


def match(template: list[Plane], moving: list[Plane]) -> Matrix | None:
    """The motion (3, 3) in frame pixels that maps template to moving; pyramids coarsest first. None if too few points match."""
    level = max((i for i, plane in enumerate(template) if max(plane.size) <= MATCHING_PX), default=0)
    pair = template[level], moving[level]
    points = _matches(*pair)
    if points is None:
        return None
    motion, inliers = cv2.findHomography(*points, cv2.USAC_MAGSAC, INLIER_PX, maxIters=5000, confidence=0.999)
    if motion is None or not _enough(inliers.ravel() > 0):
        return None
    kept = points[0][inliers.ravel() > 0]
    if (np.ptp(kept, axis=0) < SPREAD * np.array(pair[0].size)).any():
        similar, inliers = cv2.estimateAffinePartial2D(*points, ransacReprojThreshold=INLIER_PX)
        if similar is None or not _enough(inliers.ravel() > 0):
            return None
        motion = np.vstack([similar, [0, 0, 1]])
    return pair[0].to_frame(np.asarray(motion, np.float64))


def _enough(inliers: NDArray[np.bool_]) -> bool:
    return int(inliers.sum()) >= MIN_INLIERS and float(inliers.mean()) >= MIN_INLIER_SHARE


def _matches(template: Plane, moving: Plane) -> tuple[Floats, Floats] | None:
    """Points (N, 2) of both planes that choose each other, with a margin over the second choice."""
    sift = cv2.SIFT.create(nfeatures=MAX_FEATURES, contrastThreshold=0.02)
    keys, descriptors = zip(*(sift.detectAndCompute(_equalised(plane), plane.lit) for plane in (template, moving)), strict=True)
    if any(found is None or len(found) < MIN_INLIERS for found in descriptors):
        return None
    root = [np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9)) for found in descriptors]
    distance = 2 - 2 * root[0] @ root[1].T
    every, best = np.arange(len(distance)), distance.argmin(axis=1)
    mutual = distance.argmin(axis=0)[best] == every
    first = distance[every, best]
    distance[every, best] = np.inf
    chosen = np.flatnonzero(mutual & (first < RATIO**2 * distance.min(axis=1)))
    if len(chosen) < MIN_INLIERS:
        return None
    positions = [np.array(cv2.KeyPoint.convert(key), np.float64) for key in keys]
    return positions[0][chosen], positions[1][best[chosen]]


def _equalised(plane: Plane) -> NDArray[np.uint8]:
    """An 8-bit plane with locally equal use of all codes, so that shadows of a short exposure have features, too."""
    return np.asarray(cv2.createCLAHE(4.0, (8, 8)).apply(eight_bit(plane.values, 1)), np.uint8)
