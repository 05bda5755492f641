"""Pairs that equal names do not tell."""
