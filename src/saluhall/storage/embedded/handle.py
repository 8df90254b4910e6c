"""A process's use of the server of a data dir: the first user starts it, and the last one stops it."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import structlog

from saluhall.kit.retry import RetryPolicy
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.embedded import postmaster, server, sockets
from saluhall.storage.embedded.binaries import NEWEST_VERSION
from saluhall.storage.embedded.locks import Locks
from saluhall.storage.embedded.runner import refuse_strangers, runner_of
from saluhall.storage.embedded.start_wait import StartWait

_LOOK_EVERY_S = 0.01
_WATCH_EVERY_S = 0.25
_SIGNAL_EVERY_S = 0.5
SERVER_RESTARTS = RetryPolicy(base=timedelta(seconds=0.5), max=timedelta(seconds=10))
# Servers that we started and others still use: Python warns about a running child without a reference.
_LEFT: list[subprocess.Popen[bytes] | None] = []
_log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """The PostgreSQL of one data dir. `waits` is set while its start takes long, as a recovery does.

    Raises DatabaseUnavailable where it cannot be started, with a sentence for the operator.
    """

    def __init__(
        self, data_dir: Path, *, version: int = NEWEST_VERSION, start: bool = True
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._folder = self._data_dir / "postgres"
        self._version = version
        self._locks = Locks(self._folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._ending = threading.Event()
        self._keeper: threading.Thread | None = None
        self.waits = threading.Event()
        self.url = ""
        if start:
            self.start()

    def start(self) -> None:
        """Use the server; start it if nobody has."""
        with _system_errors_explained(self._data_dir):
            refuse_strangers(self._data_dir, self._folder)
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._turn() as wait:
                self._locks.use()
                found = self._ready(wait)
        self.url = (
            f"postgresql://{server.SUPERUSER}@/{server.SUPERUSER}"
            f"?host={quote(str(found.socket_folder))}&port={sockets.PORT}"
        )

    def keep(self) -> None:
        """Start the server again when it ends, from now on until this is closed."""
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """Stop the server, also when others use it."""
        self._end_keeper()
        with _system_errors_explained(self._data_dir), self._turn():
            self._locks.leave()
            self._stop()

    def close(self) -> None:
        """Let go of the server; it stops when nobody else uses it."""
        self._end_keeper()
        if not self._folder.exists():
            self._end_process()  # it was deleted, or never made
            return
        with _system_errors_explained(self._data_dir), self._turn():
            if self._locks.leave():
                self._stop()
            elif self._has_child():
                _LEFT.append(self._process)

    def give_up(self) -> None:
        """End a start that is under way in another thread; it raises DatabaseUnavailable there."""
        self._ending.set()

    def _end_keeper(self) -> None:
        self._ending.set()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
        self._ending.clear()

    def _keep(self) -> None:
        failures = 0
        while not self._ending.wait(_WATCH_EVERY_S):
            if self._is_alive():
                failures = 0
                continue
            _log.error("the embedded PostgreSQL ended and is started again")
            try:
                with _system_errors_explained(self._data_dir), self._turn() as wait:
                    self._ready(wait)
                _log.info("the embedded PostgreSQL runs again")
            except DatabaseUnavailable as error:
                if self._ending.is_set():
                    return
                _log.error("the embedded PostgreSQL is not there", error=str(error))
                failures += 1
                self._ending.wait(SERVER_RESTARTS.delay(failures).total_seconds())

    def _is_alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return postmaster.is_of(self._pid, self._folder)

    @contextmanager
    def _turn(self) -> Iterator[StartWait]:
        wait = StartWait(self._data_dir, ending=self._ending, waits=self.waits)
        try:
            with self._locks.turn(wait.for_turn):
                wait.begin()
                yield wait
        finally:
            self.waits.clear()

    def _ready(self, wait: StartWait) -> postmaster.Postmaster:
        """Return the server once it is ready; start it where there is none."""
        logged: int | None = None
        while True:
            found = postmaster.find_postmaster(self._folder)
            if found is not None and found.is_ready and sockets.responds(found.socket_folder):
                self._adopt(found.pid)
                return found
            if found is None and not self._has_child():
                if logged is not None:
                    raise server.did_not_start(self._folder, logged)
                logged = self._launch()
                wait.begin()
            wait.for_server()
            time.sleep(_LOOK_EVERY_S)

    def _adopt(self, pid: int) -> None:
        self._pid = pid
        if self._process is not None and self._process.pid != pid:
            self._process.poll()
            self._process = None  # somebody else started the one that runs now

    def _has_child(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _launch(self) -> int:
        """Start the server, on a new folder if there is none; return how long its log was before."""
        runner = runner_of(self._data_dir, self._folder)
        version = server.version_of(self._folder)
        if version is None:
            version = self._version
            server.initialise(self._folder, version=version, runner=runner)
        where = sockets.socket_folder(self._folder)
        postmaster.make_way(self._folder, where)
        logged = server.log_size(self._folder)
        self._process = server.launch(self._folder, version=version, runner=runner, sockets=where)
        return logged

    def _stop(self) -> None:
        found = postmaster.find_postmaster(self._folder)
        if found is not None:
            postmaster.stop(found.pid, self._folder)
        self._end_process()
        sockets.forget(self._folder)

    def _end_process(self) -> None:
        """End the server that we started, if it is still there: it may be so new, or so lost, that it has no file."""
        if self._process is None:
            return
        while self._process.poll() is None:
            # It may miss a signal: what a shell starts in the background ignores SIGINT until PostgreSQL has its own handlers.
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_SIGNAL_EVERY_S)
        self._process = None


@contextmanager
def _system_errors_explained(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseUnavailable(
            f"the data dir cannot be used: {error.filename or data_dir}: {error.strerror}"
        ) from error
