import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

import saluhall.domain
from saluhall.dialect import Invalid, NoSuchRoute, Overloaded, Problem, Reply, Unexpected
from saluhall.dialects.sellrapido.errors import (
    ERROR_RESPONSES,
    UNREACHABLE_ERRORS,
    BadAccess,
    Refusal,
    render_error,
    stamp,
)
from saluhall.domain.accounts.model import UnknownKey
from saluhall.domain.sessions.model import InvalidCredentials, SignInThrottled

NOW = datetime(2025, 7, 29, 11, 31, 17, 999999, tzinfo=UTC)


def said(fact: Exception) -> Reply:
    reply = render_error(fact)
    assert reply is not None
    return stamp(reply, "req-1", NOW)


def text_of(reply: Reply) -> str:
    return msgspec.json.encode(reply.body).decode()


def test_an_error_has_what_clients_of_both_generations_look_for() -> None:
    assert text_of(said(InvalidCredentials("anna"))) == (
        '{"success":false,"server":"saluhall","code":"401","root":"Invalid credentials for anna",'
        '"pagination":null,"hash":"req-1","exception":{},"date":"2025-07-29T11:31:17Z","trace":[],'
        '"traceAsString":"","message":"Invalid credentials for anna",'
        '"error":"Invalid credentials for anna"}'
    )


@pytest.mark.parametrize(
    ("fact", "status", "root"),
    [
        (BadAccess("Token expired"), 401, "Token expired"),
        (UnknownKey(), 401, "wrong api key"),
        (NoSuchRoute(), 404, "Not found"),
        (Refusal("Request body must be an array"), 400, "Request body must be an array"),
        (Refusal("Gone", status=410), 410, "Gone"),
        (
            Invalid([Problem("username", "Required"), Problem("password", "Required")]),
            400,
            "username: Required; password: Required",
        ),
    ],
)
def test_a_fact_sounds_as_documented(fact: Exception, status: int, root: str) -> None:
    reply = said(fact)

    assert reply.status == status
    assert f'"code":"{status}","root":"{root}"' in text_of(reply)


def test_what_broke_here_tells_the_request_id_and_nothing_else() -> None:
    reply = said(Unexpected("a secret detail"))

    assert reply.status == 500
    assert text_of(reply).count("Internal server error (request id req-1)") == 3
    assert "secret" not in text_of(reply)


def test_who_has_to_wait_is_told_how_long() -> None:
    assert said(SignInThrottled(7)).headers == {"Retry-After": "7"}
    assert said(Overloaded()).headers == {"Retry-After": "1"}


def test_a_fact_without_words_is_left_to_the_host() -> None:
    assert render_error(KeyError("x")) is None


def test_an_answer_that_is_no_error_gets_no_stamp() -> None:
    reply = Reply(status=200, body=[])

    assert stamp(reply, "req-1", NOW) is reply


def facts() -> Iterator[type[Exception]]:
    names = [f"saluhall.domain.{file.parent.name}.model" for file in models()]
    for name in ["saluhall.dialect", *names]:
        for thing in vars(importlib.import_module(name)).values():
            is_own = isinstance(thing, type) and thing.__module__ == name
            if is_own and issubclass(thing, Exception):
                yield thing


def models() -> list[Path]:
    return sorted(Path(saluhall.domain.__path__[0]).glob("*/model.py"))


def test_every_fact_has_words_or_a_reason_to_have_none() -> None:
    assert set(facts()) <= ERROR_RESPONSES.keys() | UNREACHABLE_ERRORS.keys()
    assert not ERROR_RESPONSES.keys() & UNREACHABLE_ERRORS.keys()
