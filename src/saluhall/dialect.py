"""The interface of a dialect: what a partner API declares.

A dialect is a value: routes that declare their authentication, the right that they need and their rate tier, and one function
that renders domain errors. The host (`web/host.py`) does the rest: raw-path routing, request id, authentication, rights, one
transaction and one `now` per request, wake-ups after commit, bounded bodies, and rendering every error in the dialect's own words.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NoReturn

from msgspec import Meta, Raw, Struct

from saluhall.domain.accounts.model import Authenticated, Principal, Tier
from saluhall.domain.accounts.roles import Right
from saluhall.domain.events.model import Event
from saluhall.domain.webhooks.model import Vocabulary
from saluhall.kit.http import Outbound
from saluhall.kit.jwt import Signer
from saluhall.kit.oidc import Issuer
from saluhall.kit.secrets import Vault
from saluhall.storage import Database, Transaction

# A path parameter of this name is a credential: it is never logged.
SECRET_PARAMETER = "key"  # noqa: S105 - its name, not its value
# A path parameter of this name is the seller's id of a product: the log calls it `sku`.
SKU_PARAMETER = "external_id"


class Malformed(Exception):
    """The request cannot be parsed (not JSON, not UTF-8, nested too deep)."""


class Unreadable(Exception):
    """The path, the query or a header is invalid; the message says which, why, and what to send."""


class Problem(Struct, frozen=True):
    """One thing wrong with one field; `field` is a dotted path with array indices."""

    field: str
    message: str


class Invalid(Exception):
    """The request can be parsed but is invalid; `problems` names every offending field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = tuple(problems)


class BodyTooLarge(Exception):
    """The body is larger than the dialect accepts."""


class BodyTooSlow(Exception):
    """The body arrived too slowly; reading it was given up."""


class NoSuchRoute(Exception):
    """The dialect has no route at this path."""


class WrongMethod(Exception):
    """The path exists, but not for this method."""


class Retired(Exception):
    """The route belongs to an older generation of the API, which the operator has disabled."""


class Overloaded(Exception):
    """The database cannot be reached at the moment; nothing was stored, and the client may retry."""


class TooManyExports(Exception):
    """The account already runs `limit` exports at the same time, which is the maximum."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} exports of an account at once")
        self.limit = limit


class Unexpected(Exception):
    """An internal error; the response contains the request id and nothing else."""


class AuthRequest(Struct, frozen=True, kw_only=True):
    """A request before authentication: headers in lower case, and a connection for one short statement.

    `issuer` verifies tokens of an external issuer, when one is configured; its keys are loaded already.
    `legacy_api` says whether older generations of an API are enabled.
    """

    headers: Mapping[str, str]
    path: Mapping[str, str]
    tx: Transaction
    tier: Tier | None
    signer: Signer
    issuer: Issuer | None = None
    legacy_api: bool
    now: datetime


class Services(Struct, frozen=True, kw_only=True):
    """What a handler may use beside the database: encryption, outbound HTTP, the environment for a dialect's own settings."""

    vault: Vault
    http: Outbound
    env: Mapping[str, str]


class PublicRequest(Struct, frozen=True, kw_only=True):
    """A request to a public route (such as signing in); its handler opens its own short transactions."""

    db: Database
    now: datetime
    request_id: str
    address: str
    path: Mapping[str, str] = {}
    headers: Mapping[str, str]
    signer: Signer
    services: Services
    body: bytes


class Request(Struct, frozen=True, kw_only=True):
    """An authenticated request. `path` contains the decoded path parameters, `query` the value of each name.

    `public_url` is the hub's public address, without a slash at the end. `db` is for `after_commit`, when `tx` has ended.
    """

    tx: Transaction
    db: Database
    principal: Principal
    now: datetime
    request_id: str
    public_url: str
    services: Services
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply(Struct, frozen=True, kw_only=True):
    """A response: `body` as JSON in declared order, or `stream`, or nothing.

    `after_commit` runs once the transaction is committed and returns the actual response: it may wait for an outbound request.
    """

    status: int
    body: Struct | Sequence[Struct] | Raw | None = None
    stream: "Stream | None" = None
    after_commit: "Callable[[], Awaitable[Reply]] | None" = None
    headers: Mapping[str, str] = {}


class Stream(Struct, frozen=True, kw_only=True):
    """A body that is generated while it is sent, in a transaction of its own; it is compressed when the client accepts gzip.

    The host sets `release` and calls it once the body has ended.
    """

    media_type: str
    blocks: Callable[[Transaction], AsyncGenerator[bytes, None]]
    release: Callable[[], None] | None = None


Handler = Callable[[Request], Awaitable[Reply]]
PublicHandler = Callable[[PublicRequest], Awaitable[Reply]]
Authenticator = Callable[[AuthRequest], Awaitable[Authenticated]]


