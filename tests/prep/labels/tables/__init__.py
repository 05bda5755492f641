"""Class tables as the tools write them."""
