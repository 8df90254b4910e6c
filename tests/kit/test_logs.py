"""Logs are JSON lines, and secrets are blackened."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import structlog

from saluhall.kit.logs import set_up_logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    with patch("sys.stderr", written):
        set_up_logs()
        yield written
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def last(stream: io.StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return found


def test_a_line_is_one_json_object_with_time_and_level(stream: io.StringIO) -> None:
    structlog.get_logger("a").info("request", status=200, text="two\nlines")

    assert stream.getvalue().count("\n") == 1
    line = last(stream)
    assert (line["event"], line["status"], line["level"]) == ("request", 200, "info")
    assert line["timestamp"].endswith("Z")


def test_what_is_bound_to_a_request_is_in_each_of_its_lines(stream: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="req_1", sku="A/B\0\ud7ff")

    structlog.get_logger("a").info("one")
    logging.getLogger("library").warning("two")

    for line in map(json.loads, stream.getvalue().splitlines()):
        assert (line["request_id"], line["sku"]) == ("req_1", "A/B\0\ud7ff")


@pytest.mark.parametrize("name", ["token", "secret", "password", "api_key", "key", "authorization"])
def test_a_secret_is_blackened(name: str, stream: io.StringIO) -> None:
    structlog.get_logger("a").info("x", **{name: "hidden"})

    assert "hidden" not in stream.getvalue()
    assert last(stream)[name] == "***"


def test_the_librarys_own_lines_are_json_too_and_chatter_is_left_out(stream: io.StringIO) -> None:
    logging.getLogger("library").info("kept %s", 1)
    logging.getLogger("procrastinate").info("chatter")

    assert last(stream)["event"] == "kept 1"
    assert "chatter" not in stream.getvalue()


def test_a_failure_is_logged_with_its_trace_on_one_line(stream: io.StringIO) -> None:
    try:
        int("here")
    except ValueError:
        structlog.get_logger("a").exception("it broke", what=object())

    assert stream.getvalue().count("\n") == 1
    assert "ValueError: invalid" in last(stream)["exception"]
