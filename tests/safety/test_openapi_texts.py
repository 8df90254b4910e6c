"""Every part of the OpenAPI document has a sentence and an example, and every example is one that the document allows."""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

from saluhall import VERSION
from saluhall.dialects.rheo.errors import ERROR_RESPONSES
from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.plugins import load_dialects
from saluhall.web.openapi import document_of
from saluhall.web.openapi_texts import texts_of

DIALECTS = load_dialects()
DOCUMENT: dict[str, Any] = json.loads(json.dumps(document_of(DIALECTS, version=VERSION)))
SCHEMAS = DOCUMENT["components"]["schemas"]
MAX_BYTES = 600_000
_FILLER = re.compile(r"^(The|A|An) [\w ]{1,12}\.$")


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for section in ("paths", "webhooks"):
        for path, methods in DOCUMENT[section].items():
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation


OPERATIONS = dict(operations())


def is_sentence(text: object) -> bool:
    return (
        isinstance(text, str)
        and text[:1] in {text[:1].upper(), "`"}
        and text.endswith((".", "?"))
        and not _FILLER.match(text)
    )


def allows(schema: dict[str, Any], value: object) -> str:
    """Return why a value is no example of a schema, nothing when it is one."""
    whole = {**schema, "components": DOCUMENT["components"]}
    errors = jsonschema_rs.validator_for(whole).iter_errors(value)
    return "; ".join(f"{list(e.instance_path)}: {e.message}" for e in errors)


def example_of(content: dict[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    [shown] = content["examples"].values()
    return DOCUMENT["components"]["examples"][shown["$ref"].rpartition("/")[2]]["value"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_shape_and_field_has_a_sentence(name: str) -> None:
    shape = SCHEMAS[name]

    assert is_sentence(shape.get("description")), name
    wordless = [
        field
        for field, schema in shape.get("properties", {}).items()
        if not is_sentence(schema.get("description"))
    ]
    assert wordless == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_and_parameter_has_a_sentence_and_every_content_an_example(
    name: str,
) -> None:
    operation = OPERATIONS[name]

    assert is_sentence(operation.get("description"))
    assert operation["summary"]
    for parameter in operation["parameters"]:
        assert is_sentence(parameter.get("description")), parameter["name"]
    contents = [operation.get("requestBody", {}), *operation["responses"].values()]
    for given in contents:
        for media_type, content in given.get("content", {}).items():
            value = example_of(content)
            if media_type == "application/json":
                assert not allows(content["schema"], value), (value, given)
    for response in operation["responses"].values():
        assert response["description"]


def test_tags_servers_headers_and_ways_to_sign_in_have_a_sentence() -> None:
    assert all(is_sentence(tag["description"]) for tag in DOCUMENT["tags"])
    assert all(server["description"] for server in DOCUMENT["servers"])
    components = DOCUMENT["components"]
    assert all(is_sentence(scheme["description"]) for scheme in components["securitySchemes"].values())  # fmt: skip
    assert all(is_sentence(header["description"]) for header in components["headers"].values())
    assert is_sentence(DOCUMENT["info"]["description"])


def test_every_type_of_event_is_a_webhook_with_its_signed_headers() -> None:
    assert set(DOCUMENT["webhooks"]) == set(VOCABULARY.words.values())
    for name, hook in DOCUMENT["webhooks"].items():
        example = example_of(hook["post"]["requestBody"]["content"]["application/json"])
        assert example["eventType"] == name
        assert {p["name"] for p in hook["post"]["parameters"]} == {
            "webhook-id", "webhook-timestamp", "webhook-signature", "X-Rheo-Signature",
        }  # fmt: skip


def test_the_words_name_nothing_that_is_gone() -> None:
    for dialect in DIALECTS:
        prefix, texts = dialect.name.capitalize(), texts_of(dialect)
        shapes = {name.removeprefix(prefix): SCHEMAS[name] for name in SCHEMAS if name.startswith(prefix)}  # fmt: skip
        ours = [o for o in OPERATIONS.values() if dialect.name in o["tags"]]

        assert texts.operations.keys() <= {o["operationId"] for o in ours}
        assert texts.parameters.keys() <= {p["name"] for o in ours for p in o["parameters"]}
        assert texts.fields.keys() - {"common"} <= shapes.keys()
        every = {field for shape in shapes.values() for field in shape.get("properties", {})}
        assert texts.fields["common"].keys() <= every
        for name, fields in texts.fields.items():
            if name != "common":
                assert fields.keys() <= shapes[name]["properties"].keys(), name


def test_the_errors_of_the_examples_are_those_that_are_given() -> None:
    table = tomllib.loads((files("saluhall.dialects.rheo") / "openapi.toml").read_text())["errors"]

    for status, (code, sentence) in table.items():
        assert (int(status), code, sentence) in ERROR_RESPONSES.values()


def test_the_document_stays_small_enough_to_load_at_once() -> None:
    assert len(json.dumps(DOCUMENT, separators=(",", ":"))) < MAX_BYTES
