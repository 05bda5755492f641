"""Where a dataset is that nobody has named, and when it has to be named."""
