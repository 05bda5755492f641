"""Regions of any tool: polygons, runs and bitmaps become masks, within the sizes of their photos."""
