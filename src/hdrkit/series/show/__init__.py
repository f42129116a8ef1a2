"""Shows a series over time: the timeline of its pictures, the keogram and the film."""
