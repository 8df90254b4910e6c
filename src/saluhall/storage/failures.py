"""Classify the errors of PostgreSQL: unavailable for now, or rolled back because of other transactions and worth a retry."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.errors import lookup

# Undone as a whole because of others: deadlock, serialization (also on a standby, when its rows are vacuumed).
_UNDONE = tuple(map(lookup, ("40P01", "40001")))
# "Too large": an index row, a statement. The driver calls these operational too, and the same never goes through.
_TOO_LARGE = "54"
# "Not now", beside what the driver calls operational (classes 08, 53, 57 and a connection that breaks): may only read, as a standby
# and a primary that is being replaced; cut off while idle in a transaction. Numbers, for the driver may not know them all.
_READ_ONLY = "25006"
_NOT_NOW = frozenset({_READ_ONLY, "25P03", "25P04"})


class DatabaseUnavailable(Exception):
    """No connection could be had, it broke, or it may only read; nothing was committed as far as we know."""


class Deadlock(DatabaseUnavailable):
    """PostgreSQL undid the transaction because of others; tried again, it may well go through."""


@contextmanager
def explained() -> Iterator[None]:
    """Raise DatabaseUnavailable or Deadlock for what the driver says of a database that cannot serve now."""
    try:
        yield
    except _UNDONE as error:
        raise Deadlock(one_line(error)) from error
    except psycopg.Error as error:
        if is_not_now(error):
            raise DatabaseUnavailable(one_line(error)) from error
        raise


def is_not_now(error: BaseException | None) -> bool:
    """Return whether a retry on another connection may succeed later."""
    if isinstance(error, psycopg.OperationalError) and _is_too_large(error):
        return False
    if isinstance(error, psycopg.OperationalError) or is_garbled(error):
        return True  # the pool's timeout is operational too
    return isinstance(error, psycopg.Error) and error.sqlstate in _NOT_NOW


def _is_too_large(error: psycopg.OperationalError) -> bool:
    return (error.sqlstate or "").startswith(_TOO_LARGE)


def is_garbled(error: BaseException | None) -> bool:
    """Return whether the driver could not parse a response, as of a pooler after its server died during a commit."""
    return isinstance(error, psycopg.InternalError) and error.sqlstate is None


def is_read_only(error: BaseException | None) -> bool:
    """Return whether a statement failed because its connection is read-only."""
    return isinstance(error, psycopg.Error) and error.sqlstate == _READ_ONLY


def one_line(error: psycopg.Error) -> str:
    """Put the driver's words on one line."""
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
