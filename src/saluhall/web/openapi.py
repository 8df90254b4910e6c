"""The OpenAPI document, made from the dialects' route tables."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial
from hashlib import sha256
from typing import Any

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from saluhall.dialect import SECRET_PARAMETER, Authenticator, Dialect, Parameter, Route
from saluhall.domain.idempotency.model import MAX_KEY
from saluhall.web.idempotency import HEADER, takes_key
from saluhall.web.openapi_examples import Examples
from saluhall.web.openapi_responses import RESPONSE_HEADERS, responses_of
from saluhall.web.openapi_schemas import Schemas
from saluhall.web.openapi_texts import NOTHING, Texts, texts_of
from saluhall.web.openapi_webhooks import webhooks_of
from saluhall.web.schema_page import CONTENT_SECURITY_POLICY, page_of
from saluhall.web.system_routes import read

_ABOUT = (
    "Push what you sell once; Saluhall hosts the images, lists on marketplaces, keeps price and state in step, and reports by signed"
    " webhooks. Every error has a body in the words of its API, and every response an `x-request-id`."
)
_PARAMETER = re.compile(r"{(\w+)}")


def schema_routes(
    dialects: Sequence[Dialect], *, version: str, public_url: str
) -> Sequence[HTTPRouteHandler]:
    """Make `/schema/openapi.json` and the page at `/schema` that shows it; both are written when first asked for."""
    document = cache(partial(document_of, dialects, version=version, public_url=public_url))

    @cache
    def as_json() -> bytes:
        return msgspec.json.encode(document())

    @cache
    def as_page() -> bytes:
        return page_of(document()).encode()

    @read("/schema/openapi.json")
    async def openapi() -> Response[bytes]:
        return _response(as_json(), "application/json")

    @read("/schema")
    async def page() -> Response[bytes]:
        response = _response(as_page(), "text/html")
        response.headers["content-security-policy"] = CONTENT_SECURITY_POLICY
        return response

    return [openapi, page]


def _response(content: bytes, media_type: str) -> Response[bytes]:
    tag = sha256(content).hexdigest()[:32]
    headers = {"etag": f'"{tag}"', "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


def document_of(
    dialects: Sequence[Dialect], *, version: str, public_url: str = ""
) -> dict[str, Any]:
    """Describe every route of every dialect."""
    texts = {dialect.name: texts_of(dialect) for dialect in dialects}
    schemas = Schemas(dialects, texts)
    examples = Examples(schemas.components, texts)
    paths: dict[str, dict[str, Any]] = {}
    names: Counter[str] = Counter()
    for dialect in dialects:
        for route in dialect.routes:
            operation = _operation(dialect, route, schemas, examples, texts[dialect.name])
            operation["operationId"] = _unique(operation["operationId"], names)
            if sentence := texts[dialect.name].operations.get(operation["operationId"]):
                operation["description"] = sentence
            paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Saluhall",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url or "/", "description": "This hub"}],
        "tags": [{"name": name, "description": each.tag} for name, each in texts.items()],
        "paths": paths,
        "webhooks": {
            name: hook
            for dialect in dialects
            for name, hook in webhooks_of(dialect, schemas, texts[dialect.name]).items()
        },
        "components": {
            "schemas": schemas.components,
            "examples": examples.components,
            "headers": RESPONSE_HEADERS,
            "securitySchemes": {
                name: {**scheme, "description": texts[d.name].schemes.get(name, "")}
                for d in dialects
                for name, scheme in _schemes(d).items()
            },
        },
    }


def _operation(
    dialect: Dialect, route: Route, schemas: Schemas, examples: Examples, texts: Texts
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{dialect.name}_{route.name}",
        "tags": [dialect.name],
        "summary": route.summary,
        "security": _security(dialect, route),
        "parameters": [_with_text(each, texts) for each in _parameters(dialect, route)],
        "responses": responses_of(dialect, route, schemas, examples),
    }
    if route.right is not None:
        operation["x-right"] = (
            route.right
        )  # what the role of the user or the scope of the key must have
    if "Deprecation" in route.headers:
        operation["deprecated"] = True
    if route.body is not None:
        content: dict[str, Any] = {"schema": schemas.of(dialect, route.body)}
        content["example"] = route.example or examples.of(content["schema"])
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _parameters(dialect: Dialect, route: Route) -> list[dict[str, Any]]:
    return [
        *map(_path_parameter, _PARAMETER.findall(route.path)),
        *(_query_parameter(name, given) for name, given in route.query.items()),
        *_header_parameters(dialect, route),
    ]


def _with_text(parameter: dict[str, Any], texts: Texts) -> dict[str, Any]:
    text = texts.parameters.get(parameter["name"], NOTHING)
    added = {"description": text.sentence} if text.sentence else {}
    shown = {} if text.example is None else {"example": text.example}
    return {**parameter, **added, **shown}


def _unique(name: str, names: Counter[str]) -> str:
    """Make a name unique by a number: one function may answer on several paths."""
    names[name] += 1
    return name if names[name] == 1 else f"{name}_{names[name]}"


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameter(name: str, given: str | Parameter) -> dict[str, Any]:
    parameter = Parameter(given) if isinstance(given, str) else given
    schema = msgspec.json.schema(parameter.type)
    if definitions := schema.pop("$defs", None):  # one, as nothing nests in a parameter
        [schema] = definitions.values()
    return {"name": name, "in": "query", "description": parameter.purpose, "schema": schema}


def _header_parameters(dialect: Dialect, route: Route) -> list[dict[str, Any]]:
    given = (
        dialect.authentication_headers.get(route.authenticator, {}) if route.authenticator else {}
    )
    found: list[dict[str, Any]] = [
        {"name": name, "in": "header", "description": purpose, "schema": {"type": "string"}}
        for name, purpose in given.items()
    ]
    if takes_key(dialect, route):
        purpose = "Names the request: the same one again gets the same answer for a day"
        pattern = {"minLength": 1, "maxLength": MAX_KEY, "pattern": "^[ -~]+$"}
        schema = {"type": "string", **pattern}
        found.append({"name": HEADER, "in": "header", "description": purpose, "schema": schema})
    return found


def _schemes(dialect: Dialect) -> Mapping[str, Any]:
    others = {
        _scheme_of(dialect, authenticator): dict(s) for authenticator, s in dialect.schemes.items()
    }
    return {dialect.name: dict(dialect.security), **others}


def _scheme_of(dialect: Dialect, authenticator: Authenticator) -> str:
    return (
        f"{dialect.name}_{authenticator.__name__}"
        if authenticator in dialect.schemes
        else dialect.name
    )


def _security(dialect: Dialect, route: Route) -> list[dict[str, list[str]]]:
    """Return the security requirement: none for a public route, or where the key is in the path."""
    if route.authenticator is None or SECRET_PARAMETER in _PARAMETER.findall(route.path):
        return []
    return [{_scheme_of(dialect, route.authenticator): []}]
