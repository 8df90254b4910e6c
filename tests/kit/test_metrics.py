"""What is counted can be read, from one process and from many."""

import os
import subprocess
import sys
from pathlib import Path

from saluhall.kit import metrics

COUNT = """
from saluhall.kit import metrics
metrics.REQUESTS.labels("rheo", "PUT", "/items", "202").inc(2)
metrics.REQUEST_SECONDS.labels("rheo", "PUT", "/items", "2xx").observe(0.2)
print(metrics.exposition().decode())
"""


def test_what_was_counted_is_exposed() -> None:
    metrics.JOB_RUNS.labels("a job", "done").inc()
    metrics.WEBHOOK_ATTEMPTS.labels("an outcome").inc()
    metrics.OUTBOUND_CALLS.labels("a channel", "ok").inc()

    text = metrics.exposition().decode()

    assert 'saluhall_job_runs_total{job="a job",outcome="done"} 1.0' in text
    assert 'saluhall_webhook_attempts_total{outcome="an outcome"} 1.0' in text
    assert 'saluhall_outbound_calls_total{channel="a channel",outcome="ok"} 1.0' in text


def test_many_processes_are_summed(tmp_path: Path) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    output = [
        subprocess.run(
            [sys.executable, "-c", COUNT], env=env, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]

    counted = 'saluhall_requests_total{dialect="rheo",method="PUT",route="/items",status="202"} '
    assert f"{counted}2.0" in output[0]
    assert f"{counted}4.0" in output[1]
    assert (
        'saluhall_request_seconds_count{dialect="rheo",method="PUT",route="/items",status_class="2xx"} 2.0'
        in output[1]
    )


FULL = """
import resource
from saluhall.kit import metrics
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
metrics.reserve()
for number in range(20_000):
    metrics.REQUESTS.labels("rheo", "PUT", str(number), "202").inc()
print(metrics.exposition().decode().count("saluhall_requests_total{"))
"""


def test_where_there_is_no_room_for_counters_a_process_counts_for_itself(tmp_path: Path) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    ran = subprocess.run(
        [sys.executable, "-c", FULL], env=env, capture_output=True, text=True, check=True
    )

    assert ran.stdout.splitlines()[-1] == "20000"


def test_room_for_counters_is_taken_before_they_count(tmp_path: Path) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    code = COUNT.replace("metrics.REQUESTS", "metrics.reserve()\nmetrics.REQUESTS", 1)

    ran = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )

    assert (
        'saluhall_requests_total{dialect="rheo",method="PUT",route="/items",status="202"} 2.0'
        in ran.stdout
    )
    assert {path.stat().st_blocks * 512 for path in tmp_path.iterdir()} == {1 << 20}
