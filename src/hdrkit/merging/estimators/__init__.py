"""The separable estimators, a file each, and the table from a name to its estimator.

Exposure fusion is none: see `merging.fusion`.
"""
