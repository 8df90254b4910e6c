"""The HTTP server around a market: one process, one event loop, everything in memory."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

from aiohttp import web

from saluhall.practice.tradera import (
    control,
    pages,
    routes_listings,
    routes_login,
    routes_orders,
    routes_public,
    routes_shop,
)
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.middleware import MARKET, gate, handler_of
from saluhall.practice.tradera.routing import SHOP
from saluhall.practice.tradera.rules import Rules

SHUTDOWN_TIMEOUT_S = 1.0  # how long open connections may hold up a stop
ROUTES = (
    *routes_listings.ROUTES,
    *routes_shop.ROUTES,
    *routes_orders.ROUTES,
    *routes_public.ROUTES,
    *control.ROUTES,
)


def create_app(market: Market) -> web.Application:
    """Make the web application of a market."""
    app = web.Application(middlewares=[gate], client_max_size=SHOP)
    app[MARKET] = market
    for route in ROUTES:
        app.router.add_route(route.method, route.path, handler_of(route))
    app.router.add_get("/item/{id:[0-9]+}", pages.show_item)
    app.router.add_get("/token-login", routes_login.ask)
    app.router.add_post("/token-login", routes_login.decide)
    return app


def serve(
    *,
    host: str,
    port: int,
    seed: int,
    app_id: int | None = None,
    app_key: str | None = None,
    rules: Rules | None = None,
    announce: Callable[[str], object] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes a free one. Raises OSError if it is taken."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    market = Market(seed=seed, rules=rules, app_id=app_id, app_key=app_key)
    asyncio.run(_run(create_app(market), host, port, announce))


async def _run(
    app: web.Application, host: str, port: int, announce: Callable[[str], object] | None
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        url = _url(host, runner.addresses[0][1])
        sys.stderr.write(f"listening on {url}\n")
        sys.stderr.flush()
        if announce is not None:
            announce(url)
        await stopped.wait()
    finally:
        await runner.cleanup()


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
