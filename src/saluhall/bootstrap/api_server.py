"""The API processes: served until SIGTERM or SIGINT, started again when they end, however often."""

import time
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from saluhall.kit.file_limits import file_limit, raise_file_limit
from saluhall.kit.restarts import Restarts

# For the first byte and for the whole header, of the first request on a connection and of each later one.
_HEADER_TIMEOUT_MS = 20_000
_BUFFER_BYTES = 128 * 1024  # so much of a connection is read ahead, and no header is longer
_BACKLOG = 2048
_log = structlog.get_logger(__name__)


class ApiServer(MPServer):
    """Granian gives up when processes end twice in a few seconds, and would take the worker along: we wait longer each time."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._restarts = Restarts()

    def _respawn_workers(self, workers: list[int], *rest: Any, **more: Any) -> None:
        lived_s = time.monotonic() - max(self.wrks[index].birth for index in workers)
        pause_s = self._restarts.pause_s(lived_s=lived_s)
        _log.error("an API process ended and is started again", pause_s=pause_s)
        deadline = time.monotonic() + pause_s
        while time.monotonic() < deadline and not self.interrupt_signal:
            time.sleep(0.05)
        super()._respawn_workers(workers, *rest, **more)
        self.respawned_wrks.clear()  # what it would give up by


def serve_api(host: str, port: int, *, processes: int, grace_s: float) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first."""
    from saluhall.web.connection_limits import max_connections  # noqa: PLC0415 - metrics look at the environment once, when they are read

    raise_file_limit()
    ApiServer(
        "saluhall.bootstrap.api:app_from_environment",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=processes,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_TIMEOUT_MS, max_buffer_size=_BUFFER_BYTES
        ),
        backlog=_BACKLOG,
        backpressure=max_connections(file_limit()),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=int(grace_s),
    ).serve()
