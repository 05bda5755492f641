"""Likely label errors: where a label and a confident model disagree."""
