"""The responses of the OpenAPI document: those that a route names, and those that every route may give."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from saluhall.dialect import Dialect, Route
from saluhall.web.idempotency import REPLAYED, takes_key
from saluhall.web.openapi_examples import Examples
from saluhall.web.openapi_schemas import Schemas

_TEXT: Final = {"type": "string"}
_SECONDS: Final = {"type": "integer", "minimum": 1}
RESPONSE_HEADERS: Final[Mapping[str, Any]] = {
    "x-request-id": {
        "description": "The id of the request, for questions to the operator.",
        "schema": _TEXT,
    },
    "RateLimit": {
        "description": "What is left of the tier, and for how many seconds.",
        "schema": _TEXT,
    },
    "RateLimit-Policy": {"description": "The tier: calls per window of seconds.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds until it is this caller's turn.", "schema": _SECONDS},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": _TEXT},
    "Cache-Control": {"description": "For how long the response may be kept.", "schema": _TEXT},
    "Deprecation": {
        "description": "Since when the route is deprecated (RFC 9745).",
        "schema": _TEXT,
    },
    "Sunset": {"description": "When the route was to end (RFC 8594).", "schema": _TEXT},
    REPLAYED: {
        "description": "`true`: this is the response to the first request with the same key.",
        "schema": _TEXT,
    },
}
_BODY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_ANY: Final = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
_WAITING: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def responses_of(
    dialect: Dialect, route: Route, schemas: Schemas, examples: Examples
) -> dict[str, Any]:
    """Describe every response that a route may give."""
    named: dict[int, Any] = dict.fromkeys(_errors(dialect, route), dialect.error)
    return {
        str(status): _response(dialect, route, status, shape, schemas=schemas, examples=examples)
        for status, shape in sorted({**named, **route.responses}.items())
    }


def _errors(dialect: Dialect, route: Route) -> Iterator[int]:
    """Name the errors that a route may give though its table does not say so."""
    yield from _ANY
    if route.method in {"POST", "PUT", "PATCH"}:
        yield from _BODY
    if route.authenticator is not None:
        yield from dialect.authentication_errors.get(route.authenticator, ())
    if route.tier is not None:
        yield HTTPStatus.TOO_MANY_REQUESTS
    if takes_key(dialect, route):
        yield HTTPStatus.CONFLICT
        yield HTTPStatus.UNPROCESSABLE_ENTITY


def _response(
    dialect: Dialect,
    route: Route,
    status: int,
    shape: object,
    *,
    schemas: Schemas,
    examples: Examples,
) -> dict[str, Any]:
    schema = None if shape is None else schemas.of(dialect, shape)
    if (
        status >= HTTPStatus.BAD_REQUEST and shape is not dialect.error
    ):  # whatever was read too late for that shape
        schema = {"anyOf": [schema, schemas.of(dialect, dialect.error)]}
    content = {}
    if schema is not None:
        content["application/json"] = {"schema": schema, **examples.shown(dialect, status, schema)}
    if status == HTTPStatus.OK:
        content |= {
            media_type: {"schema": _TEXT, **examples.of_file(dialect, media_type)}
            for media_type in route.files
        }
    response: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "headers": {
            name: {"$ref": f"#/components/headers/{name}"}
            for name in _headers(dialect, route, status)
        },
    }
    if content:
        response["content"] = content
    return response


def _headers(dialect: Dialect, route: Route, status: int) -> Iterator[str]:
    yield "x-request-id"
    if route.tier is not None:
        yield from ("RateLimit", "RateLimit-Policy")
    if status in _WAITING:
        yield "Retry-After"
    if status == HTTPStatus.UNAUTHORIZED:
        yield "WWW-Authenticate"
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and takes_key(dialect, route):
        yield REPLAYED
    yield from route.headers
