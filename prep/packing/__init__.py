"""A dataset as a few large files: tar shards in WebDataset's layout with an index, and back, byte for byte."""
