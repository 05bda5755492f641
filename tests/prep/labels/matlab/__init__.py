"""MATLAB's files, written by the tests themselves."""
