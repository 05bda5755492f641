"""The minutes of a training: where they go, what they are enough for."""
