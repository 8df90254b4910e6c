"""Keep entries of marketplaces' answers that could not be taken, until they can be or a person has looked."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from saluhall.channel import UnreadableEntry
from saluhall.domain.accounts.model import Principal
from saluhall.domain.attention import store
from saluhall.domain.attention.model import EntryNotFound
from saluhall.domain.connections.model import Connection
from saluhall.kit.ids import new_id
from saluhall.kit.texts import whole_characters
from saluhall.storage import Transaction

MAX_ENTRIES = 1000  # of one connection; past it new ones are logged and counted only
MAX_RAW = 16_000
MAX_REASON = 500
MAX_REMOTE_ID = 200


async def record(
    tx: Transaction, connection: Connection, entries: Sequence[UnreadableEntry], *, now: datetime
) -> list[UnreadableEntry]:
    """Keep entries with the beginning of their text; return those that did not wait here before."""
    rows = {_identity(entry): (_row(entry), entry) for entry in entries[:MAX_ENTRIES]}
    stored = await store.put(
        tx,
        connection.account_id,
        connection.id,
        [row for row, _ in rows.values()],
        max_entries=MAX_ENTRIES,
        now=now,
    )
    return [entry for row, entry in rows.values() if row["id"] in stored]


async def settle(
    tx: Transaction,
    connection: Connection,
    *,
    kinds: Sequence[str],
    remote_ids: Sequence[str],
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Delete what waits about things that have been taken meanwhile."""
    await store.settle(tx, connection.account_id, connection.id, kinds=kinds, remote_ids=remote_ids)


async def dismiss(
    tx: Transaction,
    *,
    principal: Principal,
    entry_id: UUID,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Delete an entry that a person has dealt with. Raises EntryNotFound."""
    if not await store.delete(tx, principal.account_id, entry_id):
        raise EntryNotFound(entry_id)


def _row(entry: UnreadableEntry) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": entry.kind,
        "identity": _identity(entry)[1],
        "remote_id": _storable(entry.remote_id, MAX_REMOTE_ID),
        "raw": _storable(entry.raw, MAX_RAW),
        "reason": _storable(entry.reason, MAX_REASON),
    }


def _identity(entry: UnreadableEntry) -> tuple[str, str]:
    """Return the identity of an entry: its id on the channel, else a digest of its text."""
    if entry.remote_id:
        return entry.kind, "id:" + _storable(entry.remote_id, MAX_REMOTE_ID)
    return entry.kind, hashlib.sha256(entry.raw.encode("utf-8", "surrogatepass")).hexdigest()


def _storable(text: str, limit: int) -> str:
    """Cut a text and spell out what no database keeps: bytes that are no UTF-8, lone surrogates, NUL."""
    cut = (
        text
        if len(text) <= limit
        else text[: whole_characters(text, limit - 1)] + "\N{HORIZONTAL ELLIPSIS}"
    )
    try:
        whole = cut.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        whole = cut.encode("utf-8", "backslashreplace")
    return whole.decode("utf-8", "backslashreplace").replace("\0", "\\u0000")
