"""A series over its time: a timeline of pictures, the keogram and the film that are made of it."""
