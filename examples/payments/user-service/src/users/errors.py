"""The ways the service says no, each with the HTTP status it is answered with."""

from http import HTTPStatus


class RefusedError(Exception):
    """A request that cannot be granted; its text is what the caller reads."""

    status: HTTPStatus


class ValidationError(RefusedError):
    """What was sent cannot be a user."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, problem: str) -> None:
        super().__init__(f"invalid input: {problem}")


class AuthenticationError(RefusedError):
    """Nobody we know is asking."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, problem: str) -> None:
        super().__init__(f"Authentication failed: {problem}")


class EmailTakenError(RefusedError):
    """Somebody has registered with that address before."""

    status = HTTPStatus.CONFLICT

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is registered already")


class NotFoundError(RefusedError):
    """There is nothing under that address."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self, what: str) -> None:
        super().__init__(f"not found: {what}")
