"""Keep what a marketplace's answers hold and nobody can read: in the database, in the log, in a metric."""

from collections.abc import Sequence

import structlog

from saluhall.channel import UnreadableEntry
from saluhall.domain.attention import operations
from saluhall.domain.connections.model import Connection
from saluhall.jobs.run import Run
from saluhall.kit.metrics import UNREADABLE_ENTRIES

_SHOWN = 500
_log = structlog.get_logger(__name__)


async def keep_for_attention(
    run: Run, connection: Connection, entries: Sequence[UnreadableEntry]
) -> None:
    """Keep entries for a person to look at; what is new is logged and counted once."""
    async with run.db.transaction() as tx:
        new = await operations.record(tx, connection, entries, now=run.clock())
    for entry in new:
        UNREADABLE_ENTRIES.labels(connection.channel, entry.kind).inc()
        _log.warning(
            "an entry of a marketplace's answer was left out: `saluhall attention list` shows it",
            account_id=str(connection.account_id),
            connection_id=str(connection.id),
            kind=entry.kind,
            remote_id=entry.remote_id,
            reason=entry.reason,
            raw=entry.raw[:_SHOWN].encode("utf-8", "backslashreplace").decode(),
        )
