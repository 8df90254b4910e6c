"""The worker process beside the API: started again when it ends or shows no life, ended with us."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from saluhall.kit.liveness import PIPE
from saluhall.kit.restarts import Restarts

WORKER = (sys.executable, "-m", "saluhall", "worker")
_SILENT_S = 30.0
_FIRST_LIFE_S = 90.0  # it may wait for the database before it can work
_LOOK_EVERY_S = 0.5
_log = structlog.get_logger(__name__)


class Background:
    """Runs a command, and again when it ends. One that wrote nothing into its pipe for `silent_s` is killed."""

    def __init__(
        self, command: Sequence[str] = WORKER, *, grace_s: float, silent_s: float = _SILENT_S
    ) -> None:
        self._command = command
        self._grace_s = grace_s
        self._silent_s = silent_s
        self._cwd = Path.cwd()
        self._restarts = Restarts()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _start(self) -> None:
        self._pipe, theirs = os.pipe()
        os.set_blocking(theirs, False)
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            cwd=self._cwd,
            pass_fds=[theirs],
            env={**os.environ, PIPE: str(theirs)},
        )
        os.close(theirs)
        self._started_at = time.monotonic()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._wait()
            code = self._process.wait()
            os.close(self._pipe)
            lived_s = time.monotonic() - self._started_at
            pause_s = self._restarts.pause_s(lived_s=lived_s)
            if self._stopping.is_set():
                return
            _log.error("the worker ended and is started again", exit_code=code, pause_s=pause_s)
            if self._stopping.wait(pause_s):
                return
            with self._starting:
                if self._stopping.is_set():
                    return
                self._start()

    def _wait(self) -> None:
        """Wait until the process ends; kill it when it shows no life."""
        deadline = self._started_at + max(self._silent_s, _FIRST_LIFE_S)
        while self._process.poll() is None:
            if select.select([self._pipe], [], [], _LOOK_EVERY_S)[0]:
                if not os.read(self._pipe, 4096):
                    return  # closed: it ends
                deadline = time.monotonic() + self._silent_s
            elif time.monotonic() > deadline and not self._stopping.is_set():
                _log.error("the worker shows no life and is killed", silent_s=self._silent_s)
                self._process.kill()
                return

    def stop(self) -> None:
        """Let the worker finish what it runs, bounded, and release the rest."""
        with self._starting:
            self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(self._grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
