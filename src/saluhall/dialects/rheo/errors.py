"""How the facts of the domain sound to a Rheo client: one table."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from saluhall.dialect import (
    BodyTooLarge,
    Invalid,
    Malformed,
    NoSuchRoute,
    Overloaded,
    Reply,
    Retired,
    Unexpected,
    WrongMethod,
)
from saluhall.dialects.rheo.wire import Detail, Error
from saluhall.domain.accounts.model import (
    AccountNotFound,
    AccountSuspended,
    AccountTaken,
    RateLimited,
    UnknownKey,
)
from saluhall.domain.catalogs.model import CatalogNotFound, CatalogTaken
from saluhall.domain.orders.model import (
    ChangePending,
    OrderCancelled,
    OrderNotFound,
    TrackingWithoutCourier,
)
from saluhall.domain.products.model import ParentNotFound, ProductNotFound, SkuRepeated, SkuTaken
from saluhall.domain.sessions.model import (
    InvalidCredentials,
    SessionEnded,
    SignInThrottled,
    TokenReplaced,
)
from saluhall.domain.webhooks.model import BadEndpoint

_BUSY_WAIT_S = "1"
_NO_ITEM = "No item found with this external ID"


class InvalidStatus(Exception):
    """The status asked for is neither `sold` nor `not_listed`."""


SPOKEN: Mapping[type[Exception], tuple[int, str, str]] = {
    Malformed: (400, "BAD_REQUEST", "Malformed request: the body must be JSON, all of it UTF-8"),
    UnknownKey: (401, "UNAUTHORIZED", "Invalid or missing API key"),
    ProductNotFound: (404, "NOT_FOUND", _NO_ITEM),
    NoSuchRoute: (404, "NOT_FOUND", "Not found"),
    WrongMethod: (405, "METHOD_NOT_ALLOWED", "Method not allowed"),
    BodyTooLarge: (413, "PAYLOAD_TOO_LARGE", "Request body is too large"),
    Invalid: (422, "VALIDATION_FAILED", "Validation failed"),
    ParentNotFound: (422, "VALIDATION_FAILED", "Validation failed"),
    InvalidStatus: (422, "INVALID_STATUS", "Invalid status. Must be 'sold' or 'not_listed'"),
    RateLimited: (429, "RATE_LIMIT_EXCEEDED", "Too many requests"),
    Overloaded: (503, "SERVICE_UNAVAILABLE", "Service is busy, try again shortly"),
    Unexpected: (500, "INTERNAL_ERROR", "Internal server error"),
}

# What no route of this dialect can run into, and why.
NOT_SPOKEN: Mapping[type[Exception], str] = {
    AccountNotFound: "accounts are opened and named on the command line",
    AccountTaken: "accounts are opened and named on the command line",
    CatalogTaken: "catalogs are made on the command line",
    BadEndpoint: "the webhook address is set on the command line",
    AccountSuspended: "the key of a suspended account is an unknown key",
    Retired: "nothing of this API is retired",
    CatalogNotFound: "items stand in the system catalog",
    SkuTaken: "a PUT creates or updates",
    SkuRepeated: "a PUT has one item",
    OrderNotFound: "orders are not told here",
    OrderCancelled: "orders are not told here",
    ChangePending: "orders are not told here",
    TrackingWithoutCourier: "orders are not told here",
    InvalidCredentials: "nobody signs in here",
    SignInThrottled: "nobody signs in here",
    SessionEnded: "nobody signs in here",
    TokenReplaced: "nobody signs in here",
}


def say(fact: Exception) -> Reply | None:
    """Put a fact in Rheo's words; None when Rheo has none for it."""
    spoken = SPOKEN.get(type(fact))
    if spoken is None:
        return None
    status, code, message = spoken
    body = Error(error=message, code=code, details=_details(fact), statusCode=status)
    return Reply(status=status, body=body, headers=_headers(fact))


def _details(fact: Exception) -> list[Detail] | UnsetType:
    match fact:
        case Invalid():
            return [Detail(problem.field, problem.message) for problem in fact.problems]
        case ParentNotFound():
            return [Detail("parentExternalId", _NO_ITEM)]
        case _:
            return UNSET


def _headers(fact: Exception) -> dict[str, str]:
    if isinstance(fact, Overloaded):
        return {"Retry-After": _BUSY_WAIT_S}
    if not isinstance(fact, RateLimited):
        return {}
    tier, wait_s = fact.tier, fact.retry_after_s
    return {
        "Retry-After": str(wait_s),
        "RateLimit-Policy": f'"{tier.name}";q={tier.per_second};w=1',
        "RateLimit": f'"{tier.name}";r=0;t={wait_s}',
    }
