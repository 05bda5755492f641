"""Formats with a value for each pixel: colours, ids, and the layouts that tools give them."""
