"""What the page asks for below /api."""
