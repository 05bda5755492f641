"""Predictions that lie on the earth."""
