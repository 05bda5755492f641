"""The one root of all errors that a user can fix; and the interruption of a command that has not begun yet."""


class SegError(Exception):
    """Root of every error a user can fix; its text says what is wrong, where, and what to do."""


class StillWaiting(KeyboardInterrupt):
    """Interrupted while it waited for others to end their work, before it began its own."""
