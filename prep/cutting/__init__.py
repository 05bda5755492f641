"""Rasters with a place on the earth are cut into samples, together with their labels."""
