"""Whole images of any size by overlapping windows."""
