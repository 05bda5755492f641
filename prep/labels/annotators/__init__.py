"""Formats of annotation tools, mostly a JSON file for each photo, with polygons and bitmaps of named objects."""
