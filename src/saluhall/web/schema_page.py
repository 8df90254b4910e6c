"""The page at `/schema`: the OpenAPI document to read, without a script and without a request to anybody."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; background: #fff }
summary { cursor: pointer; padding: .3rem 0 } summary code { font-weight: 600 } details { border-bottom: 1px solid #ddd }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0 }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto; font-size: .85rem }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #16181a } pre { background: #222 } a { color: #8ab4f8 } }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page_of(document: Mapping[str, Any]) -> str:
    """Write the document as a page."""
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    return "".join(
        (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
            '<p>For machines: <a href="/schema/openapi.json">/schema/openapi.json</a> (OpenAPI 3.1).</p>',
            *(
                f"<h2>{escape(tag['name'])}</h2>{''.join(_operations(document, tag['name']))}"
                for tag in document["tags"]
            ),
            "<h2>Webhooks</h2>",
            *(
                _operation("POST", name, hook["post"])
                for name, hook in document["webhooks"].items()
            ),
            "<h2>Shapes</h2>",
            *(_shape(*each) for each in sorted(document["components"]["schemas"].items())),
            "</body></html>",
        )
    )


def _operations(document: Mapping[str, Any], tag: str) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield _operation(method.upper(), path, operation)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parameters = _table(
        ("Parameter", "In", "Type", "Purpose"),
        (
            (p["name"], p["in"], _type_of(p["schema"]), escape(p.get("description", "")))
            for p in operation["parameters"]
        ),
    )
    responses = _table(
        ("Status", "Meaning", "Body"),
        (
            (status, escape(response["description"]), _body_of(response))
            for status, response in operation["responses"].items()
        ),
    )
    asked = operation.get("requestBody", {})
    takes = f"<p>Takes {_body_of(asked)}.</p>{_example(asked)}" if asked else ""
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><code>{method} {escape(path)}</code> '
        f"{escape(operation['summary'])}</summary>{_sentence(operation)}{parameters}{takes}{responses}</details>"
    )


def _sentence(operation: Mapping[str, Any]) -> str:
    text = operation.get("description", "")
    return f"<p>{escape(text)}</p>" if text else ""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return ""
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>{body}</table>"


def _body_of(given: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{_type_of(content['schema'])} ({escape(media_type)})"
        for media_type, content in given.get("content", {}).items()
    )


def _type_of(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "items" in schema:
        return f"list of {_type_of(schema['items'])}"
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    return escape(str(schema.get("type", "any")))


def _example(asked: Mapping[str, Any]) -> str:
    [content] = asked["content"].values()
    return _pretty(content["example"]) if "example" in content else ""


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"{_pretty(schema)}</details>"
    )


def _pretty(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
