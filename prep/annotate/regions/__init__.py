"""What the tools of the page find in a photo: flood fill, superpixels, the live-wire."""
