"""What the marketplace says no with, and how each no sounds over HTTP."""


class Refused(Exception):
    """The request is understood and not accepted."""


class UnknownApp(Exception):
    """The application id or key is missing or wrong."""


class Denied(Exception):
    """The user is unknown, or the token is wrong or has expired."""


class Missing(Exception):
    """There is no such thing, or it belongs to somebody else."""


class QuotaSpent(Exception):
    """The application has used up its calls of the day."""


class TooLarge(Exception):
    """The body is larger than this call takes."""


class Conflicting(Exception):
    """A control call asks for what the item's state does not allow."""


class Crashed(Exception):
    """The marketplace falls over on this input, as the real one does."""


SERVER_FAULT = 500
ERROR_RESPONSES: dict[type[Exception], tuple[int, str]] = {
    Refused: (400, "BadRequest"),
    UnknownApp: (401, "Unauthorized"),
    Denied: (403, "Forbidden"),
    Missing: (404, "NotFound"),
    Conflicting: (409, "Conflict"),
    TooLarge: (413, "PayloadTooLarge"),
    QuotaSpent: (429, "TooManyRequests"),
    Crashed: (500, "InternalServerError"),
}

CODES: dict[int, str] = dict(ERROR_RESPONSES.values()) | {
    405: "MethodNotAllowed",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


def code_of(status: int) -> str:
    """Name the code word that goes with a status."""
    return CODES.get(status, "InternalServerError" if status >= SERVER_FAULT else "BadRequest")
