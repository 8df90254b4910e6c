"""What the OpenAPI document says in words: each dialect's `openapi.toml`, read when the document is first asked for."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

from msgspec import Struct

from saluhall.dialect import Dialect

_SERIES: Final = re.compile(r"{(\d+)\.\.(\d+)}")


class Text(Struct, frozen=True):
    """A sentence about a field or parameter, and an example of its value (None: made from its type)."""

    sentence: str = ""
    example: Any = None


NOTHING: Final = Text()


class Texts(Struct, frozen=True, kw_only=True):
    """The words of one dialect."""

    tag: str = ""
    schemes: Mapping[str, str] = {}
    parameters: Mapping[str, Text] = {}
    operations: Mapping[str, str] = {}
    errors: Mapping[str, Any] = {}
    media: Mapping[str, str] = {}
    schemas: Mapping[str, str] = {}
    webhooks: Mapping[str, str] = {}
    webhook_headers: Mapping[str, str] = {}
    webhook_data: Mapping[str, Mapping[str, Any]] = {}
    fields: Mapping[str, Mapping[str, Text]] = {}
    like: Mapping[str, str] = {}

    def field(self, shape: str, name: str) -> Text:
        """Return what is said of a field: for the shape, for the one it is like, or for all shapes."""
        for each in (shape, self.like.get(shape, ""), "common"):
            if text := self.fields.get(each, {}).get(name):
                return text
        return NOTHING


def texts_of(dialect: Dialect) -> Texts:
    """Read a dialect's words; none when it has no file of them."""
    if not dialect.package:
        return Texts()
    table = tomllib.loads((files(dialect.package) / "openapi.toml").read_text(encoding="utf-8"))
    return Texts(
        tag=table.get("tag", {}).get("description", ""),
        schemes=table.get("schemes", {}),
        parameters=dict(_texts(table.get("parameters", {}))),
        operations=table.get("operations", {}),
        errors=table.get("errors", {}),
        media=table.get("media", {}),
        schemas=table.get("schemas", {}),
        webhooks=table.get("webhooks", {}),
        webhook_headers=table.get("webhook_headers", {}),
        webhook_data=table.get("webhook_data", {}),
        like=table.get("like", {}),
        fields={shape: dict(_texts(given)) for shape, given in table.get("fields", {}).items()},
    )


def _texts(given: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    """Read a table; a name such as `price{2..6}` is a series of names."""
    for name, value in given.items():
        text = Text(value) if isinstance(value, str) else Text(*value)
        series = _SERIES.search(name)
        if series is None:
            yield name, text
            continue
        for number in range(int(series[1]), int(series[2]) + 1):
            sentence = text.sentence.replace("{n}", str(number))
            yield _SERIES.sub(str(number), name), Text(sentence, text.example)
