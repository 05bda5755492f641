"""Formats with a value for each pixel."""
