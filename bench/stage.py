"""The stage of a figure: a PostgreSQL, a marketplace, a receiver and servers, each a real process, all gone at the end."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
from psycopg import sql

from saluhall import bootstrap
from saluhall.storage.embedded import EmbeddedPostgres

SECRET_KEY = "a key for benchmarks, as long as it must be"
_START_S = 30.0
_STOP_S = 30.0


class Process:
    """A process in a session of its own, so that Ctrl-C reaches it through us alone; what another program than ours says is logged."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        self.log = log
        self.started_at = time.monotonic()
        with log.open("ab") as sink:
            self._popen = subprocess.Popen(
                [*(program or (sys.executable, "-m")), *arguments],
                env={**os.environ, **(env or {})},
                cwd=folder,
                stdout=sink if program else subprocess.PIPE,
                stderr=sink,
                start_new_session=True,
            )

    def announced(self) -> Any:
        """Read the line of JSON by which a process says that it is there."""
        assert self._popen.stdout is not None  # noqa: S101 - it was asked for
        line = self._popen.stdout.readline()
        if not line:
            raise RuntimeError(f"it did not start: {self.tail()}")
        return json.loads(line)

    def tail(self) -> str:
        """Show the end of the log."""
        return self.log.read_text(errors="replace")[-2000:]

    def is_running(self) -> bool:
        """Return whether it still runs."""
        return self._popen.poll() is None

    def family(self) -> list[psutil.Process]:
        """List the process and its descendants, PostgreSQL's aside."""
        try:
            first = psutil.Process(self._popen.pid)
            every = [first, *first.children(recursive=True)]
            return [p for p in every if "postgres" not in p.name()]
        except psutil.NoSuchProcess:
            return []

    def rss_bytes(self) -> int:
        """Add up the resident memory of the family; what they share is counted for each."""
        total = 0
        for member in self.family():
            try:
                total += member.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total

    def cpu_s(self) -> float:
        """Add up the processor time of the family."""
        total = 0.0
        for member in self.family():
            try:
                times = member.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    def stop(self) -> None:
        """Ask it to stop; insist after a while."""
        if self.is_running():
            self._popen.terminate()
        try:
            self._popen.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        if self._popen.stdout is not None:
            self._popen.stdout.close()


class Stage:
    """Gives figures what they need and takes it away again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = AsyncExitStack()
        self._postgres: EmbeddedPostgres | None = None
        self._names = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names}"

    async def database(self) -> str:
        """Make a fresh, migrated database on a PostgreSQL shared by the figure; return its URL."""
        url = await self.empty_database()
        await bootstrap.prepare(url)
        return url

    async def empty_database(self) -> str:
        """Make a database without anything in it on the same PostgreSQL; return its URL."""
        if self._postgres is None:
            server = await asyncio.to_thread(EmbeddedPostgres, self.folder / "shared")
            self._stack.callback(server.close)
            self._postgres = server
        name = self._name("bench")
        with psycopg.connect(self._postgres.url, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self._postgres.url.replace("/postgres?", f"/{name}?")

    @asynccontextmanager
    async def process(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = (),
        folder: Path | None = None,
    ) -> AsyncIterator[Process]:
        """Run `python -m ...`, or another program, as long as this is open."""
        log = self.folder / f"{self._name('process')}.log"
        started = Process(arguments, log=log, env=env, program=program, folder=folder)
        try:
            yield started
        finally:
            await asyncio.to_thread(started.stop)

    @asynccontextmanager
    async def sandbox(self) -> AsyncIterator[str]:
        """Run the practice marketplace; give its URL."""
        async with self.process(["saluhall.practice.tradera", "--port", "0"]) as process:
            yield process.announced()["url"]

    @asynccontextmanager
    async def server(
        self, env: Mapping[str, str], *, processes: int = 1, worker: bool = True
    ) -> AsyncIterator[tuple[Process, int]]:
        """Run `saluhall serve`; give the process and its port, ready."""
        port = free_port()
        arguments = ["saluhall", "serve", "--port", str(port), "--processes", str(processes)]
        arguments += [] if worker else ["--no-worker"]
        async with self.process(arguments, env=env) as process:
            await until_ready(process, port)
            yield process, port

    def settings(self, **more: str) -> dict[str, str]:
        """Give an environment with the settings that every server here shares."""
        return {
            **os.environ,
            "SALUHALL_DATA_DIR": str(self.folder / self._name("data")),
            "SALUHALL_SECRET_KEY": SECRET_KEY,
            "SALUHALL_RATE_LIMITS": "off",
            "SALUHALL_OUTBOUND_ALLOW": "127.0.0.0/8",
            "SALUHALL_TRADERA_CALLS_PER_DAY": "10000000",
            **more,
        }


async def until_ready(process: Process, port: int) -> None:
    """Wait until a server answers that it is ready. Raises RuntimeError when it does not."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.is_running():
        if await _is_ready(port):
            return
        await asyncio.sleep(0.02)
    raise RuntimeError(f"the server did not become ready: {process.tail()}")


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
    try:
        return (await reader.read()).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
    finally:
        writer.close()


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
