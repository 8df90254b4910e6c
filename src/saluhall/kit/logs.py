"""Structured logs: one JSON object per line on standard error, secrets never."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

_HIDDEN = frozenset({"token", "secret", "password", "api_key", "key", "authorization"})


def _hide(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _HIDDEN & event.keys():
        event[name] = "***"
    return event


def _encode(event: MutableMapping[str, Any], **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def _processors() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _hide,
    ]


def set_up_own_logs(level: str) -> None:
    """Send our own log to standard error as JSON lines: standard output is for what a command prints."""
    structlog.configure(
        processors=[*_processors(), structlog.processors.JSONRenderer(serializer=_encode)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def set_up_logs(level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers to standard error as JSON lines."""
    set_up_own_logs(level)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_processors(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_encode),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("aiohttp", "_granian", "granian", "pyvips"):
        logging.getLogger(noisy).setLevel("WARNING")
    # It logs each failure of its own with the database; `kit.outages` logs the outage, and `queue` that the library stopped.
    logging.getLogger("procrastinate").setLevel("CRITICAL")
    # It logs every attempt to connect; the code that needs the database reports it too.
    logging.getLogger("psycopg.pool").setLevel("ERROR")
    # The server comes with a handler of its own, which writes plain lines.
    server = logging.getLogger("_granian")
    server.handlers, server.propagate = [], True
