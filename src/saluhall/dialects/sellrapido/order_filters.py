"""Read which orders are asked for, and how they are to be written: from a query in either spelling, or from a body."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeVar

from msgspec import Struct

from saluhall.dialect import Malformed
from saluhall.dialects.sellrapido.dates import NoDate, day_from_text
from saluhall.dialects.sellrapido.errors import Refusal
from saluhall.dialects.sellrapido.order_layout import STATUS_WORDS
from saluhall.domain.orders.model import OrderFilter, OrderStatus
from saluhall.kit.validation import Unreadable, plain_from_json

DEFAULT_LIMIT: Final = 1000
ALL: Final = -1
MAX_SEPARATOR_LENGTH: Final = 16
_MAX_NAMED: Final = 1000
_MAX_DIGITS: Final = 10
_HIGHEST: Final = 2**31 - 1
_CSV_TYPES: Final = ("text/csv", "application/csv")
_FORMATS: Final = ("csv", "json")
_NUMBERS: Final = ("limit", "offset")
_SEPARATORS: Final = ("columnSeparator", "column_separator")
_T = TypeVar("_T")


class Extraction(Struct, frozen=True, kw_only=True):
    """What an extraction asks for. `limit` is -1 for all orders."""

    wanted: OrderFilter
    limit: int
    is_csv: bool
    separator: str
    heading: bool


def extraction_from_query(query: Mapping[str, str], accept: str) -> Extraction:
    """Read a query, where everything is a text. Raises Refusal."""
    numbers = {name: _number_from_text(query[name]) for name in _NUMBERS if name in query}
    return _extraction({**query, **numbers}, accept)


def extraction_from_body(body: bytes, accept: str) -> Extraction:
    """Read a body, where everything has its JSON type. Raises Malformed, Refusal."""
    try:
        plain = plain_from_json(body)
    except Unreadable as error:
        raise Malformed from error
    if not isinstance(plain, dict):
        raise Refusal("Request body must be an object")
    return _extraction(plain, accept)


def _extraction(sent: Mapping[str, object], accept: str) -> Extraction:
    """Read what was sent; null and an empty text are as good as nothing, but no separator can be empty."""
    given = {
        name: value
        for name, value in sent.items()
        if value is not None and (value != "" or name in _SEPARATORS)
    }
    limit = _read(given, "limit", _limit, DEFAULT_LIMIT)
    wanted = OrderFilter(
        placed_from=_read(given, "startDate", _day, None),
        placed_to=_read(given, "endDate", _day, None),
        changed_from=_read(given, "startModified", _day, None),
        changed_to=_read(given, "endModified", _day, None),
        numbers=_read(given, "code", _list, ()),
        statuses=_read(given, "status", _statuses, ()),
        tags=_read(given, "tags", _list, ()),
        offset=_read(given, "offset", _offset, 0),
        limit=None if limit == ALL else limit,
    )
    return Extraction(
        wanted=wanted,
        limit=limit,
        is_csv=_read(given, "format", _format, _accepts_csv(accept)),
        separator=_read(given, "columnSeparator", _separator, "|"),
        heading=_read(given, "writeHeading", _switch, True),  # noqa: FBT003 - the documented default
    )


def _read(given: Mapping[str, object], name: str, read: Callable[[object], _T], default: _T) -> _T:
    """Read one thing; its snake_case spelling wins. Raises Refusal."""
    spelled = next((each for each in (_snake(name), name) if each in given), None)
    if spelled is None:
        return default
    try:
        return read(given[spelled])
    except ValueError as error:
        raise Refusal(f"wrong {spelled}: {error}") from error


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _number_from_text(text: str) -> object:
    digits = text.strip().removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
    return int(text) if is_number else text


def _limit(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not ALL <= value <= _HIGHEST:
        raise ValueError("it must be a whole number, or -1 for all")
    return value


def _offset(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _HIGHEST:
        raise ValueError("it must be a whole number from 0")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text")  # noqa: TRY004 - rendered like any other
    if "\0" in value:
        raise ValueError("it must not contain NUL")
    return value


def _day(value: object) -> date:
    text = _text(value).strip()
    try:
        return day_from_text(text)
    except NoDate as error:
        raise ValueError(f"{text!r} is no day like 2025-01-31") from error


def _list(value: object) -> tuple[str, ...]:
    """Read a list, or a text with commas, or a list of such texts; blanks count for nothing."""
    texts = value if isinstance(value, list) else [value]
    parts = (part.strip() for text in texts for part in _text(text).split(","))
    named = tuple(dict.fromkeys(part for part in parts if part))
    if len(named) > _MAX_NAMED:
        raise ValueError(f"it must name at most {_MAX_NAMED}")
    return named


def _statuses(value: object) -> tuple[OrderStatus, ...]:
    named = _list(value)
    if unknown := [name for name in named if name not in STATUS_WORDS]:
        raise ValueError(f"{', '.join(unknown)} is not among {', '.join(STATUS_WORDS)}")
    return tuple(STATUS_WORDS[name] for name in named)


def _format(value: object) -> bool:
    text = _text(value).strip().lower()
    if text not in _FORMATS:
        raise ValueError("it must be csv or json")
    return text == "csv"


def _separator(value: object) -> str:
    text = _text(value)
    if not text or any(mark in text for mark in '"\r\n'):
        raise ValueError("it must not be empty, nor hold a quotation mark or a line break")
    if len(text) > MAX_SEPARATOR_LENGTH:
        raise ValueError(f"it must have at most {MAX_SEPARATOR_LENGTH} characters")
    return text


def _switch(value: object) -> bool:
    word = value if isinstance(value, bool) else _text(value).strip().lower()
    if word in {True, "true"}:
        return True
    if word in {False, "false"}:
        return False
    raise ValueError("it must be true or false")


def _accepts_csv(accept: str) -> bool:
    """Return whether CSV is asked for: named before JSON, or without it."""
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((n in _CSV_TYPES for n in named if n in {*_CSV_TYPES, "application/json"}), False)
