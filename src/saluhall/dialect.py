"""THE SOCKET: what a dialect is.

A dialect is a value: routes that say whom they admit and how often, and one table that says how the facts of the domain sound. The
host (`web.py`) does the rest: raw-path routing, request id, admission, one transaction and one `now` per request, bells after
commit, bounded bodies, and turning whatever was raised into the dialect's own words.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NoReturn

from msgspec import Meta, Raw, Struct

from saluhall.domain.accounts.model import Admitted, Principal, Tier
from saluhall.domain.history.model import Event
from saluhall.kit.http import Outbound
from saluhall.kit.jwt import Signer
from saluhall.kit.oidc import Issuer
from saluhall.kit.secrets import Vault
from saluhall.storage import Database, Transaction

# A path parameter of this name lets its holder in: it is never logged.
SECRET_PARAMETER = "key"  # noqa: S105 - its name, not its value


class Malformed(Exception):
    """The request cannot be read at all (not JSON, not UTF-8, nested without end)."""


class Unreadable(Exception):
    """The path, the query or a header cannot be taken as it was sent; the message says which, why, and what to send."""


class Problem(Struct, frozen=True):
    """One thing wrong with one field; `field` is a dotted path with array indices."""

    field: str
    message: str


class Invalid(Exception):
    """The request can be read but breaks the contract; every offending field is named."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = tuple(problems)


class BodyTooLarge(Exception):
    """The body is larger than the dialect takes."""


class BodyTooSlow(Exception):
    """The body came so slowly that it was not waited for."""


class NoSuchRoute(Exception):
    """The dialect has nothing at this path."""


class WrongMethod(Exception):
    """The path exists, but not for this method."""


class Retired(Exception):
    """The route belongs to an older generation of the API, which the operator has turned off."""


class Overloaded(Exception):
    """The database cannot be reached at the moment; nothing was stored, and the caller may try again."""


class TooManyExports(Exception):
    """The account reads as many exports at once as one account may; `limit` is how many."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} exports of an account at once")
        self.limit = limit


class Unexpected(Exception):
    """Something broke on our side; the caller learns the request id and nothing else."""


class Knock(Struct, frozen=True, kw_only=True):
    """A request before anybody is admitted: headers in lower case, and a connection for one short statement.

    `issuer` reads tokens of somebody else, when the operator trusts one; the keys it needs are already here.
    `legacy_api` says whether the operator still lets older generations of an API in.
    """

    headers: Mapping[str, str]
    path: Mapping[str, str]
    tx: Transaction
    tier: Tier | None
    signer: Signer
    issuer: Issuer | None = None
    legacy_api: bool
    now: datetime


class Means(Struct, frozen=True, kw_only=True):
    """What a route may use beside the database: secrets at rest, the way out, the environment for a dialect's own settings."""

    vault: Vault
    http: Outbound
    env: Mapping[str, str]


class Visit(Struct, frozen=True, kw_only=True):
    """A request to a route that admits everybody (signing in): it opens its own, short transactions."""

    db: Database
    now: datetime
    request_id: str
    address: str
    path: Mapping[str, str] = {}
    headers: Mapping[str, str]
    signer: Signer
    means: Means
    body: bytes


class Call(Struct, frozen=True, kw_only=True):
    """An admitted request. `path` holds the decoded path parameters, `query` the value of each name.

    `public_url` is where the outside finds the hub, without a slash at the end. `db` is for an errand, when `tx` has ended.
    """

    tx: Transaction
    db: Database
    by: Principal
    now: datetime
    request_id: str
    public_url: str
    means: Means
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply(Struct, frozen=True, kw_only=True):
    """An answer: `body` as JSON in declared order, or `stream`, or nothing.

    An `errand` is run once the transaction has ended and gives the answer itself: it may wait for somebody else's server.
    """

    status: int
    body: Struct | Sequence[Struct] | Raw | None = None
    stream: "Stream | None" = None
    errand: "Callable[[], Awaitable[Reply]] | None" = None
    headers: Mapping[str, str] = {}


class Stream(Struct, frozen=True, kw_only=True):
    """A body that is made while it is sent, in a transaction of its own; it is compressed when the caller asks for gzip.

    `release` is the host's: it is called once the body has ended.
    """

    media_type: str
    blocks: Callable[[Transaction], AsyncGenerator[bytes, None]]
    release: Callable[[], None] | None = None


Endpoint = Callable[[Call], Awaitable[Reply]]
Reception = Callable[[Visit], Awaitable[Reply]]
Admission = Callable[[Knock], Awaitable[Admitted]]


class Parameter(Struct, frozen=True):
    """A query parameter as it is documented; `type` is what may stand in it."""

    purpose: str
    type: Any = str


