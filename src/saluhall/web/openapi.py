"""The OpenAPI document, made from the dialects' route tables."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.constants import OPENAPI_JSON_HANDLER_NAME
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import ScalarRenderPlugin

from saluhall.dialect import Dialect, Route

_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")


def schema_routes(dialects: Sequence[Dialect], *, version: str) -> Sequence[HTTPRouteHandler]:
    """Make `/schema/openapi.json` and the page at `/schema` that shows it."""
    document = document_of(dialects, version=version)
    encoded = msgspec.json.encode(document)

    @get("/schema/openapi.json", include_in_schema=False, name=OPENAPI_JSON_HANDLER_NAME)
    async def openapi() -> Response[bytes]:
        return Response(encoded, media_type="application/json")

    @get("/schema", include_in_schema=False)
    async def page(request: Request) -> Response[bytes]:  # type: ignore[type-arg] # user, auth and state are not used
        shown = ScalarRenderPlugin().render(request, document)
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
    for dialect in dialects:
        for route in dialect.routes:
            operation = _operation(dialect, route, known)
            paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Saluhall", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {d.name: dict(d.security) for d in dialects},
        },
    }


def _operation(dialect: Dialect, route: Route, known: Mapping[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{dialect.name}_{route.endpoint.__name__}",
        "tags": [dialect.name],
        "summary": route.summary,
        "security": [{dialect.name: []}],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
            for name in _PARAMETER.findall(route.path)
        ],
        "responses": {
            str(status): _answer(status, None if shape is None else known[shape])
            for status, shape in sorted(route.answers.items())
        },
    }
    if route.takes is not None:
        content: dict[str, Any] = {"schema": known[route.takes]}
        if route.example:
            content["example"] = dict(route.example)
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _answer(status: int, schema: object) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema}}
    return answer
