"""What is done with raw labels, as it is typed."""
