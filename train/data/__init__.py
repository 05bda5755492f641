"""Training pixels: crops, random changes, prefetching."""
