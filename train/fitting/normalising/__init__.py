"""Batch normalisation: over the batches of all processes, and its running statistics at the end of a training."""
