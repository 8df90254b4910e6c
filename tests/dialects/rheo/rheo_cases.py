"""Recorded cases: what a client sends, and the answer it must get.

In a request `<api_key>`, `<access_token>`, `<refresh_token>`, `<username>` and `<password>` stand for the shop's own. A request under
`given` is sent before and must succeed; its `keep` names values of its answer by their paths (`{"id": "keys.0.id"}`), and `<id>` stands
for them afterwards, in the answer too.
"""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

WIRE = Path(__file__).parent / "wire"
CASES = sorted(path.name.removesuffix(".json") for path in WIRE.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((WIRE / f"{name}.json").read_text(encoding="utf-8"))
    return case


def body_of(request: dict[str, Any]) -> bytes:
    if "body" in request:
        return json.dumps(request["body"]).encode()
    return b" " * int(request.get("bodyBytes", 0)) or str(request.get("bodyText", "")).encode()


_KINDS = {
    "<jwt>": r"[\w-]+\.[\w-]+\.[\w-]+",
    "<instant>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "<any>": r"(?s).*",
}


def value_at(answer: Any, path: str) -> str:
    """Take a value out of an answer by its dotted path."""
    for step in path.split("."):
        answer = answer[int(step) if isinstance(answer, list) else step]
    return str(answer)


def matches(wanted: object, got: object) -> bool:
    """Compare; "<uuid>" stands for any UUID, "<jwt>", "<instant>" and "<any>" for theirs, "<a|b>" for one of the words."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(matches(wanted[key], got[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(matches, wanted, got))
    if isinstance(wanted, str) and isinstance(got, str):
        if wanted == "<uuid>":
            return str(UUID(got)) == got
        if wanted in _KINDS:
            return re.fullmatch(_KINDS[wanted], got) is not None
        one_of = re.fullmatch(r"<(\w+(?:\|\w+)+)>", wanted)
        return got in one_of[1].split("|") if one_of else got == wanted
    return wanted == got and type(wanted) is type(got)


def answers(recorded: dict[str, Any], status: int, headers: dict[str, str], body: bytes) -> bool:
    """Compare an answer with the recorded one; its keys come in the printed order. A null body is none at all."""
    got = json.loads(body) if body else None
    return (
        status == recorded["status"]
        and recorded.get("headers", {}).items() <= headers.items()
        and list(recorded["body"] or ()) == list(got or ())
        and matches(recorded["body"], got)
    )
