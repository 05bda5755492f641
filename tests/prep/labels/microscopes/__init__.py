"""Formats of programs for microscopy."""
