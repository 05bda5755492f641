"""Folders as people have them: which files are photos and which masks, how their names pair, and their splits."""
