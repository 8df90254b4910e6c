"""Check the names and instants that people type."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from saluhall.cli.failures import Refused, WrongUsage

_MAX_NAME = 200
_YEARS = range(1970, 9999)
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)


def check_name(what: str, name: str) -> None:
    """See that a new name is 1 to 200 printable characters. Raises Refused."""
    if not name.strip():
        raise Refused(f"{what} must not be empty")
    if len(name) > _MAX_NAME or not name.isprintable():
        raise Refused(f"{what} must be 1 to {_MAX_NAME} printable characters")


def utc_instant(option: str, instant: datetime) -> datetime:
    """Return an instant with its time zone, UTC when it has none. Raises Refused."""
    if instant.year not in _YEARS:
        raise Refused(f"{option} takes a year from {_YEARS.start} to {_YEARS.stop - 1}")
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def instant_from_text(option: str, text: str | None) -> datetime | None:
    """Read an ISO 8601 instant, in UTC when it names no time zone. Raises WrongUsage, and Refused for a year out of bounds."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUsage(
            f"{option} takes an ISO 8601 instant such as 2027-01-31, not {text!r}"
        ) from error
    return utc_instant(option, instant)


def number_from_text(option: str, text: str) -> Decimal:
    """Read a decimal number. Raises WrongUsage."""
    if not _NUMBER.fullmatch(text):
        raise WrongUsage(f"{option} takes a number such as 12.50, not {text!r}")
    return Decimal(text)
