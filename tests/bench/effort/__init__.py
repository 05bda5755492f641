"""A robot that labels photos whose masks are known: gestures and seconds that each tool of the page costs."""
