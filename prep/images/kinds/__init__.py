"""Files of one kind: what is read and written of them here rather than by a library."""
