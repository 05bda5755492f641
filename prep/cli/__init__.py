"""The commands of seg-prep, a file each."""
