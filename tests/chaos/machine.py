"""The processes of a hub with its own PostgreSQL, a second worker, and what can happen to them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp
import psutil

from tests.chaos.moves import Victim
from tests.hub import free_port

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
HAS_FAKETIME = FAKETIME.exists()
_START_S = 60.0
_HAND_AFTER_S = 30.0
_STOP_S = 30.0


class Machine:
    """`saluhall serve` with its embedded PostgreSQL and two API processes, and one more `saluhall worker`.

    What ends is started again as a service manager would; `ended_by_itself` counts how often the hub did, `hands` how often it was up
    without answering for so long that somebody had to start it anew.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], *, log: Path | None = None) -> None:
        self._folder = folder
        self._log = log or folder / "hub.log"
        self._env = {**os.environ, **env, "SALUHALL_DATA_DIR": str(folder / "data")}
        self._hub: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._clock_offset_s = 0
        self._tending: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()
        self._stopped: set[int] = set()
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.ended_by_itself = 0
        self.hands = 0

    async def start(self) -> None:
        """Start everything and wait until it is ready."""
        self._start_hub()
        await self._until_ready(_START_S)
        self._start_worker()
        self._tending = asyncio.create_task(self._tend())

    async def close(self) -> None:
        """Stop everything."""
        if self._tending is not None:
            self._tending.cancel()
        self.carry_on()
        for process in (self._worker, self._hub):
            if process is not None:
                await asyncio.to_thread(_end, process)
        for process in self._postgres():
            with suppress(psutil.Error):
                process.kill()

    def tail(self) -> str:
        """Show the end of the log."""
        return self._log.read_text(errors="replace")[-4000:]

    def database_url(self) -> str:
        """Find the URL of the embedded PostgreSQL, as the worker was told it."""
        for process in self._children():
            with suppress(psutil.Error):
                if url := process.environ().get("SALUHALL_DATABASE_URL"):
                    return str(url)
        raise RuntimeError("the hub has no worker")

    # What can happen.

    async def kill(self, victim: Victim, pick: float) -> None:
        """End a process at once."""
        for process in self._victims(victim, pick):
            with suppress(psutil.Error):
                process.kill()

    async def stop(self, victim: Victim, pick: float, for_s: float) -> None:
        """Let a process stand still for a while."""
        victims = self._victims(victim, pick)
        for process in victims:
            self._signal(process, signal.SIGSTOP)
        await asyncio.sleep(for_s)
        for process in victims:
            self._signal(process, signal.SIGCONT)

    def carry_on(self) -> None:
        """Let everything go on that stands still."""
        for pid in list(self._stopped):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._stopped.clear()

    async def restart(self, victim: Victim) -> None:
        """Ask the hub or the second worker to stop, and start it again."""
        async with self._busy:
            process = self._hub if victim == "hub" else self._worker
            assert process is not None
            await asyncio.to_thread(_end, process)
            if victim == "hub":
                self._start_hub()
            else:
                self._start_worker()

    async def turn_clock(self, offset_s: int) -> None:
        """Start the second worker anew with a wrong clock."""
        self._clock_offset_s = offset_s if HAS_FAKETIME else 0
        await self.restart("second_worker")

    # Who there is.

    def _victims(self, victim: Victim, pick: float) -> list[psutil.Process]:
        match victim:
            case "hub":
                return _with_pid(self._hub)
            case "second_worker":
                return _with_pid(self._worker)
            case "worker":
                return [p for p in self._children() if _is_worker(p)]
            case "api":
                return _one(self._children(lambda p: not _is_worker(p)), pick)
            case "postgres":
                return self._postgres()
            case "backend":
                return _one(self._postgres()[1:], pick)

    def _children(
        self, wanted: Callable[[psutil.Process], bool] = lambda _: True
    ) -> list[psutil.Process]:
        """List the processes that the hub started itself, PostgreSQL's and Python's own aside."""
        found = []
        for process in _with_pid(self._hub):
            with suppress(psutil.Error):
                found += process.children()
        return [p for p in found if _is_ours(p) and wanted(p)]

    def _postgres(self) -> list[psutil.Process]:
        """List PostgreSQL's processes, the first of them before all others."""
        for process in psutil.process_iter(["name", "cmdline"]):
            words = " ".join(process.info["cmdline"] or ())
            if "postgres" in process.info["name"] and str(self._folder) in words:
                with suppress(psutil.Error):
                    return [process, *process.children()]
        return []

    def _signal(self, process: psutil.Process, number: signal.Signals) -> None:
        with suppress(psutil.Error):
            process.send_signal(number)
            if number == signal.SIGSTOP:
                self._stopped.add(process.pid)
            else:
                self._stopped.discard(process.pid)

    # Starting.

    def _start_hub(self) -> None:
        self._hub = self._run("serve", "--port", str(self.port), "--processes", "2")

    def _start_worker(self) -> None:
        env = {"SALUHALL_DATABASE_URL": self.database_url()}
        if self._clock_offset_s:
            env |= {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME": f"{self._clock_offset_s:+d}s",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        self._worker = self._run("worker", env=env)

    def _run(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "saluhall", *words],
                env={**self._env, **(env or {})},
                stdout=log,
                stderr=log,
            )

    async def _until_ready(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not await self._is_ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the hub did not become ready: {self.tail()}")
            await asyncio.sleep(0.1)

    async def _is_ready(self) -> bool:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(f"{self.base}/readyz") as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _tend(self) -> None:
        """Start again what ended, and the hub too when it has not been ready for long."""
        ready_at = time.monotonic()
        while True:
            await asyncio.sleep(0.5)
            async with self._busy:
                assert self._hub is not None
                assert self._worker is not None
                if (code := self._hub.poll()) is not None:
                    self.ended_by_itself += code != -signal.SIGKILL
                    self._start_hub()
                if self._stopped or await self._is_ready():
                    ready_at = time.monotonic()
                elif time.monotonic() - ready_at > _HAND_AFTER_S:
                    self.hands += 1
                    await asyncio.to_thread(_end, self._hub)
                    self._start_hub()
                    ready_at = time.monotonic()
                if self._worker.poll() is not None:
                    with suppress(RuntimeError):
                        self._start_worker()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _with_pid(process: subprocess.Popen[bytes] | None) -> list[psutil.Process]:
    try:
        return [psutil.Process(process.pid)] if process is not None else []
    except psutil.NoSuchProcess:
        return []


def _one(processes: list[psutil.Process], pick: float) -> list[psutil.Process]:
    return [processes[int(pick * len(processes))]] if processes else []


def _is_ours(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        words = " ".join(process.cmdline())
        return "saluhall" in words and "postgres" not in process.name() and "tracker" not in words
    return False


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.cmdline()[-1:] == ["worker"])
    return False
