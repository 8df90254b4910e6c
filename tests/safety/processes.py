"""The processes of a running hub, seen from outside."""

import asyncio
import time

import psutil

from tests.hub import Hub


def processes_of(hub: Hub) -> list[psutil.Process]:
    """All that the server has started."""
    found: list[psutil.Process] = psutil.Process(hub.pid).children(recursive=True)
    return found


def worker_of(hub: Hub) -> psutil.Process | None:
    """The worker process; None while it is being started again."""
    for process in processes_of(hub):
        try:
            if process.cmdline()[-1:] == ["worker"]:
                return process
        except psutil.Error:
            continue
    return None


def has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until_ended(processes: list[psutil.Process], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while left := [process for process in processes if not has_ended(process)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        await asyncio.sleep(0.05)
