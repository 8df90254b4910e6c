"""The state of the hub as `saluhall status` shows it, and what in it needs someone."""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from saluhall.cli.tables import show_table
from saluhall.domain.connections.model import ConnectionHealth, ConnectionState
from saluhall.domain.webhooks.model import EndpointOff
from saluhall.storage.claims import DEAD_AFTER_S, Worker
from saluhall.storage.schema import DatabaseFacts

_OLD_S = 15 * 60.0  # work that is due for longer than this is stuck, or there are too few workers
_CLOCK_S = 2.0
_MB = 1_000_000


class DueWork(Struct, frozen=True):
    """How many rows of a job are due, and how long the oldest has been."""

    job: str
    due: int
    oldest_s: float


class ChannelCalls(Struct, frozen=True):
    """A channel's calls in 24 hours, and until when the marketplace refuses more."""

    channel: str
    calls_per_day: int
    left: int
    blocked_until: datetime | None


class Status(Struct, frozen=True, kw_only=True):
    """What an operator wants to know; lists stay empty when the database has another schema."""

    version: str
    database: DatabaseFacts
    expected_schema: int
    clock_ahead_s: float
    workers: Sequence[Worker] = ()
    due: Sequence[DueWork] = ()
    channels: Sequence[ChannelCalls] = ()
    connections: Sequence[ConnectionHealth] = ()
    endpoints_off: Sequence[EndpointOff] = ()
    attention_entries: int = 0

    def problems(self) -> list[str]:
        """List what needs someone, one sentence each."""
        if self.database.schema != self.expected_schema:
            return [_schema_problem(self.database.schema, self.expected_schema)]
        return [*self._of_processes(), *self._of_accounts()]

    def _of_processes(self) -> Iterator[str]:
        if self.database.read_only:
            yield "The database takes no writes."
        if not any(worker.silent_s <= DEAD_AFTER_S for worker in self.workers):
            yield "No worker is running: start `saluhall serve` or `saluhall worker`."
        for work in self.due:
            if work.oldest_s > _OLD_S:
                yield f"{work.job}: {work.due} due, the oldest for {_length(work.oldest_s)}."
        if abs(self.clock_ahead_s) > _CLOCK_S:
            yield f"The clock of this machine differs from the database's by {self.clock_ahead_s:+.1f} s."

    def _of_accounts(self) -> Iterator[str]:
        for each in self.connections:
            if each.state is not ConnectionState.CONNECTED:
                yield f"{each.account}: {each.channel} ({each.user_id}) is disconnected: {each.reason}"
        for off in self.endpoints_off:
            if off.failed:
                yield f"{off.account}: {off.url} is off after {off.failures} failures in a row."
        if self.attention_entries:
            yield f"{self.attention_entries} entries of marketplaces could not be read: see `saluhall attention list`."


def show_status(status: Status) -> None:
    """Print a status to a person: what needs someone first."""
    database = status.database
    problems = status.problems()
    lines = [
        *(problems or ["All is well."]),
        "",
        f"version   {status.version}",
        f"database  PostgreSQL {database.postgres}, schema {database.schema}, {database.size_bytes / _MB:.1f} MB",
        f"clock     {status.clock_ahead_s:+.3f} s from the database's",
    ]
    ages = ", ".join(f"{_length(worker.silent_s)} ago" for worker in status.workers)
    lines.append(f"workers   {len(status.workers)}" + (f", last heartbeat {ages}" if ages else ""))
    sys.stdout.write("\n".join(lines) + "\n")
    _show_tables(status)


def _show_tables(status: Status) -> None:
    due = [(work.job, work.due, _length(work.oldest_s)) for work in status.due if work.due]
    calls = [
        (c.channel, f"{c.left} of {c.calls_per_day}", c.blocked_until) for c in status.channels
    ]
    logins = [
        (c.account, c.channel, c.user_id, c.state.value, c.reason, c.polled_at)
        for c in status.connections
    ]
    off = [(e.account, e.url, e.failures, e.off_since, e.held) for e in status.endpoints_off]
    for headings, rows in (
        (("job", "due", "oldest for"), due),
        (("channel", "calls left", "blocked until"), calls),
        (("account", "channel", "user", "state", "reason", "polled"), logins),
        (("account", "endpoint that is off", "failures", "since", "held back"), off),
    ):
        if rows:
            show_table(headings, rows)


def _schema_problem(schema: int, expected: int) -> str:
    if schema < expected:
        return f"The database has schema {schema} and this version needs {expected}: start `saluhall serve`, or run `saluhall migrate`."
    return f"The database has schema {schema}, of a newer version: this one knows {expected}."


def _length(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"  # noqa: PLR2004 - as above
