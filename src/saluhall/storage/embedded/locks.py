"""Locks on files in the data dir: for the users of the server, and for starting or stopping it. They end with their process."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_EVERY_S = 0.02


class Locks:
    """The locks of one data dir, in one process."""

    def __init__(self, folder: Path) -> None:
        self._turn = folder.with_name(f"{folder.name}.turn")
        self._users = folder.with_name(f"{folder.name}.users")
        self._use: int | None = None

    @contextmanager
    def turn(self, waited: Callable[[], None]) -> Iterator[None]:
        """Start and stop the server one after the other. `waited` is called again and again until it is our turn."""
        handle = _open(self._turn)
        try:
            while not _try(handle, fcntl.LOCK_EX):
                waited()
                time.sleep(_LOOK_EVERY_S)
            yield
        finally:
            os.close(handle)

    def use(self) -> None:
        """Say that this process uses the server; call it when it is our turn."""
        if self._use is None:
            self._use = _open(self._users)
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Stop using the server, and return whether this process was the last user; call it while holding the turn."""
        if self._use is None:
            return False
        was_last = _try(self._use, fcntl.LOCK_EX)
        os.close(self._use)
        self._use = None
        return was_last


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
