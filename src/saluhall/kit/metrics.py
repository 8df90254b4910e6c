"""What is counted, in one process or, when PROMETHEUS_MULTIPROC_DIR is set, over all of them."""

import os
from collections.abc import Iterable, Sequence
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
    "saluhall_requests",
    "Responses to requests, by route and status",
    labelnames=("dialect", "method", "route", "status"),
)
REQUEST_SECONDS = Histogram(
    "saluhall_request_seconds",
    "Time from a request's header to the end of its response",
    labelnames=("dialect", "method", "route", "status_class"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
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
OUTAGES = Gauge(
    "saluhall_outages",
    "Outages that have begun and not ended, as the process that noted one last sees them",
    labelnames=("kind",),
    multiprocess_mode=_GAUGE,
)
JOB_RUNS = Counter("saluhall_job_runs", "Runs of background jobs", labelnames=("job", "outcome"))

CALL_OUTCOMES = (
    "ok", "refused", "denied", "wrong_keys", "not_there", "limited", "failed", "no_answer", "too_large", "not_allowed",
)  # fmt: skip
ENTRY_KINDS = ("listing", "change", "order", "transaction", "submission")
ATTEMPT_OUTCOMES = ("success", "failed")
RUN_OUTCOMES = ("done", "crashed")


def begin_background(jobs: Iterable[str], channels: Iterable[str]) -> None:
    """Let the counters of a worker begin at 0: what never happened is seen to be 0, and the first time is seen as a rise."""
    for outcome in ATTEMPT_OUTCOMES:
        WEBHOOK_ATTEMPTS.labels(outcome)
    for job in jobs:
        SLOTS_IN_USE.labels(job).set(0)
        for outcome in RUN_OUTCOMES:
            JOB_RUNS.labels(job, outcome)
    for channel in channels:
        for outcome in CALL_OUTCOMES:
            OUTBOUND_CALLS.labels(channel, outcome)
        for kind in ENTRY_KINDS:
            UNREADABLE_ENTRIES.labels(channel, kind)


def begin_requests(routes: Iterable[tuple[str, str, str, Sequence[int]]]) -> None:
    """Let the counters of an API process begin at 0, for each dialect, method, route and status that is documented."""
    for dialect, method, route, statuses in routes:
        for status in statuses:
            REQUESTS.labels(dialect, method, route, str(status))


def begin_outages(kinds: Iterable[str]) -> None:
    """Say of each kind that there is no outage."""
    for kind in kinds:
        OUTAGES.labels(kind).set(0)


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
