"""What is counted, in one process or, when PROMETHEUS_MULTIPROC_DIR is set, over all of them."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

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
JOB_RUNS = Counter("saluhall_job_runs", "Runs of background jobs", labelnames=("job", "outcome"))


def exposition() -> bytes:
    """Write every metric in the Prometheus text format, summed over processes if there are many."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types
    return generate_latest(registry)
