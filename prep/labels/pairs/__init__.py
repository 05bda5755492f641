"""Pairs of photos and labels that equal names do not tell: by names in folders, and by numbers."""
