"""Pixels without a dataset: image files, sizes, geometry, polygons, run lengths, likeness."""
