"""Wait for the start of the server as long as it takes: log it once, and stop waiting when the process ends."""

import logging
import threading
import time
from pathlib import Path

from saluhall.storage.database import DatabaseUnavailable

_SAY_AFTER_S = 3.0
_log = logging.getLogger(
    __name__
)  # a command's words go to standard error: its answer is on standard output


class StartWait:
    """One wait. `waits` is set once it takes long."""

    def __init__(self, data_dir: Path, *, ending: threading.Event, waits: threading.Event) -> None:
        self._data_dir = data_dir
        self._ending = ending
        self._waits = waits
        self._since = time.monotonic()

    def begin(self) -> None:
        """Start to measure: the time until here was no wait."""
        self._since = time.monotonic()

    def for_turn(self) -> None:
        """Wait a little for the process that starts or stops the server. Raises DatabaseUnavailable when this process ends."""
        self._look("waiting for another process, which starts or stops the embedded PostgreSQL")

    def for_server(self) -> None:
        """Wait a little for the server. Raises DatabaseUnavailable when the wait is to end."""
        self._look(
            "waiting for the embedded PostgreSQL, which recovers what it had not yet written when it was killed"
        )

    def _look(self, what: str) -> None:
        if self._ending.is_set():
            raise DatabaseUnavailable("the start of the embedded PostgreSQL was given up")
        if not self._waits.is_set() and time.monotonic() - self._since > _SAY_AFTER_S:
            self._waits.set()
            _log.warning("%s: %s", what, self._data_dir)
