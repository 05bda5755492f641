"""How alike images are: near-duplicates, by their low frequencies and their details."""
