"""What the pages of annotate and serve share: who may ask, errors in words, the server."""
