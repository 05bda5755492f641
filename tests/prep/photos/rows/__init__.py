"""Very large TIFF files, a few rows at a time."""
