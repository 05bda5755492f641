"""Patches of a dataset: where they lie, how they are cut, and the folder that holds them."""
