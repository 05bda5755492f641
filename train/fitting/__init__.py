"""One training: data, steps, validation, history, checkpoints."""
