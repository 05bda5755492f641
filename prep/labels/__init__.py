"""Raw labels: a module for each format, and the registry that knows which one reads what."""
