"""What is counted, in one process or, when PROMETHEUS_MULTIPROC_DIR is set, over all of them."""

import os
from pathlib import Path
from typing import Literal

import structlog
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client import values as counting
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_ROOM = 1 << 20  # bytes for each process and kind: some six thousand counters
_GAUGE: Literal["livemostrecent"] = "livemostrecent"
_log = structlog.get_logger(__name__)
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

REQUESTS = Counter(
    "saluhall_requests", "Requests answered", labelnames=("dialect", "route", "status")
)
REQUEST_SECONDS = Histogram(
    "saluhall_request_seconds", "Time to answer a request", labelnames=("dialect", "route")
)
OUTBOUND_CALLS = Counter(
    "saluhall_outbound_calls", "Calls to marketplaces", labelnames=("channel", "outcome")
)
UNREADABLE_ENTRIES = Counter(
    "saluhall_unreadable_entries",
    "Entries of marketplaces' answers that could not be read or stored, each counted once",
    labelnames=("channel", "kind"),
)
WEBHOOK_ATTEMPTS = Counter(
    "saluhall_webhook_attempts", "Attempts to deliver a webhook", labelnames=("outcome",)
)
CLOCK_AHEAD = Gauge(
    "saluhall_clock_ahead_seconds",
    "How far the machine's clock is ahead of the database's",
    labelnames=("process",),
    multiprocess_mode=_GAUGE,
)
SLOTS_IN_USE = Gauge(
    "saluhall_slots_in_use",
    "Slots of background work that are taken",
    labelnames=("job",),
    multiprocess_mode=_GAUGE,
)
JOB_RUNS = Counter("saluhall_job_runs", "Runs of background jobs", labelnames=("job", "outcome"))


def reserve() -> None:
    """Take the room for this process's counters before the first of them counts: a full disk must not end a process that counts.

    Where there is none, this process counts for itself.
    """
    folder = os.environ.get(_FOLDER)
    if not folder:
        return
    try:
        for kind in ("counter", "histogram", f"gauge_{_GAUGE}"):
            _take_room(Path(folder) / f"{kind}_{os.getpid()}.db")
    except OSError as error:
        _log.warning("no room for counters: this process counts for itself", error=str(error))
        os.environ.pop(_FOLDER)
        counting.ValueClass = counting.MutexValue


def _take_room(file: Path) -> None:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(handle, 0, _ROOM)
    except OSError:
        file.unlink()
        raise
    finally:
        os.close(handle)


def exposition() -> bytes:
    """Write every metric in the Prometheus text format, summed over processes if there are many."""
    registry = REGISTRY
    if os.environ.get(_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types
    return generate_latest(registry)
