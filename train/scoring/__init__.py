"""Scores one can believe: confusion matrix, intervals, comparison of runs."""
