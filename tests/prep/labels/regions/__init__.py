"""Formats of named regions."""
