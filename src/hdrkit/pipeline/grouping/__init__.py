"""The steps of `pipeline.group`: files to photographs with descriptors."""
