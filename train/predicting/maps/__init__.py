"""Predictions that lie on the earth: GeoTIFFs of masks and of probabilities, polygons in map units."""
