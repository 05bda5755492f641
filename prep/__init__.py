"""From raw photos and raw labels to a dataset one can trust; imports no torch."""
