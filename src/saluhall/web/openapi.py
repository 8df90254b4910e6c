"""The OpenAPI document, made from the dialects' route tables."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.constants import OPENAPI_JSON_HANDLER_NAME
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import ScalarRenderPlugin

from saluhall.dialect import SECRET_PARAMETER, Admission, Dialect, Route
from saluhall.domain.requests.model import LONGEST_KEY
from saluhall.web.idempotency import HEADER, takes_key

_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")


def schema_routes(dialects: Sequence[Dialect], *, version: str) -> Sequence[HTTPRouteHandler]:
    """Make `/schema/openapi.json` and the page at `/schema` that shows it; the document is written when first asked for."""
    document = cache(partial(document_of, dialects, version=version))

    @get("/schema/openapi.json", include_in_schema=False, name=OPENAPI_JSON_HANDLER_NAME)
    async def openapi() -> Response[bytes]:
        return Response(msgspec.json.encode(document()), media_type="application/json")

    @get("/schema", include_in_schema=False)
    async def page(request: Request) -> Response[bytes]:  # type: ignore[type-arg] # user, auth and state are not used
        shown = ScalarRenderPlugin().render(request, document())
        return Response(shown, media_type="text/html")

    return [openapi, page]


def document_of(dialects: Sequence[Dialect], *, version: str) -> dict[str, Any]:
    """Describe every route of every dialect."""
    types = {
        shape
        for dialect in dialects
        for route in dialect.routes
        for shape in (route.takes, *route.answers.values())
        if shape is not None
    }
    ordered = sorted(types, key=lambda shape: shape.__qualname__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    known = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    names: Counter[str] = Counter()
    for dialect in dialects:
        for route in dialect.routes:
            operation = _operation(dialect, route, known)
            operation["operationId"] = _unique(operation["operationId"], names)
            paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Saluhall", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                name: scheme for d in dialects for name, scheme in _schemes(d).items()
            },
        },
    }


def _operation(dialect: Dialect, route: Route, known: Mapping[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{dialect.name}_{route.name}",
        "tags": [dialect.name],
        "summary": route.summary,
        "security": _security(dialect, route),
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
            for name in _PARAMETER.findall(route.path)
        ]
        + [
            {"name": name, "in": "query", "description": purpose, "schema": {"type": "string"}}
            for name, purpose in route.query.items()
        ]
        + _named(dialect, route),
        "responses": {
            str(status): _answer(
                status,
                None if shape is None else known[shape],
                files=route.files if status == HTTPStatus.OK else (),
            )
            for status, shape in sorted(_answers(dialect, route).items())
        },
    }
    if "Deprecation" in route.headers:
        operation["deprecated"] = True
    if route.takes is not None:
        content: dict[str, Any] = {"schema": known[route.takes]}
        if route.example:
            content["example"] = route.example
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _unique(name: str, names: Counter[str]) -> str:
    """Make a name unique by a number: one function may answer on several paths."""
    names[name] += 1
    return name if names[name] == 1 else f"{name}_{names[name]}"


def _schemes(dialect: Dialect) -> dict[str, Any]:
    others = {_scheme_of(dialect, admits): dict(s) for admits, s in dialect.schemes.items()}
    return {dialect.name: dict(dialect.security), **others}


def _scheme_of(dialect: Dialect, admits: Admission) -> str:
    return f"{dialect.name}_{admits.__name__}" if admits in dialect.schemes else dialect.name


def _security(dialect: Dialect, route: Route) -> list[dict[str, list[str]]]:
    """Say what must be shown: nothing where everybody may come, or where the key stands in the path."""
    if route.admits is None or SECRET_PARAMETER in _PARAMETER.findall(route.path):
        return []
    return [{_scheme_of(dialect, route.admits): []}]


def _named(dialect: Dialect, route: Route) -> list[dict[str, Any]]:
    """Describe the header by which a caller names a request."""
    if not takes_key(dialect, route):
        return []
    return [
        {
            "name": HEADER,
            "in": "header",
            "description": "Names the request: the same one again gets the same answer for a day",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_KEY,
                "pattern": "^[ -~]+$",
            },
        }
    ]


def _answers(dialect: Dialect, route: Route) -> Mapping[int, type[Any] | None]:
    """List the answers; where a request may be named, it may also be in flight, or be another's name."""
    if not takes_key(dialect, route):
        return route.answers
    error = route.answers.get(401)
    return {409: error, 422: error, **route.answers}


def _answer(status: int, schema: object, *, files: Sequence[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    content = {} if schema is None else {"application/json": {"schema": schema}}
    content |= {media_type: {"schema": {"type": "string"}} for media_type in files}
    if content:
        answer["content"] = content
    return answer
