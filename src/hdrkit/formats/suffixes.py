"""The suffixes of the files that hdrkit knows."""

from __future__ import annotations

ENCODED_SUFFIXES = frozenset([".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".jp2", ".j2k", ".bmp", ".avif"])
RAW_SUFFIXES = frozenset(
    [
        ".3fr",
        ".arw",
        ".cr2",
        ".cr3",
        ".crw",
        ".dcr",
        ".dng",
        ".erf",
        ".fff",
        ".iiq",
        ".k25",
        ".kdc",
        ".mef",
        ".mos",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
        ".raf",
        ".raw",
        ".rw2",
        ".rwl",
        ".sr2",
        ".srf",
        ".srw",
        ".x3f",
    ]
)
SIDECAR_SUFFIX = ".xmp"  # of what belongs to a photograph: no file that somebody may miss
CURVE_SUFFIXES = frozenset([".npz", ".npy", ".m", ".rsp"])
FLOAT_SUFFIXES = frozenset([".exr", ".hdr", ".pic"])
