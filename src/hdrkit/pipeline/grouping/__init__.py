"""The steps of `pipeline.group`: files to photographs with descriptors, lists of pairs to contents, evidence to views."""
