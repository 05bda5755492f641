"""The one root of all errors that a user can fix."""


class SegError(Exception):
    """Root of every error a user can fix; its text says what is wrong, where, and what to do."""
