"""Formats of competitions."""
