"""Samples are dealt out to train, val and test, or to folds."""
