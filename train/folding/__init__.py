"""Cross-validation: a model for each fold, scored on what it has not learned, and their mean."""
