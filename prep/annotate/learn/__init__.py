"""Learning from what people paint: pieces of photos, a small classifier, proposals that follow each stroke."""
