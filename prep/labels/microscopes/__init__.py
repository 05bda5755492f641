"""Formats of programs for microscopy: ImageJ, QuPath."""
