"""Examples of the OpenAPI document: composed from the examples of fields, so that each has every field of its shape."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from saluhall.dialect import Dialect
from saluhall.web.openapi_texts import Texts

_SENTENCES: Final = ("error", "message", "root")
_DETAILS: Final = {"details"}
_DETAILED: Final = {HTTPStatus.UNPROCESSABLE_ENTITY}
_REF: Final = "#/components/schemas/"
_BY_FORMAT: Final[Mapping[str, Any]] = {
    "date-time": "2026-05-26T09:14:03Z",
    "uri": "https://www.example.com/",
}
_BY_TYPE: Final[Mapping[str, Any]] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
    "object": {},
}


class Examples:
    """Makes an example of each schema from the document's components; `components` are those that several responses share."""

    def __init__(self, schemas: Mapping[str, Any], texts: Mapping[str, Texts]) -> None:
        self.components: dict[str, Any] = {}
        self._schemas, self._texts = schemas, texts

    def shown(self, dialect: Dialect, status: int, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a response adds to its schema: an example, by reference where others may have the same."""
        if status >= HTTPStatus.BAD_REQUEST:
            return self._shared(
                f"{dialect.name.capitalize()}Error{status}", self._error(dialect, status)
            )
        if "$ref" in schema:
            return self._shared(schema["$ref"].removeprefix(_REF), self.of(schema))
        return {"example": self.of(schema)}

    def of_file(self, dialect: Dialect, media_type: str) -> dict[str, Any]:
        """Return the example of a response that is no JSON."""
        text = self._texts[dialect.name].media.get(media_type)
        return {} if text is None else {"example": text}

    def _shared(self, name: str, value: object) -> dict[str, Any]:
        self.components[name] = {"value": value}
        return {"examples": {"example": {"$ref": f"#/components/examples/{name}"}}}

    def _error(self, dialect: Dialect, status: int) -> dict[str, Any]:
        given = self._texts[dialect.name].errors.get(str(status), HTTPStatus(status).phrase)
        code, sentence = (str(status), given) if isinstance(given, str) else given
        whole = self.of({"$ref": f"{_REF}{dialect.name.capitalize()}{dialect.error.__name__}"})
        said = {name: sentence for name in _SENTENCES if name in whole}
        known = {
            name: value
            for name, value in whole.items()
            if name not in _DETAILS or status in _DETAILED
        }
        return {
            **known,
            **said,
            **({"statusCode": status} if "statusCode" in whole else {}),
            "code": code,
        }

    def of(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON, one line for each kind of schema
        """Return a value that the schema allows."""
        if schema.get("examples"):
            return schema["examples"][0]
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].removeprefix(_REF)])
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0])
        if "properties" in schema:
            return {name: self.of(each) for name, each in schema["properties"].items()}
        if schema.get("type") == "array":
            return [self.of(schema["items"])] if schema.get("items") else []
        return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", ""), {}))
