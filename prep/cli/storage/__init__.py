"""Commands on object storage, and what lets the others take URLs."""
