"""A network that is trained while people label, and proposes once it is better than what strokes teach."""
