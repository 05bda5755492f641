"""Labels become masks: what their values mean, which photo each belongs to, what is odd."""
