"""Synthetic images of lines and ellipses."""
