"""What the values of raw labels mean: class maps, names without numbers, values of no class, a proposal."""
