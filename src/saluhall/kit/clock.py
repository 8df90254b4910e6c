"""The one place that reads the wall clock."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Tell the current instant, aware and in UTC."""
    return datetime.now(UTC)


def iso_from_instant(instant: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with a `Z`, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
