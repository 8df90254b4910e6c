"""Logins that expire soon: the seller and the operator are notified 30, 7 and 1 days before, each once."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from saluhall.domain.connections import expiry_store
from saluhall.domain.connections.model import Connection
from saluhall.domain.events.model import Event, EventType, new_event
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction

NOTICES = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
_log = structlog.get_logger(__name__)


def first_notice_at(expires_at: datetime | None, *, now: datetime) -> datetime | None:
    """Return when to notify first of a login that is stored now: at once when it expires soon."""
    if expires_at is None or expires_at <= now:
        return None
    return max(now, expires_at - max(NOTICES))


def next_notice_at(expires_at: datetime, *, now: datetime) -> datetime | None:
    """Return when to notify next after a notice now; None after the last."""
    later = (expires_at - before for before in NOTICES)
    return min((at for at in later if at > now), default=None)


def days_left(expires_at: datetime | None, *, now: datetime) -> int | None:
    """Return how many whole days a login still works; None when nobody knows."""
    return None if expires_at is None else max(0, (expires_at - now).days)


async def notify_of_expiry(
    tx: Transaction, *, labels: Mapping[str, str], limit: int, now: datetime
) -> int:
    """Notify of logins that expire soon, over all accounts: an event and a line in the log each; return how many."""
    due = await expiry_store.lock_due(tx, limit=limit, now=now)
    events = [_event(each, labels.get(each.channel, each.channel), now=now) for each in due]
    nexts = [
        (each, None if each.expires_at is None else next_notice_at(each.expires_at, now=now))
        for each in due
    ]
    await expiry_store.mark(tx, nexts)
    await recording.record(tx, events, now=now)
    return len(due)


def _event(connection: Connection, label: str, *, now: datetime) -> Event:
    user_id, expires_at = connection.user_id, connection.expires_at
    days = days_left(expires_at, now=now)
    _log.warning(
        "a login expires soon",
        account_id=str(connection.account_id),
        channel=connection.channel,
        user_id=user_id,
        expires_at=str(expires_at),
        days=days,
    )
    when = f"{expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "soon"
    reason = f"The login of user {user_id} at {label} expires on {when}. Connect again before then."
    return new_event(
        connection.account_id,
        EventType.CONNECTION_EXPIRING,
        product_id=None,
        sku="",
        data={
            "channel": connection.channel,
            "connection_id": str(connection.id),
            "error": reason,
        },
        now=now,
    )
