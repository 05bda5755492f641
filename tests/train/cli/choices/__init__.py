"""Commands that show what a training may be made of, and what it would choose."""
