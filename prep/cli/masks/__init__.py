"""seg-prep masks: what is done with raw labels."""