class Parameter(Struct, frozen=True):
    """A documented query parameter; `type` is the type of its value."""

    purpose: str
    type: Any = str


# The length of a list, and its first index.
COUNT = Annotated[int, Meta(ge=1)]
OFFSET = Annotated[int, Meta(ge=0)]


class BatchedRoute(Struct, frozen=True, kw_only=True):
    """How concurrent requests of one principal are handled in one transaction.

    `read` parses the path parameters and the body into a value, and raises what is wrong with the request itself; `key` returns the
    SKU of a value: two requests for the same SKU never share a batch. `handle` returns a reply, or an error that the dialect renders,
    for each value; an error for one of them undoes nothing of the others.
    """

    read: Callable[[Mapping[str, str], bytes], Any]
    key: Callable[[Any], str]
    handle: Callable[
        [Transaction, Principal, Sequence[Any], datetime], Awaitable[Sequence[Reply | Exception]]
    ]


class Route(Struct, frozen=True, kw_only=True):
    """One method at one path (`{name}` marks a parameter): its authentication, its rate tier, and its documentation.

    A route with an `authenticator` has a `handler`, or is `batched`, and the host refuses principals without its `right`; a public
    route has a `public_handler`. `headers` are added to each
    response, errors too. `query` documents query parameters: name and purpose, and the type unless it is text; `body` is the shape of the
    request body, `responses` the shape of the body for each status, `files` the media types, other than JSON, that a 200 may have.
    `max_body_bytes` overrides that of the dialect; a public route reads 64 KiB at most.
    """

    method: str
    path: str
    handler: Handler | None = None
    batched: BatchedRoute | None = None
    authenticator: Authenticator | None = None
    right: Right | None = None
    public_handler: PublicHandler | None = None
    tier: Tier | None
    summary: str
    body: type[Any] | None = None
    query: Mapping[str, str | Parameter] = {}
    example: Mapping[str, Any] | Sequence[Any] = {}
    responses: Mapping[int, type[Any] | None] = {}
    files: Sequence[str] = ()
    headers: Mapping[str, str] = {}
    max_body_bytes: int | None = None

    @property
    def name(self) -> str:
        """Return the name of the function that handles the route."""
        function = self.batched.handle if self.batched else self.handler or self.public_handler
        return str(getattr(function, "__name__", ""))


class Received(Struct, frozen=True, kw_only=True):
    """A delivery as a receiver parses it; `signatures` says of each signature whether it is valid."""

    event_id: str
    event_type: str
    sku: str
    detail: str
    signatures: Mapping[str, bool]


class Webhook(Struct, frozen=True, kw_only=True):
    """How the dialect renders events as webhooks: its words for them, the body, and the headers that sign it.

    The headers are computed from the secrets (the newest first), the event, the time and the body. `read` is the receiver's side: it
    verifies a delivery as a partner does, with the secret, the headers in lower case, the body, and the time of its arrival.
    `shape` is that of the body, for the OpenAPI document.
    """

    vocabulary: Vocabulary
    body: Callable[[Event], bytes]
    headers: Callable[[Sequence[str], Event, datetime, bytes], Mapping[str, str]]
    read: Callable[[str, Mapping[str, str], bytes, datetime], Received]
    shape: type[Struct]


Stamp = Callable[[Reply, str, datetime], Reply]


class Dialect(Struct, frozen=True, kw_only=True):
    """A partner's API.

    The dialect responds to every path under `prefixes`, also where it has no route. `render_error` returns the response for an error that
    was raised, or None when its error table has no row for it (the host then renders Unexpected). `security` is the OpenAPI scheme.
    `stamp` writes the request id and the time into an error, where its errors contain them. `content_type` is that of JSON.
    `schemes` are those of authenticators that read other credentials than `security` says.
    `error` is the shape of every error, `authentication_errors` are the statuses with which an authenticator rejects a request,
    `authentication_headers` the headers it reads beside the credentials, with their purpose: all three for the document.
    The `openapi.toml` in `package` contains the texts and examples of the OpenAPI document.
    `idempotent` says that a POST may have an `Idempotency-Key`, under which its response is stored for a day.
    """

    name: str
    prefixes: Sequence[str]
    routes: Sequence[Route]
    render_error: Callable[[Exception], Reply | None]
    max_body_bytes: int
    error: type[Struct]
    security: Mapping[str, Any]
    authentication_errors: Mapping[Authenticator, Sequence[int]] = {}
    authentication_headers: Mapping[Authenticator, Mapping[str, str]] = {}
    schemes: Mapping[Authenticator, Mapping[str, Any]] = {}
    webhook: Webhook | None = None
    stamp: Stamp | None = None
    content_type: str = "application/json"
    idempotent: bool = False
    package: str = ""


def refuse(field: str, message: str) -> NoReturn:
    """Raise Invalid for one field."""
    raise Invalid([Problem(field, message)])
