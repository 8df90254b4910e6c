"""Processes that freeze and clocks that are wrong."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

FAKETIME = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "faketime" / "libfaketimeMT.so.1"


def wrong_clock(offset: str) -> dict[str, str]:
    """The environment of a process with a clock that is off by this; nothing, said loudly, where libfaketime is missing."""
    if not FAKETIME.is_file():
        print(f"SKIPPED: no wrong clock, for {FAKETIME} is missing (Debian: libfaketime)")  # noqa: T201
        return {}
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }


class Worker:
    """A `saluhall worker` of its own; it can be stopped, continued, and started again in good order."""

    def __init__(self, name: str, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._env = dict(env)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "saluhall", "worker"], env=self._env, stdout=out, stderr=out
            )

    async def started(self) -> None:
        """Wait until it works."""
        for _ in range(300):
            if self.said("worker started"):
                return
            await asyncio.sleep(0.2)
        raise AssertionError(self.log.read_text(errors="replace"))

    async def freeze(self, seconds: float) -> None:
        await freeze([self._process.pid], seconds)

    async def restart(self) -> None:
        """End it in good order and start it again beside its own end, as a deployment does."""
        before = self._process
        before.send_signal(signal.SIGTERM)
        self._process = self._start()
        await asyncio.to_thread(before.wait, 60)

    async def close(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, 60)

    def said(self, what: str) -> int:
        return self.log.read_text(errors="replace").count(what)


def postgres_of(folder: Path) -> list[int]:
    """All processes of the PostgreSQL in a folder, the first one first."""
    pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    head = psutil.Process(pid)
    return [pid, *(child.pid for child in head.children(recursive=True))]


async def freeze(pids: Sequence[int], seconds: float) -> None:
    """Stop processes and let them continue after a while."""
    for pid in pids:
        _send(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        for pid in pids:
            _send(pid, signal.SIGCONT)


def _send(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return  # it has ended by itself
