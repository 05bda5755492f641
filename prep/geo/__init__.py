"""Where rasters lie on the earth: geo-referencing of files, coordinate systems, pixels without data."""
