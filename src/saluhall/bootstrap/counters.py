"""The folder in which the processes of one `serve` count: in memory where the system has room there, each `serve` with its own."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a new folder in it, 0700
_PREFIX = "saluhall-metrics-"


@contextmanager
def counters_folder(memory: Path = _MEMORY) -> Iterator[Path]:
    """Make a new folder for counters and delete it at the end."""
    memory = memory if memory.is_dir() else Path(tempfile.gettempdir())
    sweep_counters(memory)
    made, handle = _new_folder(memory)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(handle)


def _new_folder(memory: Path) -> tuple[Path, int]:
    """Make a folder and lock it; once more when somebody who sweeps was between the two."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory))
        handle = os.open(made, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if made.exists():
            return made, handle
        os.close(handle)


def sweep_counters(memory: Path = _MEMORY) -> None:
    """Delete the folders that killed servers of ours have left: nobody holds a lock on them any more."""
    for left in memory.glob(f"{_PREFIX}*"):
        try:
            if left.is_symlink() or left.stat().st_uid != os.geteuid():
                continue
            handle = os.open(left, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)
