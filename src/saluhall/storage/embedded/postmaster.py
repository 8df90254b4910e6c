"""The running server of a folder: found, believed only when it is one of this very folder, and stopped."""

import os
import signal
import time
from pathlib import Path

import psutil
from msgspec import Struct

from saluhall.storage.embedded.sockets import lock_path, socket_path

_LOOK_EVERY_S = 0.01
_STOP_S = 60.0  # then it is stopped without a checkpoint, and recovers at the next start
_ORPHANS_S = 30.0
_ORPHANS_EVERY_S = 0.05
_FILE = "postmaster.pid"
_LINES = 8


class Postmaster(Struct, frozen=True):
    """What the file of a server says about it."""

    pid: int
    socket_folder: Path
    is_ready: bool


def find_postmaster(folder: Path) -> Postmaster | None:
    """Find the server of this folder, ready or not; None when there is none."""
    found = _read(folder)
    return found if found is not None and is_of(found.pid, folder) else None


def is_of(pid: int, folder: Path) -> bool:
    """Return whether this process is a PostgreSQL of this folder: process ids are reused."""
    try:
        process = psutil.Process(pid)
        return _is_at_work(process) and folder.samefile(process.cwd())
    except (psutil.Error, OSError):
        return False


def _is_at_work(process: psutil.Process) -> bool:
    return process.status() != psutil.STATUS_ZOMBIE and Path(process.exe()).name == "postgres"


def make_way(folder: Path, sockets: Path) -> None:
    """Prepare a start where a server was killed: wait until its processes are gone, and let its number be nobody's.

    PostgreSQL refuses to start while the number in one of its files belongs to any process, but for its own parent. Into the file
    of the folder we put that one, so that PostgreSQL's other check, for memory still in use, keeps working.
    """
    file = folder / _FILE
    if not file.exists():
        return
    deadline = time.monotonic() + _ORPHANS_S
    while _orphans(folder) and time.monotonic() < deadline:
        time.sleep(_ORPHANS_EVERY_S)
    for left in (socket_path(sockets), lock_path(sockets)):
        left.unlink(missing_ok=True)
    lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    if len(lines) < _LINES or not lines[0].strip().isdecimal():
        file.unlink()  # it was killed while it wrote it
        return
    lines[0] = f"{os.getpid()}\n"
    file.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")


def stop(pid: int, folder: Path) -> None:
    """Stop a server: who is connected is sent away, what was committed is on disk."""
    for signum in (signal.SIGINT, signal.SIGQUIT):
        if not is_of(pid, folder):
            return
        os.kill(pid, signum)
        deadline = time.monotonic() + _STOP_S
        while is_of(pid, folder) and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)


def _orphans(folder: Path) -> list[int]:
    return [pid for pid in psutil.pids() if is_of(pid, folder)]


def _read(folder: Path) -> Postmaster | None:
    try:
        text = (folder / _FILE).read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    lines = [line.strip() for line in text.splitlines()]
    if not lines or not lines[0].isdecimal():
        return None
    lines += [""] * (_LINES - len(lines))
    return Postmaster(
        pid=int(lines[0]), socket_folder=Path(lines[4]), is_ready=lines[_LINES - 1] == "ready"
    )
