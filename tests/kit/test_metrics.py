"""What is counted can be read, from one process and from many."""

import os
import subprocess
import sys
from pathlib import Path

from saluhall.kit import metrics

COUNT = """
from saluhall.kit import metrics
metrics.REQUESTS.labels("rheo", "/items", "202").inc(2)
metrics.REQUEST_SECONDS.labels("rheo", "/items").observe(0.2)
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
    told = [
        subprocess.run(
            [sys.executable, "-c", COUNT], env=env, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]

    counted = 'saluhall_requests_total{dialect="rheo",route="/items",status="202"} '
    assert f"{counted}2.0" in told[0]
    assert f"{counted}4.0" in told[1]
    assert 'saluhall_request_seconds_count{dialect="rheo",route="/items"} 2.0' in told[1]
