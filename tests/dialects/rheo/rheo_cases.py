"""Recorded cases: what a client sends, and the answer it must get."""

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


def matches(wanted: object, got: object) -> bool:
    """Compare; "<uuid>" stands for any UUID, "<a|b>" for one of the words."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(matches(wanted[key], got[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(matches, wanted, got))
    if isinstance(wanted, str) and isinstance(got, str):
        if wanted == "<uuid>":
            return str(UUID(got)) == got
        one_of = re.fullmatch(r"<(\w+(?:\|\w+)+)>", wanted)
        return got in one_of[1].split("|") if one_of else got == wanted
    return wanted == got and type(wanted) is type(got)


def answers(recorded: dict[str, Any], status: int, headers: dict[str, str], body: bytes) -> bool:
    """Compare an answer with the recorded one; its keys come in the printed order."""
    got = json.loads(body)
    return (
        status == recorded["status"]
        and recorded.get("headers", {}).items() <= headers.items()
        and list(recorded["body"]) == list(got)
        and matches(recorded["body"], got)
    )
