"""What needs a person, and the entries of channels' responses that nobody can read."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class AttentionEntry(Struct, frozen=True, kw_only=True):
    """An entry of a marketplace's answer that could not be taken, with the beginning of its text; `times` it came between two instants.

    `kind` and `remote_id` are as in the channel's `UnreadableEntry`.
    """

    id: UUID
    connection_id: UUID
    channel: str
    kind: str
    remote_id: str
    reason: str
    raw: str
    times: int
    first_at: datetime
    last_at: datetime


class AttentionItem(Struct, frozen=True, kw_only=True):
    """One thing that needs a person: what it is about, what is wrong and where, and what to do.

    It is computed from the facts and disappears with its cause; the id is that of the cause.
    """

    id: str
    kind: str
    since: datetime
    subject: str
    message: str
    remedy: str


class EntryNotFound(Exception):
    """The account has no such entry."""

    def __init__(self, entry_id: UUID) -> None:
        super().__init__(f"There is no entry {entry_id}; `attention list` shows the ids.")
