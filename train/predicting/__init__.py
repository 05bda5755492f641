"""Photos, datasets, huge TIFFs and videos in; masks, overlays, polygons, probabilities out."""
