"""Why a request is turned down, with the HTTP status that says so to programs."""


class Refusal(Exception):
    """A request that is turned down; its text tells a person what is wrong and what to do.

    status: of HTTP, 400..599.  retry_after: seconds after which the same request may succeed.
    """

    def __init__(self, status: int, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after
