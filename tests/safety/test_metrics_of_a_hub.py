"""What /metrics of a running hub says, and that it says it as Prometheus wants it."""

import asyncio
import shutil
import subprocess
import time

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from saluhall import VERSION
from tests.hub import Hub

UNITS = ("seconds", "bytes", "info")
# What is counted, and is no quantity with a unit.
COUNTS = ("saluhall_outages", "saluhall_slots_in_use", "saluhall_due_rows", "saluhall_channel_calls_left",
          "saluhall_channel_calls_limit", "saluhall_connections", "saluhall_workers", "saluhall_webhook_endpoints",
          "saluhall_ready")  # fmt: skip


async def text_of(hub: Hub) -> str:
    status, _, text = await hub.request("GET", "/metrics")
    assert status == 200
    return text.decode()


async def metrics_of(hub: Hub) -> dict[str, Metric]:
    return {found.name: found for found in text_string_to_metric_families(await text_of(hub))}


def value(metric: Metric, **labels: str) -> float:
    [found] = [s.value for s in metric.samples if labels.items() <= s.labels.items()]
    return float(found)


async def test_requests_answered_by_an_api_process_are_counted(hub: Hub) -> None:
    route = "/integration/v1/items/{external_id}"
    await hub.request("GET", "/integration/v1/items/COUNTED", headers={"x-api-key": "unknown"})

    labels = f'dialect="rheo",method="GET",route="{route}"'
    deadline = time.monotonic() + 10  # what was measured is kept for a second
    while f'saluhall_request_seconds_count{{{labels},status_class="4xx"}}' not in (
        text := await text_of(hub)
    ):
        assert time.monotonic() < deadline, text
        await asyncio.sleep(0.1)
    assert f'saluhall_requests_total{{{labels},status="401"}}' in text


async def test_every_metric_has_a_help_text_and_a_name_by_prometheus_rules(hub: Hub) -> None:
    found = await metrics_of(hub)

    assert len(found) > 20
    for name, metric in found.items():
        assert metric.documentation.strip(), name
        assert name.startswith("saluhall_"), name
        assert metric.type in {"counter", "gauge", "histogram"}, name
        if metric.type == "gauge":
            assert name in COUNTS or name.endswith(UNITS), name


async def test_counters_are_0_before_anything_happens_and_the_hub_says_how_it_is(hub: Hub) -> None:
    found = await metrics_of(hub)

    assert value(found["saluhall_unreadable_entries"], channel="tradera", kind="order") >= 0
    assert value(found["saluhall_outbound_calls"], channel="tradera", outcome="limited") >= 0
    assert value(found["saluhall_webhook_attempts"], outcome="failed") >= 0
    assert value(found["saluhall_job_runs"], job="replay_webhooks", outcome="crashed") >= 0
    assert value(found["saluhall_outages"], kind="database") == 0
    put = {"method": "PUT", "route": "/integration/v1/items/{external_id}"}
    assert value(found["saluhall_requests"], **put, status="503") >= 0
    assert value(found["saluhall_build_info"], version=VERSION) == 1
    assert value(found["saluhall_ready"]) == 1
    assert value(found["saluhall_workers"], state="alive") == 1
    assert value(found["saluhall_worker_heartbeat_age_seconds"]) < 8
    assert value(found["saluhall_channel_calls_limit"], channel="tradera") == 1_000_000
    assert value(found["saluhall_channel_next_call_seconds"], channel="tradera") == 0
    assert value(found["saluhall_image_store_free_bytes"]) > 0
    assert {s.labels["state"] for s in found["saluhall_webhook_endpoints"].samples} == {
        "on",
        "failing",
        "off",
    }


async def test_promtool_finds_nothing_to_say_about_the_metrics(hub: Hub) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: `make test-watching` installs it and runs this")
    text = await text_of(hub)

    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
