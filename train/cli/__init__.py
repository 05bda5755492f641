"""The commands of seg-train, a file each."""
