"""What the values of raw labels mean."""
