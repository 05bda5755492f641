"""Labelling by hand in the browser; page/ is what the browser gets."""
