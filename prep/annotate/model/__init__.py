"""What a model proposes while people label."""
