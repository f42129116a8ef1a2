"""The separable estimators, each in its own file, and the table from a name to its estimator.

Exposure fusion is not an estimator: see `merging.fusion`.
"""
