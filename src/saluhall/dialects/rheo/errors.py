"""How the facts of the domain sound to a Rheo client: one table."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from saluhall.dialect import (
    BodyTooLarge,
    BodyTooSlow,
    Invalid,
    Malformed,
    NoSuchRoute,
    Overloaded,
    Reply,
    Retired,
    TooManyExports,
    Unexpected,
    Unreadable,
    WrongMethod,
)
from saluhall.dialects.rheo.wire import Detail, Error
from saluhall.domain.accounts.model import (
    AccountNotFound,
    AccountSuspended,
    AccountTaken,
    BadCurrency,
    BadRate,
    BadSubject,
    BadTimeZone,
    ExpiresInPast,
    KeyNotFound,
    LastOwner,
    NotPermitted,
    RateLimited,
    SubjectTaken,
    TooManyKeys,
    UnknownKey,
    UnknownSubject,
    UserNotFound,
)
from saluhall.domain.attention.model import EntryNotFound
from saluhall.domain.catalogs.model import CatalogInUse, CatalogNotFound, CatalogTaken
from saluhall.domain.connections.model import ConnectionNotFound, ListingsAreLive
from saluhall.domain.idempotency.model import RequestDiffers, RequestInFlight, ResponseUnreadable
from saluhall.domain.members.model import ExternalIdTaken, MemberNotFound
from saluhall.domain.offers.model import OfferNotFound, OfferRefused, PolicyRefused
from saluhall.domain.orders.model import (
    ChangePending,
    LineNotFound,
    MatchRefused,
    NotShippedBySeller,
    OrderCancelled,
    OrderNotFound,
    OrderShipped,
    RefundRefused,
    TagRefused,
    TooManyUnits,
    TrackingWithoutCarrier,
)
from saluhall.domain.partner_business.model import (
    BadDeal,
    CannotJoin,
    NotAReseller,
    ProfileNotFound,
    SlugTaken,
)
from saluhall.domain.partner_business.subscriptions import SubscriptionEnded
from saluhall.domain.products.model import ParentNotFound, ProductNotFound, SkuRepeated, SkuTaken
from saluhall.domain.removals.model import AccountBusy, NotSuspended
from saluhall.domain.sessions.model import (
    MIN_PASSWORD_LENGTH,
    InvalidCredentials,
    SessionEnded,
    SessionNotFound,
    SignInThrottled,
    TokenReplaced,
    WeakPassword,
    WrongPassword,
)
from saluhall.domain.webhooks.model import (
    AttemptNotFound,
    BadEndpoint,
    EndpointNotFound,
    NoMembers,
    ReplayRunning,
    TooManyEndpoints,
    UnknownEventType,
)
from saluhall.kit.jwt import TokenExpired

_BUSY_WAIT_S = "1"
_NO_ITEM = "No item found with this external ID"
_NO_ACCESS = "Invalid or missing access token"
_EXPIRED = "Access token has expired"


class InvalidStatus(Exception):
    """The status asked for is neither `sold` nor `not_listed`."""


class NoMapping(Exception):
    """The category has no counterpart at the other marketplace, as far as the tables know."""


class PlateUnknown(Exception):
    """The provider knows no vehicle with this plate."""


class NoProvider(Exception):
    """The operator has named nobody who knows vehicles."""


class ProviderFailed(Exception):
    """The provider of vehicles gave no usable response; the message says why, to the log."""


class BadAccess(Exception):
    """There is no access token, or none of ours."""


class BadRefresh(Exception):
    """The refresh token does not give new tokens: it is none of ours, has expired, or was used before."""


class NoCheckout(Exception):
    """The operator sells no subscriptions."""


class CheckoutFailed(Exception):
    """The payment provider gave no page to pay on."""


# An empty text means the fact's own.
ERROR_RESPONSES: Mapping[type[Exception], tuple[int, str, str]] = {
    Malformed: (400, "BAD_REQUEST", "Malformed request: the body must be JSON, all of it UTF-8"),
    Unreadable: (400, "BAD_REQUEST", ""),
    UnknownKey: (401, "UNAUTHORIZED", "Invalid or missing API key"),
    BadAccess: (401, "UNAUTHORIZED", _NO_ACCESS),
    UnknownSubject: (401, "UNAUTHORIZED", _NO_ACCESS),
    SessionEnded: (401, "UNAUTHORIZED", _NO_ACCESS),
    TokenReplaced: (401, "TOKEN_EXPIRED", _EXPIRED),
    TokenExpired: (401, "TOKEN_EXPIRED", _EXPIRED),
    BadRefresh: (401, "UNAUTHORIZED", "Invalid or expired refresh token"),
    InvalidCredentials: (401, "INVALID_CREDENTIALS", "Invalid username or password"),
    AccountSuspended: (403, "ACCOUNT_SUSPENDED", "Account is suspended"),
    NotPermitted: (403, "FORBIDDEN", ""),
    ProductNotFound: (404, "NOT_FOUND", _NO_ITEM),
    WrongPassword: (403, "WRONG_PASSWORD", "The current password is not right"),
    WeakPassword: (422, "VALIDATION_FAILED", "Validation failed"),
    SessionNotFound: (404, "NOT_FOUND", "No open session found with this ID"),
    KeyNotFound: (404, "NOT_FOUND", "API key not found"),
    EndpointNotFound: (404, "NOT_FOUND", "No webhook endpoint found with this ID"),
    AttemptNotFound: (404, "NOT_FOUND", "No webhook delivery found with this ID"),
    MemberNotFound: (404, "NOT_FOUND", "Not found"),
    ProfileNotFound: (404, "NOT_FOUND", "Not found"),
    NoSuchRoute: (404, "NOT_FOUND", "Not found"),
    WrongMethod: (405, "METHOD_NOT_ALLOWED", "Method not allowed"),
    BodyTooSlow: (408, "REQUEST_TIMEOUT", "The request body took too long to arrive"),
    RequestInFlight: (
        409,
        "REQUEST_IN_FLIGHT",
        "A request with this Idempotency-Key is being answered at this moment",
    ),
    ResponseUnreadable: (
        409,
        "IDEMPOTENT_ANSWER_LOST",
        "This request was answered before, but its answer can no longer be read",
    ),
    TooManyKeys: (409, "TOO_MANY_KEYS", "Too many API keys: revoke one first"),
    TooManyEndpoints: (409, "TOO_MANY_WEBHOOKS", "Too many webhook endpoints: delete one first"),
    ReplayRunning: (409, "REPLAY_RUNNING", "A replay to this webhook endpoint is already running"),
    ExternalIdTaken: (409, "CONFLICT", "Another connection has this external ID"),
    SlugTaken: (409, "CONFLICT", "Another profile has this slug"),
    NotAReseller: (409, "CONFLICT", "This profile takes no connections"),
    CannotJoin: (409, "CONFLICT", "A reseller cannot be connected to a reseller"),
    BodyTooLarge: (413, "PAYLOAD_TOO_LARGE", "Request body is too large"),
    Invalid: (422, "VALIDATION_FAILED", "Validation failed"),
    NoMembers: (422, "VALIDATION_FAILED", "Validation failed"),
    ParentNotFound: (422, "VALIDATION_FAILED", "Validation failed"),
    RequestDiffers: (
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "This Idempotency-Key named another request before",
    ),
    InvalidStatus: (422, "INVALID_STATUS", "Invalid status. Must be 'sold' or 'not_listed'"),
    RateLimited: (429, "RATE_LIMIT_EXCEEDED", "Too many requests"),
    SignInThrottled: (429, "RATE_LIMIT_EXCEEDED", "Too many failed sign-ins"),
    OrderNotFound: (404, "NOT_FOUND", "No order found with this ID"),
    NoMapping: (404, "NOT_FOUND", "No mapping found for this category"),
    PlateUnknown: (404, "NOT_FOUND", "No vehicle found with this registration plate"),
    NotShippedBySeller: (
        409,
        "NOT_SELLER_SHIPPED",
        "Tracking is reported only for items with shippingStrategy 'seller_shipped'",
    ),
    OrderCancelled: (409, "ORDER_CANCELLED", "Order is cancelled"),
    NoProvider: (501, "NOT_IMPLEMENTED", "Vehicles cannot be looked up here"),
    ProviderFailed: (502, "BAD_GATEWAY", "Vehicle lookup failed, try again later"),
    NoCheckout: (501, "NOT_IMPLEMENTED", "Subscriptions cannot be bought here"),
    CheckoutFailed: (502, "BAD_GATEWAY", "The payment provider did not answer, try again shortly"),
    Overloaded: (503, "SERVICE_UNAVAILABLE", "Service is busy, try again shortly"),
    Unexpected: (500, "INTERNAL_ERROR", "Internal server error"),
}

# What no route of this dialect can run into, and why.
UNREACHABLE_ERRORS: Mapping[type[Exception], str] = {
    AccountBusy: "accounts are removed on the command line",
    CatalogInUse: "catalogs are removed on the command line",
    ConnectionNotFound: "connections are managed on the command line",
    ListingsAreLive: "connections are removed on the command line",
    OfferNotFound: "offers are ended on the command line",
    OfferRefused: "offers are made on the command line",
    PolicyRefused: "policies are set on the command line",
    NotSuspended: "accounts are removed on the command line",
    AccountNotFound: "accounts are opened and named on the command line",
    AccountTaken: "accounts are opened and named on the command line",
    EntryNotFound: "what waits for a person is listed on the command line",
    BadTimeZone: "the clock of an account is set on the command line",
    BadCurrency: "the currency of an account is set on the command line",
    BadRate: "a rate of an account is set on the command line",
    BadDeal: "deals are granted on the command line",
    SubscriptionEnded: "an account with an ended subscription has the free tier here",
    ExpiresInPast: "keys get an end on the command line",
    LastOwner: "users and roles are managed on the command line",
    BadSubject: "users are linked on the command line",
    UserNotFound: "users are linked on the command line",
    SubjectTaken: "users are linked on the command line",
    CatalogTaken: "catalogs are made on the command line",
    UnknownEventType: "event types are checked with the shape of the body",
    BadEndpoint: "the routes name the field that has the address",
    TooManyExports: "nothing is exported here",
    Retired: "nothing of this API is retired",
    CatalogNotFound: "items are in the system catalog",
    SkuTaken: "a PUT creates or updates",
    SkuRepeated: "a PUT has one item; in a batch it is in the item's reason",
    ChangePending: "an order is only ever set to sent here",
    LineNotFound: "a parcel is reported of a whole order",
    MatchRefused: "lines are not matched to products here",
    OrderShipped: "orders are not cancelled here",
    RefundRefused: "nothing is refunded here",
    TagRefused: "orders are not tagged here",
    TooManyUnits: "a parcel is reported of a whole order",
    TrackingWithoutCarrier: "tracking is not taken without a carrier",
}


def render_error(fact: Exception) -> Reply | None:
    """Put a fact in Rheo's words; None when Rheo has none for it."""
    response = ERROR_RESPONSES.get(type(fact))
    if response is None:
        return None
    status, code, message = response
    body = Error(error=message or str(fact), code=code, details=_details(fact), statusCode=status)
    return Reply(status=status, body=body, headers=_headers(fact))


def _details(fact: Exception) -> list[Detail] | UnsetType:
    match fact:
        case Invalid():
            return [Detail(problem.field, problem.message) for problem in fact.problems]
        case NoMembers():
            return [Detail("scope", "Must be 'self' without a reseller agreement")]
        case WeakPassword():
            return [Detail("new_password", f"Must have at least {MIN_PASSWORD_LENGTH} characters")]
        case ParentNotFound():
            return [Detail("parentExternalId", _NO_ITEM)]
        case _:
            return UNSET


def _headers(fact: Exception) -> dict[str, str]:
    match fact:
        case Overloaded() | RequestInFlight():
            return {"Retry-After": _BUSY_WAIT_S}
        case SignInThrottled():
            return {"Retry-After": str(fact.retry_after_s)}
        case BadAccess() | UnknownSubject() | SessionEnded() | TokenReplaced() | TokenExpired():
            return {"WWW-Authenticate": "Bearer"}
        case RateLimited():
            tier, wait_s = fact.tier, fact.retry_after_s
            return {
                "Retry-After": str(wait_s),
                "RateLimit-Policy": f'"{tier.name}";q={tier.per_second};w=1',
                "RateLimit": f'"{tier.name}";r=0;t={wait_s}',
            }
        case _:
            return {}
