"""Read the dates that clients send: days, ISO instants with or without a zone, and what Java prints by default."""

import re
from datetime import UTC, date, datetime

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FRACTION = re.compile(r"(?<=:\d\d)[.,](\d+)", re.ASCII)
_SPACES = re.compile(r"[\s\u202f\u00a0]+")  # newer Javas print U+202F before AM
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_JAVA = re.compile(
    r"(?P<month>[a-z]{3}) (?P<day>\d{1,2}), (?P<year>\d{4}),?"
    r" (?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2}) (?P<half>[ap])m",
    re.ASCII | re.IGNORECASE,
)
_NOON = 12


class NoDate(Exception):
    """The text is no date that we can read."""


def day_from_text(text: str) -> date:
    """Read `yyyy-MM-dd`. Raises NoDate."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise NoDate(text) from error
    raise NoDate(text)


def instant_from_text(text: str) -> datetime:
    """Read an instant; a day is its first moment, and what names no zone is in UTC. Raises NoDate.

    Besides ISO 8601, `Oct 20, 2020, 2:30:00 AM` is read, with or without the second comma: a Java client prints that.
    """
    plain = _SPACES.sub(" ", text).strip()
    java = _JAVA.fullmatch(plain)
    try:
        return _instant_from_iso(plain) if java is None else _instant_from_java(java)
    except (ValueError, OverflowError) as error:
        raise NoDate(text) from error


def _instant_from_iso(text: str) -> datetime:
    read = datetime.fromisoformat(_FRACTION.sub(_microseconds, text))
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC)


def _microseconds(fraction: re.Match[str]) -> str:
    return "." + fraction[1][:6].ljust(6, "0")


def _instant_from_java(java: re.Match[str]) -> datetime:
    month, half = java["month"].lower(), java["half"].lower()
    day, year, hour, minute, second = map(
        int, java.group("day", "year", "hour", "minute", "second")
    )
    if month not in _MONTHS or not 1 <= hour <= _NOON:
        raise ValueError("no such date")
    of_day = hour % _NOON + (_NOON if half == "p" else 0)
    return datetime(year, _MONTHS.index(month) + 1, day, of_day, minute, second, tzinfo=UTC)
