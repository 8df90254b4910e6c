import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

import saluhall.dialects.rheo as package
from saluhall.dialect import Reply
from saluhall.dialects.rheo import translate
from saluhall.dialects.rheo.errors import InvalidStatus, render_error
from saluhall.dialects.rheo.routes import ROUTES
from tests.dialects.rheo.rheo_cases import CASES, answers, body_of, load

READ = [n for n in CASES if n.startswith(("put_", "patch_"))]
REFUSED = [n for n in READ if load(n)["answer"]["status"] in {400, 422} and "parent" not in n]
TAKEN = [n for n in READ if load(n)["answer"]["status"] == 202]


def read(request: dict[str, Any]) -> object:
    body, path = body_of(request), request["path"]
    external_id = unquote(path.split("/")[4])
    if path.endswith("/price"):
        return translate.price_from_body(body, external_id=external_id)
    if not path.endswith("/status"):
        return translate.patch_from_body(body, external_id=external_id)
    status = translate.status_from_body(body)
    if status is None:
        raise InvalidStatus
    return status


def reply_to(request: dict[str, Any]) -> Reply | None:
    try:
        read(request)
    except Exception as fact:  # noqa: BLE001 - whatever is raised must have words
        return render_error(fact)
    return None


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_every_field_at_once(name: str) -> None:
    case = load(name)

    reply = reply_to(case["request"])

    assert reply is not None
    assert answers(case["answer"], reply.status, {}, msgspec.json.encode(reply.body))


@pytest.mark.parametrize("name", TAKEN)
def test_a_good_request_is_read(name: str) -> None:
    case = load(name)

    assert reply_to(case["request"]) is None


def test_every_route_has_cases_and_stands_in_the_manual() -> None:
    manual = (Path(package.__file__).parent / "README.md").read_text(encoding="utf-8")
    requests = [load(name)["request"] for name in CASES]

    for route in ROUTES:
        pattern = re.sub(r"\{\w+\}", "[^/]+", route.path)
        recorded = {
            load(name)["answer"]["status"]
            for name, request in zip(CASES, requests, strict=True)
            if request["method"] == route.method and re.fullmatch(pattern, request["path"])
        }
        assert set(route.responses) <= recorded
        assert f"`{route.method} {route.path}`" in manual


def test_every_case_stands_in_the_manual() -> None:
    manual = (Path(package.__file__).parent / "README.md").read_text(encoding="utf-8")

    assert [name for name in CASES if f"`{name}`" not in manual] == []
