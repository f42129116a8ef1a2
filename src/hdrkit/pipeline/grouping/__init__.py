"""The steps of `pipeline.group`: read photographs and describe them, read lists of pairs, find views."""
