"""saluhall worker."""

import asyncio
import os
import signal
from typing import Annotated

import uvloop
from cyclopts import Parameter

from saluhall import bootstrap
from saluhall.bootstrap.worker import work
from saluhall.cli.listen_options import check_free, listen_option
from saluhall.cli.session import AsJson, DataDir, read_settings
from saluhall.kit.environment import BadSetting
from saluhall.kit.logs import set_up_logs
from saluhall.kit.metrics import exposition, reserve
from saluhall.kit.metrics_listener import listening_for_metrics
from saluhall.kit.process_setup import die_with_parent, release_large_blocks
from saluhall.settings import Settings


def worker(
    *,
    concurrency: Annotated[int, Parameter(help="How many jobs run side by side.")] = 16,
    metrics_listen: Annotated[
        str | None,
        Parameter(help="Serve this worker's own metrics at an address: HOST:PORT."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,  # noqa: ARG001 - it prints no answer
) -> None:
    """Run background jobs only; any number of workers on any number of machines share them."""
    if parent := os.environ.get(bootstrap.CHILD):
        die_with_parent(int(parent))
    release_large_blocks()
    if concurrency < 1:
        raise BadSetting("--concurrency", f"{concurrency} is too small", "use 1 or more")
    settings = read_settings(data_dir)
    set_up_logs(settings.log_level.upper())
    address = None
    if metrics_listen is not None:
        address = listen_option("--metrics-listen", metrics_listen)
        check_free(*address, setting="--metrics-listen")
    reserve()
    uvloop.run(_work(settings, concurrency, address))


async def _own_metrics() -> bytes:
    return exposition()


async def _work(settings: Settings, concurrency: int, metrics: tuple[str, int] | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    async with bootstrap.database(settings, keep=True) as url:
        if not os.environ.get(bootstrap.CHILD):
            await bootstrap.prepare(bootstrap.direct_url(settings, url))
        async with listening_for_metrics(metrics, _own_metrics):
            await work(settings, url, concurrency=concurrency, stopping=stopping)
