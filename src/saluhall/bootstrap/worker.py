"""Build one worker process."""

import asyncio
from functools import partial
from uuid import UUID

import structlog

from saluhall.bootstrap import GRACE_S, direct_url, vault_of
from saluhall.domain.connections import operations as connections
from saluhall.jobs.heartbeat import beating
from saluhall.jobs.keyed_worker import KeyedWorker
from saluhall.jobs.run import Ai, Run, WebhookFormat, WebhookSettings
from saluhall.jobs.schedule import JOBS, sweep_forever
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from saluhall.kit.ids import new_id
from saluhall.kit.image_pool import ImagePool
from saluhall.kit.metrics import begin_background, begin_outages
from saluhall.kit.outages import KINDS
from saluhall.kit.process_setup import relax_gc
from saluhall.kit.timeouts import repeat
from saluhall.plugins import load_channels, load_webhooks
from saluhall.queue import WakeUps, receive_wake_ups
from saluhall.queue.worker import forget_stalled
from saluhall.settings import Settings
from saluhall.storage import Database
from saluhall.storage.claims import Life
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.image_store import ImageStore
from saluhall.storage.statistics import analyze_grown

_FORGET_EVERY_S = 60.0
_ANALYZE_EVERY_S = 1.0
_TIMEOUT_S = 10.0
_log = structlog.get_logger(__name__)


async def work(settings: Settings, url: str, *, concurrency: int, stopping: asyncio.Event) -> None:
    """Work the background until `stopping` is set; then finish what runs (bounded) and release the rest."""
    worker, life = new_id(), Life()
    http = _way_out(settings, life)
    image_pool = ImagePool()
    queue_url = direct_url(settings, url)
    async with (
        beating(url, worker, life),
        Database(url, connections=max(4, concurrency), timeout_s=_TIMEOUT_S, plans_once=True) as db,
        WakeUps(url) as wake_ups,
    ):
        run = _run(
            settings, db=db, worker=worker, http=http, image_pool=image_pool, stopping=stopping
        )
        await _keep_limits(run)
        begin_background([job.name for job in JOBS], run.channels)
        begin_outages(KINDS)
        keyed = KeyedWorker(run, JOBS, wake_ups.wake)
        db.on_wake_ups = keyed.wake
        sweeper = asyncio.create_task(sweep_forever(run, keyed.pass_on))
        cleaner = asyncio.create_task(_forget_stalled(queue_url, stopping))
        counter = asyncio.create_task(_analyze_grown(db, stopping))
        relax_gc()
        _log.info("worker started", worker=str(run.worker), concurrency=concurrency)
        try:
            names = [job.name for job in JOBS]
            await receive_wake_ups(
                queue_url, names, keyed.wake, concurrency=concurrency, stopping=stopping
            )
        finally:
            stopping.set()
            await keyed.finish(GRACE_S)
            await asyncio.gather(sweeper, cleaner, counter, return_exceptions=True)
            _log.info("worker stopped", worker=str(run.worker))
            await image_pool.close()
            await http.close()


def _run(
    settings: Settings,
    *,
    db: Database,
    worker: UUID,
    http: Outbound,
    image_pool: ImagePool,
    stopping: asyncio.Event,
) -> Run:
    """Collect what the jobs work with."""
    return Run(
        db=db,
        worker=worker,
        clock=utc_now,
        stopping=stopping,
        channels=load_channels(),
        webhook_formats=_webhook_formats(),
        http=http,
        images=ImageStore.open(settings.image_store),
        image_pool=image_pool,
        vault=vault_of(settings),
        env=settings.env,
        poll_interval_s=settings.poll_interval_s,
        webhooks=_webhook_settings(settings),
        ai=_ai(settings),
    )


async def _keep_limits(run: Run) -> None:
    """Write into the database how many calls the channels allow: commands show it, in whatever environment they run."""
    limits = {name: card.calls_per_day(run.env) for name, card in run.channels.items()}
    async with run.db.statement() as tx:
        await connections.set_limits(tx, limits=limits, now=run.clock())


def _way_out(settings: Settings, life: Life) -> Outbound:
    """Open the way out: no call is made when others may act on what it is about."""
    allow, ca_file = settings.outbound_allow, settings.outbound_ca_file
    return Outbound(allow=allow, ca_file=ca_file, may_call=life.check)


async def _forget_stalled(url: str, stopping: asyncio.Event) -> None:
    await repeat(
        partial(forget_stalled, url),
        every_s=_FORGET_EVERY_S,
        stopping=stopping,
        name="forget stalled jobs",
        expected=DatabaseUnavailable,
    )


async def _analyze_grown(db: Database, stopping: asyncio.Event) -> None:
    await repeat(
        partial(analyze_grown, db),
        every_s=_ANALYZE_EVERY_S,
        stopping=stopping,
        name="analyze tables",
        expected=DatabaseUnavailable,
    )


def _webhook_formats() -> dict[str, WebhookFormat]:
    """Return each dialect's format of webhooks."""
    return {
        name: WebhookFormat(
            word=webhook.vocabulary.word_of, body=webhook.body, headers=webhook.headers
        )
        for name, webhook in load_webhooks().items()
    }


def _webhook_settings(settings: Settings) -> WebhookSettings:
    return WebhookSettings(
        retry_days=settings.webhook_retry_days,
        log_days=settings.webhook_log_days,
        replay_per_s=settings.webhook_replay_per_s,
    )


def _ai(settings: Settings) -> Ai | None:
    if settings.ai_url is None:
        return None
    return Ai(url=settings.ai_url, key=settings.ai_key, model=settings.ai_model)
