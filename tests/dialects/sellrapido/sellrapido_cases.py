"""Recorded cases: what a client sends, and the answer it must get.

`orders` says that the shop has the golden orders. In a request `<username>`, `<password>`, `<access_token>`, `<refresh_token>` and
`<key>` stand for the shop's own; a request under `given` is sent before, and must be answered with 200. In an answer `<jwt>`,
`<instant>`, `<request_id>` and `<any>` stand for what differs each time; `bodyFile` names the file that its body stands in.
"""

import json
import re
from pathlib import Path
from typing import Any

from tests.sellrapido import PASSWORD, Answer, Client, send

WIRE = Path(__file__).parent / "wire"
CASES = sorted(path.name.removesuffix(".json") for path in WIRE.glob("*.json"))
_KINDS = {
    "<jwt>": r"[\w-]+\.[\w-]+\.[\w-]+",
    "<instant>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "<request_id>": r"req_[0-9a-z]{26}",
    "<any>": r"(?s).*",
}


def load(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((WIRE / f"{name}.json").read_text(encoding="utf-8"))
    if file := case["answer"].pop("bodyFile", ""):
        case["answer"]["body"] = json.loads((WIRE.parent / file).read_text(encoding="utf-8"))
    return case


async def send_as(client: Client, request: dict[str, Any]) -> Answer:
    """Send a recorded request in the name of a client; tokens that come back are kept."""
    text = json.dumps(request)
    for name, value in {
        "username": client.username,
        "password": PASSWORD,
        "access_token": client.access,
        "refresh_token": client.refresh,
        "key": await client.key() if "<key>" in text else "",
    }.items():
        text = text.replace(f"<{name}>", value)
    filled = json.loads(text)
    return await send(
        client.shop.hub,
        filled["method"],
        filled["path"],
        _body_of(filled),
        headers=filled.get("headers", {}),
    )


def _body_of(request: dict[str, Any]) -> object:
    if "bodyBytes" in request:
        return b" " * int(request["bodyBytes"])
    return request["bodyText"].encode() if "bodyText" in request else request.get("body")


def matches(wanted: object, got: object) -> bool:
    """Compare, key order included."""
    match wanted, got:
        case dict(), dict():
            same = list(wanted) == list(got)
            return same and all(matches(wanted[key], got[key]) for key in wanted)
        case list(), list():
            return len(wanted) == len(got) and all(map(matches, wanted, got))
        case str(), str() if wanted in _KINDS:
            return re.fullmatch(_KINDS[wanted], got) is not None
        case _:
            return wanted == got and type(wanted) is type(got)


def is_as_recorded(answer: Answer, recorded: dict[str, Any]) -> bool:
    status, headers, body = answer
    return (
        status == recorded["status"]
        and recorded.get("headers", {}).items() <= headers.items()
        and matches(recorded["body"], body)
    )
