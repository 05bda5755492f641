"""What the pages of annotate and serve share."""
