"""The steps of `pipeline.merge`: which frames take part, with which exposures, and the plan of the merge."""
