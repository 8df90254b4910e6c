"""saluhall serve."""

import asyncio
import errno
import multiprocessing
import os
import signal
import socket
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter

from saluhall import bootstrap
from saluhall.bootstrap.api_server import serve_api
from saluhall.bootstrap.background import Background
from saluhall.bootstrap.counters import counters_folder
from saluhall.bootstrap.recovery import recovering
from saluhall.cli.addresses import base_of, is_everywhere
from saluhall.cli.failures import Refused
from saluhall.cli.session import AsJson, DataDir, check_channels, read_settings
from saluhall.kit.logs import set_up_logs
from saluhall.settings import Settings

_GRACE_S = bootstrap.GRACE_S + 5
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
    metrics_listen: Annotated[
        str | None, Parameter(help="Address of their own for metrics: HOST:PORT.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,  # noqa: ARG001 - it prints no answer
) -> None:
    """Serve the APIs and work the background, in one command."""
    set_up_logs()
    if metrics_listen is not None:
        os.environ["SALUHALL_METRICS_LISTEN"] = metrics_listen
    settings = read_settings(data_dir)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if processes < 1:
        raise Refused(f"--processes must be at least 1, not {processes}")
    _see_that_it_is_free(host, port)
    if settings.metrics_listen is not None:
        _see_that_it_is_free(*settings.metrics_listen)
    if is_everywhere(host) and settings.public_url is None:
        _log.warning(
            "links to images lead to this machine alone: "
            "set SALUHALL_PUBLIC_URL to the address at which others reach this hub",
            links=base_of(host, port),
        )
    with counters_folder() as counters:
        os.environ |= _environment(settings, base=base_of(host, port), counters=counters)
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
    # Reading the code takes as long as the start of a database: side by side.
    reading = asyncio.create_task(asyncio.to_thread(_read_ahead, settings))
    meanwhile = partial(recovering, host, port)
    async with bootstrap.database(settings, keep=True, meanwhile=meanwhile) as url:
        await bootstrap.prepare(bootstrap.direct_url(settings, url))
        settings.secret_key()  # made here once, before the processes that need it start
        os.environ["SALUHALL_DATABASE_URL"] = url
        background = Background(grace_s=_GRACE_S) if worker else None
        try:
            await reading
            _log.info("listening", url=base_of(host, port), processes=processes)
            serve_api(host, port, processes=processes, grace_s=_GRACE_S)
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


def _environment(settings: Settings, *, base: str, counters: Path) -> dict[str, str]:
    """Give what the processes started from here share. It stands before any code is read: metrics look at it once."""
    return {
        bootstrap.CHILD: str(os.getpid()),
        "SALUHALL_DATA_DIR": str(settings.data_dir),
        "SALUHALL_PUBLIC_URL": settings.public_url or base,
        "PROMETHEUS_MULTIPROC_DIR": str(counters),
    }
