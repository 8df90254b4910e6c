"""How the facts of the domain sound to a Sellrapido client: one table."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

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
from saluhall.dialects.sellrapido.wire import Error, instant_to_the_second
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

_BUSY_WAIT_S = "1"
_EXPORT_WAIT_S = "5"
_BROKEN = 500


class Refusal(Exception):
    """The request as a whole is refused with a documented message: 400 unless another status is named."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class BadAccess(Exception):
    """The access token does not open anything; the message says why."""


class BadRefresh(Exception):
    """The refresh token does not give new tokens; the message says why."""


# An empty text means the fact's own.
ERROR_RESPONSES: Mapping[type[Exception], tuple[int, str]] = {
    Malformed: (400, "Malformed request: the body must be JSON, all of it UTF-8"),
    Unreadable: (400, ""),
    Invalid: (400, ""),
    CatalogNotFound: (400, ""),
    BadRefresh: (400, ""),
    BadAccess: (401, ""),
    InvalidCredentials: (401, ""),
    UnknownKey: (401, "wrong api key"),
    AccountSuspended: (403, "Account not authorized"),
    SubscriptionEnded: (403, "Subscription is not active"),
    NotPermitted: (403, "Account not authorized"),
    NoSuchRoute: (404, "Not found"),
    WrongMethod: (405, "Method not allowed"),
    BodyTooSlow: (408, "The request body took too long to arrive"),
    Retired: (410, "API v1 is turned off here: use /sr_company_ws/api/v2 with an access token"),
    BodyTooLarge: (413, "Request body is too large"),
    RateLimited: (429, "Too many requests"),
    SignInThrottled: (429, "Too many failed sign-ins"),
    TooManyExports: (429, "Too many exports of this account at once: let one end first"),
    Overloaded: (503, "Service is busy, try again shortly"),
    Unexpected: (500, "Internal server error"),
}

# Facts that no route of this dialect can meet, or that it words itself.
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
    KeyNotFound: "API keys are managed elsewhere",
    TooManyKeys: "API keys are managed elsewhere",
    UnknownSubject: "only tokens of our own open something here",
    ExpiresInPast: "keys get an end on the command line",
    LastOwner: "users and roles are managed on the command line",
    BadSubject: "users are linked on the command line",
    BadTimeZone: "the clock of an account is set on the command line",
    BadCurrency: "the currency of an account is set on the command line",
    BadRate: "a rate of an account is set on the command line",
    BadDeal: "deals are granted on the command line",
    CannotJoin: "nobody joins a reseller here",
    ExternalIdTaken: "nobody joins a reseller here",
    NotAReseller: "nobody joins a reseller here",
    MemberNotFound: "nobody acts for another account here",
    ProfileNotFound: "there are no public profiles here",
    SlugTaken: "there are no public profiles here",
    UserNotFound: "users are linked on the command line",
    SubjectTaken: "users are linked on the command line",
    UnknownEventType: "webhooks are managed elsewhere",
    BadEndpoint: "webhooks are managed elsewhere",
    EndpointNotFound: "webhooks are managed elsewhere",
    AttemptNotFound: "webhooks are managed elsewhere",
    TooManyEndpoints: "webhooks are managed elsewhere",
    NoMembers: "webhooks are managed elsewhere",
    ReplayRunning: "webhooks are managed elsewhere",
    CatalogTaken: "catalogs are made on the command line",
    ChangePending: "in the response, at the row it is about",
    NotShippedBySeller: "parcels are reported elsewhere",
    OrderCancelled: "in the response, at the row it is about",
    OrderNotFound: "in the response, at the row that names it",
    ParentNotFound: "products have no parents here",
    ProductNotFound: "in the response, at the row that names it",
    ResponseUnreadable: "no request is named here",
    RequestDiffers: "no request is named here",
    RequestInFlight: "no request is named here",
    SessionEnded: "rendered as BadAccess or BadRefresh, by which token it was",
    SessionNotFound: "sessions are managed elsewhere",
    WeakPassword: "passwords are changed elsewhere",
    WrongPassword: "passwords are changed elsewhere",
    SkuRepeated: "in the response, at the row it is about",
    SkuTaken: "in the response, at the row it is about",
    TokenReplaced: "rendered as BadAccess",
    LineNotFound: "orders are shipped as a whole here",
    MatchRefused: "lines are not matched to products here",
    OrderShipped: "an order that was sent may be cancelled here",
    RefundRefused: "nothing is refunded here",
    TagRefused: "orders are not tagged here",
    TooManyUnits: "orders are shipped as a whole here",
    TrackingWithoutCarrier: "in the response, at the row it is about",
}


def render_error(fact: Exception) -> Reply | None:
    """Put a fact in Sellrapido's words; None when it has none for it."""
    if isinstance(fact, Refusal):
        return error_reply(fact.status, str(fact))
    response = ERROR_RESPONSES.get(type(fact))
    if response is None:
        return None
    status, text = response
    return error_reply(status, text or _own_words(fact), headers=_headers(fact))


def error_reply(status: int, text: str, *, headers: Mapping[str, str] | None = None) -> Reply:
    """Make an error of the shape that clients of both generations read."""
    body = Error(code=str(status), root=text, message=text, error=text)
    return Reply(status=status, body=body, headers=headers or {})


def stamp(reply: Reply, request_id: str, now: datetime) -> Reply:
    """Put the request id and the instant into an error; where something broke on our side, the text names the id too."""
    if not isinstance(reply.body, Error):
        return reply
    body = replace(reply.body, hash=request_id, date=instant_to_the_second(now))
    if reply.status == _BROKEN:
        text = f"{body.root} (request id {request_id})"
        body = replace(body, root=text, message=text, error=text)
    return replace(reply, body=body)


def _own_words(fact: Exception) -> str:
    if isinstance(fact, InvalidCredentials):
        return f"Invalid credentials for {fact}"
    if isinstance(fact, CatalogNotFound):
        return f"Catalog {fact} not found"
    return str(fact)


def _headers(fact: Exception) -> dict[str, str]:
    match fact:
        case Overloaded():
            return {"Retry-After": _BUSY_WAIT_S}
        case TooManyExports():
            return {"Retry-After": _EXPORT_WAIT_S}
        case RateLimited() | SignInThrottled():
            return {"Retry-After": str(fact.retry_after_s)}
        case BadAccess():
            return {"WWW-Authenticate": "Bearer"}
        case _:
            return {}
