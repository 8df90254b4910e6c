"""saluhall serve."""

import asyncio
import multiprocessing
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter

from saluhall import bootstrap
from saluhall.bootstrap.api_server import serve_api
from saluhall.bootstrap.counters import counters_folder
from saluhall.bootstrap.recovery_responder import recovering
from saluhall.bootstrap.worker_process import Background
from saluhall.cli.listen_options import METRICS_LISTEN, bad_options, check_free, check_metrics
from saluhall.cli.listen_url import base_of, is_everywhere
from saluhall.cli.session import AsJson, DataDir, read_settings
from saluhall.kit.environment import BadSetting, BadSettings
from saluhall.kit.logs import set_up_logs
from saluhall.settings import Settings

_GRACE_S = bootstrap.GRACE_S + 5
_log = structlog.get_logger(__name__)


def serve(
    *,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on.")] = 8080,
    processes: Annotated[int, Parameter(help="How many processes serve the APIs.")] = 1,
    worker: Annotated[bool, Parameter(help="Run background jobs too.")] = True,
    metrics_listen: Annotated[
        str | None, Parameter(help="Serve metrics at an address of their own: HOST:PORT.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,  # noqa: ARG001 - it prints no answer
) -> None:
    """Serve the APIs and run background jobs, in one command."""
    if metrics_listen is not None:
        _share(**{METRICS_LISTEN: metrics_listen})
    settings = _configured(data_dir, host=host, port=port, processes=processes)
    set_up_logs(settings.log_level.upper())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    check_free(host, port)
    if settings.metrics_listen is not None:
        check_metrics(settings.metrics_listen, host=host, port=port)
    if is_everywhere(host) and settings.public_url is None:
        _log.warning(
            "links to images lead to this machine alone: "
            "set SALUHALL_PUBLIC_URL to the address at which others reach this hub",
            links=base_of(host, port),
        )
    with counters_folder() as counters:
        _share(**_environment(settings, base=base_of(host, port), counters=counters))
        asyncio.run(_supervise(settings, host=host, port=port, processes=processes, worker=worker))


def _configured(data_dir: Path | None, *, host: str, port: int, processes: int) -> Settings:
    """Read the settings, and check the options with them. Raises BadSettings with every error."""
    errors = list(bad_options(host=host, port=port, processes=processes))
    try:
        settings = read_settings(data_dir)
    except BadSetting as error:
        raise BadSettings([*errors, *error.errors]) from None
    if errors:
        raise BadSettings(errors)
    return settings


async def _supervise(
    settings: Settings, *, host: str, port: int, processes: int, worker: bool
) -> None:
    # Reading the code takes as long as the start of a database: side by side.
    reading = asyncio.create_task(asyncio.to_thread(_read_ahead))
    meanwhile = partial(recovering, host, port)
    async with bootstrap.database(settings, keep=True, meanwhile=meanwhile) as url:
        await bootstrap.prepare(bootstrap.direct_url(settings, url))
        settings.secret_key()  # made here once, before the processes that need it start
        _share(SALUHALL_DATABASE_URL=url)
        background = Background(grace_s=_GRACE_S) if worker else None
        try:
            await reading
            _log.info("listening", url=base_of(host, port), processes=processes)
            serve_api(host, port, processes=processes, grace_s=_GRACE_S)
        finally:
            if background is not None:
                background.stop()


def _read_ahead() -> None:
    """Import the code of the API processes: where those begin as copies of this process, they need not import it."""
    if multiprocessing.get_start_method() == "fork":
        from saluhall.bootstrap import api  # noqa: PLC0415 - here and not at the top: see above

        api.read_ahead()


def _environment(settings: Settings, *, base: str, counters: Path) -> dict[str, str]:
    """Give what the processes started from here share. It is set before any code is loaded: the metrics library reads it once."""
    return {
        bootstrap.CHILD: str(os.getpid()),
        "SALUHALL_DATA_DIR": str(settings.data_dir),
        "SALUHALL_PUBLIC_URL": settings.public_url or base,
        "PROMETHEUS_MULTIPROC_DIR": str(counters),
    }


def _share(**variables: str) -> None:
    """Set variables for the processes started from here; a file that was named instead is not read there."""
    for name, text in variables.items():
        os.environ[name] = text
        os.environ.pop(f"{name}_FILE", None)
