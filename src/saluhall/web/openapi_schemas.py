"""The schemas of the OpenAPI document: each shape under its own name and its dialect's."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from saluhall.dialect import Dialect, Route
from saluhall.web.openapi_texts import Text, Texts

_REF = "#/components/schemas/"
_OPEN = {"type": "object", "additionalProperties": True}  # said, so that generators type its values
_ANY_OBJECT = "Struct"  # msgspec's name for a shape of which nothing more is known


class Schemas:
    """Every shape that the routes take and answer with."""

    def __init__(self, dialects: Sequence[Dialect], texts: Mapping[str, Texts]) -> None:
        self.components: dict[str, Any] = {}
        self._texts = texts
        self._known: dict[tuple[str, object], dict[str, Any]] = {}
        for dialect in dialects:
            self._add(dialect)

    def of(self, dialect: Dialect, shape: object) -> dict[str, Any]:
        """Return the schema of a shape of a dialect."""
        return self._known[dialect.name, shape]

    def _add(self, dialect: Dialect) -> None:
        shapes = {shape for route in dialect.routes for shape in _shapes(route)} | {dialect.error}
        if dialect.webhook is not None:
            shapes |= {dialect.webhook.shape}
        ordered = sorted(shapes, key=str)
        schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF + "{name}")
        prefix = dialect.name.capitalize()
        for name, schema in components.items():
            if name != _ANY_OBJECT:
                known = _described(_named(schema, prefix), name, self._texts[dialect.name])
                self.components[prefix + name] = {**known, "title": prefix + name}
        for shape, schema in zip(ordered, schemas, strict=True):
            self._known[dialect.name, shape] = _named(schema, prefix)


def _described(schema: dict[str, Any], name: str, texts: Texts) -> dict[str, Any]:
    """Add to a shape and to its fields what the dialect says of them."""
    if name in texts.schemas:
        schema = {**schema, "description": texts.schemas[name]}
    if "properties" not in schema:
        return schema
    fields = schema["properties"].items()
    return {
        **schema,
        "properties": {key: _with_text(each, texts.field(name, key)) for key, each in fields},
    }


def _with_text(schema: Mapping[str, Any], text: Text) -> dict[str, Any]:
    """Add a sentence, and an example unless the type says it all."""
    added: dict[str, Any] = {"description": text.sentence} if text.sentence else {}
    if text.example is not None:
        added["examples"] = [text.example]
    return {**schema, **added}


def _shapes(route: Route) -> Iterator[Any]:
    for shape in (route.body, *route.responses.values()):
        if shape is not None:
            yield shape


def _named(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Let every reference in a schema lead to the dialect's own component."""
    if schema.get("$ref") == _REF + _ANY_OBJECT:
        return dict(_OPEN)
    if schema == {"type": "object"}:
        return dict(_OPEN)
    named = {key: _value_named(key, value, prefix) for key, value in schema.items()}
    return {"type": "string", **named} if _is_list_of_words(schema) else named


def _is_list_of_words(schema: Mapping[str, Any]) -> bool:
    return all(isinstance(each, str) for each in schema.get("enum", [None]))


def _value_named(key: str, value: object, prefix: str) -> object:
    match value:
        case str() if key == "$ref":
            return _REF + prefix + value.removeprefix(_REF)
        case dict():
            return _named(value, prefix)
        case list():
            return [_value_named("", each, prefix) for each in value]
        case _:
            return value