# How long a list may be, or where it begins.
COUNT = Annotated[int, Meta(ge=1)]
OFFSET = Annotated[int, Meta(ge=0)]


class Gathers(Struct, frozen=True, kw_only=True):
    """How calls of one principal that come at the same time are answered together, in one transaction.

    `read` makes of the path's parameters and the body what is asked for, and raises whatever is wrong with the call itself; `name`
    tells what it is about: of two about the same the later waits for the next lot. `answer` gives an answer, or a fact that the
    dialect has words for, to each; a fact that is given to one undoes nothing of the others.
    """

    read: Callable[[Mapping[str, str], bytes], Any]
    name: Callable[[Any], str]
    answer: Callable[
        [Transaction, Principal, Sequence[Any], datetime], Awaitable[Sequence[Reply | Exception]]
    ]


class Route(Struct, frozen=True, kw_only=True):
    """One method at one path (`{name}` marks a parameter): whom it admits, at what rate, and what to document.

    A route either admits somebody and has an `endpoint`, or `gathers` calls that it answers together; or it is open to everybody and
    has a `reception`. `headers` go with each of its answers, good or bad. `query` documents query parameters: name and
    purpose, and the type if it is no text;
    `files` the media types, other than JSON, that a 200 may have. `max_body_bytes` stands in for the dialect's;
    a route open to everybody reads 64 KiB at most.
    """

    method: str
    path: str
    endpoint: Endpoint | None = None
    gathers: Gathers | None = None
    admits: Admission | None = None
    reception: Reception | None = None
    tier: Tier | None
    summary: str
    takes: type[Any] | None = None
    query: Mapping[str, str | Parameter] = {}
    example: Mapping[str, Any] | Sequence[Any] = {}
    answers: Mapping[int, type[Any] | None] = {}
    files: Sequence[str] = ()
    headers: Mapping[str, str] = {}
    max_body_bytes: int | None = None

    @property
    def name(self) -> str:
        """Name the function that answers."""
        answers = self.gathers.answer if self.gathers else self.endpoint or self.reception
        return str(getattr(answers, "__name__", ""))


class Received(Struct, frozen=True, kw_only=True):
    """What a receiver reads from a delivery; `signatures` says of each signature whether it is right."""

    event_id: str
    event_type: str
    sku: str
    detail: str
    signatures: Mapping[str, bool]


class Webhook(Struct, frozen=True, kw_only=True):
    """How the dialect's partners hear of events: the body, and the headers that sign it.

    The headers are made of the secrets (the newest first), the event, the instant and the body. `read` is the other side: it
    checks a delivery as a partner does, with the secret, the headers in lower case, the body, and the instant of its arrival.
    `shape` is the body's, for the OpenAPI document.
    """

    body: Callable[[Event], bytes]
    headers: Callable[[Sequence[str], Event, datetime, bytes], Mapping[str, str]]
    read: Callable[[str, Mapping[str, str], bytes, datetime], Received]
    shape: type[Struct]


Stamp = Callable[[Reply, str, datetime], Reply]


class Dialect(Struct, frozen=True, kw_only=True):
    """A partner's API.

    `prefixes` are the paths for which the dialect answers even when it has no route; `say` gives the answer for a fact that was
    raised, or None when the dialect has no words for it (the host then raises Unexpected to it). `security` is the OpenAPI scheme.
    `stamp` puts the request id and the instant into an error, for dialects whose errors carry them. `content_type` is that of JSON.
    `schemes` are those of admissions that look at something else than `security` says.
    `error` is the shape of every error, `admission_errors` are the statuses with which an admission refuses, `admission_headers` the
    headers beside the credentials at which it looks, with their purpose: all three for the document.
    `package` is the dialect's own: its `openapi.toml` holds the sentences and examples of the OpenAPI document.
    `idempotent` says that a POST may carry an `Idempotency-Key`, under which its answer is kept for a day.
    """

    name: str
    prefixes: Sequence[str]
    routes: Sequence[Route]
    say: Callable[[Exception], Reply | None]
    max_body_bytes: int
    error: type[Struct]
    security: Mapping[str, Any]
    admission_errors: Mapping[Admission, Sequence[int]] = {}
    admission_headers: Mapping[Admission, Mapping[str, str]] = {}
    schemes: Mapping[Admission, Mapping[str, Any]] = {}
    webhook: Webhook | None = None
    stamp: Stamp | None = None
    content_type: str = "application/json"
    idempotent: bool = False
    package: str = ""


def refuse(field: str, message: str) -> NoReturn:
    """Raise Invalid for one field."""
    raise Invalid([Problem(field, message)])
