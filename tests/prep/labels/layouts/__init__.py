"""Folders as people have them."""
