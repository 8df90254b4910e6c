"""The PostgreSQL that comes along starts for the first who asks and stops with the last."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from saluhall.storage.embedded import EmbeddedPostgres, memory_bytes, shared_mb

HOLD = """
import sys
from pathlib import Path
from saluhall.storage.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.url, flush=True)
sys.stdin.readline()
server.close()
"""


def hold(data_dir: Path) -> subprocess.Popen[str]:
    """Another process that uses the database until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def let_go(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)
    assert process.returncode == 0


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


@pytest.mark.parametrize("version", [16, 18])
def test_it_starts_stops_and_keeps_what_was_stored(version: int, open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder, version=version)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select 7 as n")
        shown = connection.execute("show server_version").fetchone()
    server.close()
    assert shown is not None
    assert shown[0].startswith(f"{version}.")
    assert not answers(server.url)

    again = EmbeddedPostgres(open_folder)  # it stays with the version that made the data

    with psycopg.connect(again.url) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)
    again.close()


def test_two_that_start_first_at_once_share_one_server(open_folder: Path) -> None:
    with ThreadPoolExecutor() as side:
        first, second = side.map(hold, [open_folder, open_folder])
    assert first.stdout is not None
    assert second.stdout is not None
    urls = {first.stdout.readline().strip(), second.stdout.readline().strip()}
    assert len(urls) == 1
    [url] = urls

    let_go(first)
    assert answers(url)
    let_go(second)
    assert not answers(url)


def test_one_that_was_killed_does_not_keep_the_server_up_for_ever(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder)
    killed = hold(open_folder)
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    server.close()
    assert answers(server.url)  # nobody could tell

    again = EmbeddedPostgres(open_folder)
    handles = json.loads((open_folder / "postgres" / ".handle_pids.json").read_text())
    assert handles == [os.getpid()]
    again.close()

    assert not answers(server.url)


def test_it_listens_on_no_network(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder)
    with psycopg.connect(server.url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    server.close()


@pytest.mark.parametrize(
    ("gigabytes", "megabytes"),
    [(0.25, 128), (0.5, 128), (2, 512), (4, 1024), (8, 2048), (64, 2048)],
)
def test_it_shares_a_quarter_of_the_memory_within_bounds(gigabytes: float, megabytes: int) -> None:
    assert shared_mb(int(gigabytes * 2**30)) == megabytes


def test_a_new_server_is_set_up_for_the_memory_there_is(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder)
    with psycopg.connect(server.url) as connection:
        shown = connection.execute(
            "select setting::int / 128 from pg_settings where name = 'shared_buffers'"
        )
        assert shown.fetchone() == (shared_mb(memory_bytes()),)
    server.close()
