"""Build one API process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.types import ASGIApp

from saluhall import VERSION
from saluhall.bootstrap import CHILD, vault_of
from saluhall.bootstrap.clock_sync import keeping_time
from saluhall.bootstrap.connecting import connecting_of
from saluhall.bootstrap.metrics import Measured
from saluhall.dialect import Services
from saluhall.kit.clock import utc_now
from saluhall.kit.file_limits import file_limit
from saluhall.kit.http import Outbound
from saluhall.kit.jwt import Signer
from saluhall.kit.logs import set_up_logs
from saluhall.kit.metrics import reserve
from saluhall.kit.metrics_listener import Fresh, listening_for_metrics
from saluhall.kit.oidc import Issuer
from saluhall.kit.process_setup import die_with_parent, relax_gc
from saluhall.plugins import load_dialects
from saluhall.queue import WakeUps
from saluhall.settings import Settings
from saluhall.storage import Database
from saluhall.storage.image_store import ImageStore
from saluhall.web import (
    BodyMemory,
    ConnectionLimits,
    Host,
    connect_routes,
    make_app,
    max_connections,
    schema_routes,
    system_routes,
)
from saluhall.web.exports import CONNECTIONS, Exports

_CONNECTIONS = 16
_TIMEOUT_S = 5.0  # then the client gets 503


def app_from_environment() -> ASGIApp:
    """Build the app of one API process; the supervisor has put the database's URL into the environment."""
    # A server that is just starting waits for ever in its handler of SIGTERM: seen once, after the supervisor was killed.
    die_with_parent(int(os.environ[CHILD]) if CHILD in os.environ else None, by=signal.SIGKILL)
    settings = Settings.read(os.environ)
    set_up_logs(settings.log_level.upper())
    reserve()
    if settings.database_url is None:
        raise RuntimeError("SALUHALL_DATABASE_URL must be set for an API process")
    return api_app(settings, settings.database_url)


def read_ahead() -> None:
    """Read the code of the dialects, which `api_app` would read."""
    load_dialects()


def _connection_limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        max_each=settings.connections_per_address,
        max_all=max_connections(file_limit()),
        trusted=settings.trusted_proxies,
    )


def api_app(settings: Settings, url: str) -> ASGIApp:
    """Build the app: dialects over the database, wake-ups sent after commit."""
    db = Database(url, connections=_CONNECTIONS, timeout_s=_TIMEOUT_S)
    exports = Exports(Database(url, connections=CONNECTIONS, timeout_s=_TIMEOUT_S, is_eager=False))
    images = ImageStore.open(settings.image_store)
    dialects = load_dialects()
    http = Outbound(allow=settings.outbound_allow, ca_file=settings.outbound_ca_file)
    metrics = Fresh(Measured(settings, db).text)
    connection_limits = _connection_limits(settings)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        watching = asyncio.create_task(connection_limits.watch())
        listening = listening_for_metrics(settings.metrics_listen, metrics.read)
        async with db, exports.db, keeping_time(db), WakeUps(url) as wake_ups, listening:
            db.on_wake_ups = wake_ups.wake
            relax_gc()
            yield
        watching.cancel()
        await http.close()

    host = Host(
        db=db,
        exports=exports,
        clock=utc_now,
        rate_limits=settings.rate_limits,
        trusted_proxies=settings.trusted_proxies,
        public_url=settings.public_url or "",
        signer=Signer(settings.secret_key()),
        issuer=Issuer(settings.trust, http) if settings.trust else None,
        legacy_api=settings.legacy_api,
        services=Services(vault=vault_of(settings), http=http, env=settings.env),
        body_memory=BodyMemory(),
        log_requests=settings.log_requests,
    )
    system = [
        *connect_routes(connecting_of(settings, db, http, host.services.vault)),
        *system_routes(db, images, None if settings.metrics_listen else metrics.read),
        *schema_routes(dialects, version=VERSION, public_url=host.public_url),
    ]
    return make_app(
        host, dialects, connection_limits=connection_limits, system=system, lifespan=lifespan
    )
