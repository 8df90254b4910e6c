"""saluhall serve."""

import asyncio
import errno
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from saluhall import bootstrap
from saluhall.cli.session import AsJson, DataDir, Refused, check_channels, read_settings
from saluhall.kit.logs import set_up_logs
from saluhall.settings import Settings

_RESTART_PAUSE_S = 1.0
_PORT_PATIENCE_S = 5.0
_PORT_LOOK_EVERY_S = 0.1
_LAST_PORT = 65535
_log = structlog.get_logger(__name__)


def serve(
    *,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on.")] = 8080,
    processes: Annotated[int, Parameter(help="API processes.")] = 1,
    worker: Annotated[bool, Parameter(help="Work the background too.")] = True,
    data_dir: DataDir = None,
    as_json: AsJson = False,  # noqa: ARG001 - it prints no answer
) -> None:
    """Serve the APIs and work the background, in one command."""
    set_up_logs()
    settings = read_settings(data_dir)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if processes < 1:
        raise Refused(f"--processes must be at least 1, not {processes}")
    _see_that_it_is_free(host, port)
    asyncio.run(_supervise(settings, host=host, port=port, processes=processes, worker=worker))


def _see_that_it_is_free(host: str, port: int) -> None:
    """See that nobody listens there: the API processes share their port, so they would share it with a stranger too. Raises Refused.

    Waits a moment for a server that was just stopped.
    """
    if not 0 < port <= _LAST_PORT:
        raise Refused(f"cannot listen on {host}:{port}: ports are 1 to {_LAST_PORT}")
    deadline = time.monotonic() + _PORT_PATIENCE_S
    while True:
        try:
            family, kind, proto, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, proto) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise Refused(f"cannot listen on {host}:{port}: {error.strerror}") from error
            time.sleep(_PORT_LOOK_EVERY_S)
        else:
            return


async def _supervise(
    settings: Settings, *, host: str, port: int, processes: int, worker: bool
) -> None:
    os.environ |= _environment(settings, base=f"http://{host}:{port}")
    # Reading the code takes as long as the start of a database: side by side.
    reading = asyncio.create_task(asyncio.to_thread(_read_ahead, settings))
    async with bootstrap.database(settings) as url:
        await bootstrap.prepare(url)
        settings.secret_key()  # made here once, before the processes that need it start
        os.environ["SALUHALL_DATABASE_URL"] = url
        background = Background(settings) if worker else None
        try:
            await reading
            _log.info("listening", url=f"http://{host}:{port}", processes=processes)
            _serve_api(host, port, processes)
        finally:
            if background is not None:
                background.stop()


def _read_ahead(settings: Settings) -> None:
    """See that the channels' settings can be understood, and read the code of the API processes. Raises Refused.

    Where those begin as copies of this process, they need not read it again, the one that replaces a dead one neither.
    """
    check_channels(settings)
    if multiprocessing.get_start_method() == "fork":
        from saluhall.bootstrap import api  # noqa: PLC0415 - here and not at the top: see above

        api.read_ahead()


def _environment(settings: Settings, *, base: str) -> dict[str, str]:
    """Give what the processes started from here share. It stands before any code is read: metrics look at it once."""
    metrics = settings.data_dir / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    return {
        bootstrap.CHILD: str(os.getpid()),
        "SALUHALL_DATA_DIR": str(settings.data_dir),
        "SALUHALL_PUBLIC_URL": settings.public_url or base,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


def _serve_api(host: str, port: int, processes: int) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first."""
    Granian(
        "saluhall.bootstrap.api:app_from_environment",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=processes,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=_RESTART_PAUSE_S,
        workers_kill_timeout=int(bootstrap.GRACE_S) + 5,
    ).serve()


class Background:
    """The worker process beside the API: started again when it dies, ended with us."""

    def __init__(self, settings: Settings) -> None:
        self._command = [sys.executable, "-m", "saluhall", "worker"]
        self._cwd = Path.cwd()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        self._settings = settings

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=self._cwd)  # noqa: S603 - our own command

    def _watch(self) -> None:
        while not self._stopping.is_set():
            code = self._process.wait()
            if self._stopping.wait(_RESTART_PAUSE_S):
                return
            with self._starting:
                if self._stopping.is_set():
                    return
                _log.error("the worker ended and is started again", exit_code=code)
                self._process = self._start()

    def stop(self) -> None:
        """Let the worker finish what it runs, bounded, and release the rest."""
        with self._starting:
            self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(bootstrap.GRACE_S + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
