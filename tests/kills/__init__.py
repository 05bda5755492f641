"""kill -9 before every write of every command, and the same command again: the same bytes, and nothing left over."""
