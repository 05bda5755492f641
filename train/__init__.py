"""From a dataset to a model with scores one can believe; all that imports torch."""
