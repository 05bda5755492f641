"""Formats of named regions: polygons, run lengths, bitmaps of single objects."""
