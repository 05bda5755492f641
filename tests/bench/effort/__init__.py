"""A robot that labels photos whose masks are known, and counts gestures and seconds: what each tool of the page costs."""
