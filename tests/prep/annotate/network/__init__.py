"""The network that is trained while people label."""
