"""The PostgreSQL that comes along starts for the first who asks and stops with the last, and harms nobody."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psycopg
import pytest

from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.embedded import EmbeddedPostgres, memory_bytes, shared_mb
from saluhall.storage.embedded.locks import Locks

HOLD = """
import sys
from pathlib import Path
from saluhall.storage.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.url, flush=True)
sys.stdin.readline()
server.close()
"""
DEAF = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(0.2)
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
time.sleep(60)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One that nobody stops."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("shared") / "data")
    yield server
    server.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dir that has been used and is not: to be copied, which is faster than to make one."""
    data_dir = tmp_path_factory.mktemp("made") / "data"
    EmbeddedPostgres(data_dir).close()
    return data_dir


@pytest.fixture
def data_dir(made: Path, tmp_path: Path) -> Path:
    """A copy that is one's own."""
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def short_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="saluhall-test-") as folder:
        yield Path(folder)


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


def pid_of(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def until(true: Callable[[], bool], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("version", [16, 18])
def test_it_starts_stops_and_keeps_what_was_stored(version: int, tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, version=version)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select 7 as n")
        shown = connection.execute("show server_version").fetchone()
    server.close()
    assert shown is not None
    assert shown[0].startswith(f"{version}.")
    assert not answers(server.url)

    again = EmbeddedPostgres(tmp_path)  # it stays with the version that made the data

    with psycopg.connect(again.url) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)
    again.close()


def test_two_that_start_first_at_once_share_one_server(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as side:
        first, second = side.map(hold, [tmp_path, tmp_path])
    assert first.stdout is not None
    assert second.stdout is not None
    urls = {first.stdout.readline().strip(), second.stdout.readline().strip()}
    assert len(urls) == 1
    [url] = urls

    let_go(first)
    assert answers(url)
    let_go(second)
    assert not answers(url)


def test_one_that_was_killed_does_not_keep_the_server_up(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    killed = hold(data_dir)
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    assert answers(server.url)

    server.close()

    assert not answers(server.url)


def test_everything_it_needs_is_in_the_data_dir(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common, data_dir = short_path / "tmp", short_path / "parent" / "data"
    for folder in (common, data_dir.parent):
        folder.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(common))
    monkeypatch.setattr("tempfile.tempdir", None)

    server = EmbeddedPostgres(data_dir)

    assert answers(server.url)
    assert list(common.iterdir()) == []
    closed = (short_path / "parent", data_dir, data_dir / "postgres")
    assert [folder.stat().st_mode & 0o777 for folder in closed] == [0o700] * 3
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {os.geteuid()}
    [found] = (data_dir / "postgres").glob(".s.PGSQL.*[0-9]")
    assert found.stat().st_mode & 0o777 == 0o700
    server.close()


def test_a_long_path_gets_a_private_folder_for_the_socket_which_goes_with_the_server(
    made: Path, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (short_path / "t").mkdir()
    monkeypatch.setenv("TMPDIR", str(short_path / "t"))
    monkeypatch.setattr("tempfile.tempdir", None)
    data_dir = short_path / ("long, and %41 \"odd'" * 6) / "data"
    shutil.copytree(made, data_dir)

    server = EmbeddedPostgres(data_dir)
    second = EmbeddedPostgres(data_dir)

    assert second.url == server.url
    assert answers(server.url)
    folder = Path(psycopg.conninfo.conninfo_to_dict(server.url)["host"])  # type: ignore[arg-type]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
    os.kill(pid_of(data_dir), signal.SIGKILL)
    second.start()
    assert second.url == server.url  # who uses it needs no other address
    assert answers(server.url)
    server.close()
    second.close()
    assert not folder.exists()


def test_only_who_runs_the_hub_comes_in(shared: EmbeddedPostgres) -> None:
    with psycopg.connect(shared.url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        rules = connection.execute("select type, auth_method from pg_hba_file_rules").fetchall()
    assert set(rules) == {("local", "peer")}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_a_data_dir_of_another_user_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    os.chown(tmp_path, 1, 1)
    with pytest.raises(DatabaseUnavailable, match="belongs to the user daemon, and this runs as"):
        EmbeddedPostgres(tmp_path)
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "postgres").mkdir()
    os.chown(tmp_path / "postgres", 2, 2)
    os.chown(tmp_path, 0, 0)
    with pytest.raises(DatabaseUnavailable, match="belongs to the user bin"):
        EmbeddedPostgres(tmp_path)
    assert (tmp_path / "postgres").stat().st_uid == 2
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


@pytest.mark.parametrize("name", ["a file", "a file/below"])
def test_a_data_dir_that_cannot_be_one_is_refused_with_a_sentence(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "a file").write_text("no folder")

    with pytest.raises(DatabaseUnavailable, match=r"the data dir cannot be used: .*a file"):
        EmbeddedPostgres(tmp_path / name)


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("mine")

    with pytest.raises(DatabaseUnavailable, match="no database of PostgreSQL"):
        EmbeddedPostgres(tmp_path)

    assert (tmp_path / "postgres" / "letter.txt").read_text() == "mine"


def test_a_number_that_belongs_to_another_process_now_is_not_believed(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    file = data_dir / "postgres" / "postmaster.pid"
    pid, rest = file.read_text().split("\n", 1)
    os.kill(int(pid), signal.SIGKILL)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        file.write_text(f"{stranger.pid}\n{rest}")

        again = EmbeddedPostgres(data_dir)

        assert answers(again.url)
        again.close()
        server.close()
        assert stranger.poll() is None
        stranger.kill()
    assert not answers(again.url)


def test_a_start_right_after_a_kill_succeeds(data_dir: Path) -> None:
    killed = []
    for _ in range(3):
        server = EmbeddedPostgres(data_dir)
        killed.append(server)
        with psycopg.connect(server.url) as connection:
            connection.execute("create table if not exists kept as select 7 as n")
        os.kill(pid_of(data_dir), signal.SIGKILL)

    server = EmbeddedPostgres(data_dir)

    with psycopg.connect(server.url) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)
    for each in (*killed, server):
        each.close()
    assert not answers(server.url)


def test_a_first_start_that_was_killed_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")

    server = EmbeddedPostgres(tmp_path)

    assert answers(server.url)
    assert not half.exists()
    server.close()


def _is_another(data_dir: Path, url: str, killed: int) -> bool:
    return answers(url) and pid_of(data_dir) != killed


def test_one_that_is_killed_is_started_again_where_it_is_kept(data_dir: Path) -> None:
    server, other = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    server.keep()
    other.keep()
    for _ in range(2):
        killed = pid_of(data_dir)
        os.kill(killed, signal.SIGKILL)
        until(partial(_is_another, data_dir, server.url, killed), timeout_s=60)
    server.close()
    assert answers(other.url)
    other.close()
    assert not answers(other.url)


def test_a_start_waits_as_long_as_it_takes_and_can_be_given_up(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = EmbeddedPostgres(data_dir, start=False)
    ended: list[Exception] = []

    def start() -> None:
        try:
            server.start()
        except DatabaseUnavailable as error:
            ended.append(error)

    with Locks(data_dir / "postgres").turn(lambda: None):
        starting = threading.Thread(target=start)
        starting.start()
        assert server.waits.wait(30)
        server.give_up()
        starting.join()
    assert "given up" in str(ended[0])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    server.close()
    assert not answers(f"postgresql://postgres@/postgres?host={data_dir}/postgres")


def test_a_server_that_does_not_take_the_first_signal_is_ended_all_the_same(tmp_path: Path) -> None:
    """What a shell starts in the background ignores SIGINT; so does PostgreSQL then until it has its own handlers."""
    server = EmbeddedPostgres(tmp_path / "data", start=False)
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        assert deaf.stdout.readline() == b"deaf\n"
        server._process = deaf
        closing = threading.Thread(target=server.close, daemon=True)
        closing.start()
        closing.join(30)
        assert not closing.is_alive()


def test_why_it_does_not_start_is_said(data_dir: Path) -> None:
    with (data_dir / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = 'as much as there is'\n")

    with pytest.raises(DatabaseUnavailable, match=r"does not start: .*(FATAL|shared_buffers)"):
        EmbeddedPostgres(data_dir)


@pytest.mark.parametrize(
    ("gigabytes", "megabytes"),
    [(0.25, 128), (0.5, 128), (2, 512), (4, 1024), (8, 2048), (64, 2048)],
)
def test_it_shares_a_quarter_of_the_memory_within_bounds(gigabytes: float, megabytes: int) -> None:
    assert shared_mb(int(gigabytes * 2**30)) == megabytes


def test_a_new_server_is_set_up_for_the_memory_there_is(shared: EmbeddedPostgres) -> None:
    with psycopg.connect(shared.url) as connection:
        shown = connection.execute(
            "select setting::int / 128 from pg_settings where name = 'shared_buffers'"
        )
        assert shown.fetchone() == (shared_mb(memory_bytes()),)
