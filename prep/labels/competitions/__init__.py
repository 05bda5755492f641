"""Formats of competitions: run lengths in CSV files."""
