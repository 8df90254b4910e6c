"""A PostgreSQL server on a port of 127.0.0.1, from the wheel's binaries, with the settings of the guide: primary, or standby of another."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

from saluhall.storage.embedded.binaries import binary
from tests.pgbouncer import AS_ANOTHER, GUIDE

BINARIES = binary("postgres").parent


class Server:
    """One server; `url` leads to it directly."""

    login = "postgres"

    def __init__(self, folder: Path, *, port: int, name: str = "postgres") -> None:
        self.folder, self.port, self.name = folder / name, port, name
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, dbname: str = "saluhall") -> str:
        return f"postgresql://{self.login}@127.0.0.1:{self.port}/{dbname}"

    def initialise(self) -> None:
        """Make an empty one."""
        self._run("initdb", "-D", str(self.folder), "-U", "postgres", "--auth=trust", "-N")
        self._configure()

    def follow(self, primary: "Server") -> None:
        """Make a standby of a running primary."""
        self._run(
            "pg_basebackup",
            *("-D", str(self.folder), "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"),
            *(
                "-d",
                f"host=127.0.0.1 port={primary.port} user=postgres application_name={self.name}",
            ),
        )
        self._configure()

    def _configure(self) -> None:
        (self.folder / "ha.conf").write_text((GUIDE / "postgresql.conf").read_text())
        with (self.folder / "postgresql.conf").open("a") as conf:
            conf.write(
                f"include 'ha.conf'\nport = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                "unix_socket_directories = ''\nshared_buffers = 64MB\n"
            )

    def start(self) -> None:
        """Start and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*AS_ANOTHER, str(BINARIES / "postgres"), "-D", str(self.folder)],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while not self.answers():
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            assert time.monotonic() < deadline, self._log.read_text()[-2000:]
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def run(self, sql: str, dbname: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement, and return its output."""
        with psycopg.connect(self.url(dbname), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def takes_writes(self) -> bool:
        """Return whether it answers and is the primary."""
        try:
            return not self.run("select pg_is_in_recovery()")[0][0]
        except psycopg.OperationalError:
            return False

    def be_synchronous(self) -> None:
        """Count writes only when a standby has them; wait until one does."""
        self.run("alter system set synchronous_standby_names = 'ANY 1 (*)'")
        self.run("select pg_reload_conf()")
        deadline = time.monotonic() + 30
        while not self.run("select 1 from pg_stat_replication where sync_state = 'quorum'"):
            assert time.monotonic() < deadline, "no standby streams"
            time.sleep(0.05)

    def promote(self) -> None:
        """Make this standby the primary, as the guide says."""
        environment = {**os.environ, "POSTGRES_BIN": str(BINARIES)}
        script = [*AS_ANOTHER, str(GUIDE / "promote.sh"), str(self.port)]
        subprocess.run(script, check=True, env=environment, timeout=60)

    def kill(self) -> None:
        """Kill -9 all of it, as a power cut would."""
        if self._process is None or self._process.poll() is not None:
            return
        parts = [psutil.Process(self._process.pid)]
        parts += parts[0].children(recursive=True)
        for part in parts:
            part.kill()
        self._process.wait(10)

    def stop(self) -> None:
        """Stop in order: all clients are disconnected, everything is written."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*AS_ANOTHER, str(BINARIES / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)


async def promoted_at(standby: Server, *, timeout_s: float) -> float:
    """Wait until a standby takes writes; return when that was (monotonic)."""
    deadline = time.monotonic() + timeout_s
    while not await asyncio.to_thread(standby.takes_writes):
        assert time.monotonic() < deadline, f"{standby.name} is not promoted"
        await asyncio.sleep(0.02)
    return time.monotonic()
