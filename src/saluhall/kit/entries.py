"""Read a JSON list entry by entry, so that an entry that does not fit does not take its neighbours along."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
U = TypeVar("U")

_BLANKS = re.compile(r"[ \t\r\n\ufeff]*")
# What can end an entry when it is no JSON itself: strings are jumped over, brackets are counted.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_UNREADABLE = (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError)
_lenient = json.JSONDecoder(strict=False)


class NotAList(Exception):
    """The text is no JSON list, or it breaks off."""


class UnreadableEntry(Struct, frozen=True, kw_only=True):
    """An entry that does not fit: as it came, and what is wrong with it. `plain` is what a lenient reader makes of it."""

    raw: str
    reason: str
    plain: object = None

    def number(self, name: str) -> int | None:
        """Return a whole number that the entry has under this name."""
        value = self.plain.get(name) if isinstance(self.plain, dict) else None
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


class Entries(Struct, Generic[T], frozen=True):
    """The entries of a list that fit, and those that do not."""

    good: Sequence[T]
    field_errors_of: Sequence[UnreadableEntry] = ()


class ListReader(Generic[T]):
    """Reads lists of one type; null is an empty list. Numbers may come as text."""

    def __init__(self, kind: type[T]) -> None:
        self._whole = msgspec.json.Decoder(list[kind] | None, strict=False)  # type: ignore[valid-type] # a type at run time
        self._one: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind, strict=False)

    def read(self, body: bytes, convert: Callable[[T], U]) -> Entries[U]:
        """Read and convert; ValueError from `convert` makes an entry unreadable. Raises NotAList."""
        try:
            return Entries([convert(entry) for entry in self._whole.decode(body) or ()])
        except _UNREADABLE:
            return self._read_singly(body, convert)

    def _read_singly(self, body: bytes, convert: Callable[[T], U]) -> Entries[U]:
        good: list[U] = []
        field_errors_of: list[UnreadableEntry] = []
        for raw in raw_entries(body):
            try:
                good.append(convert(self._one.decode(raw.encode("utf-8", "surrogateescape"))))
            except _UNREADABLE as error:
                field_errors_of.append(
                    UnreadableEntry(raw=raw, reason=str(error), plain=_plain(raw))
                )
        return Entries(good, field_errors_of)


def raw_entries(body: bytes) -> list[str]:
    """Divide a list into the texts of its entries; bytes that are not UTF-8 become lone surrogates. Raises NotAList."""
    text = body.decode("utf-8", "surrogateescape")
    at = _after_blanks(text, 0)
    if text[at : at + 1] != "[":
        raise NotAList("it is not a list")
    return list(_divided(text, at + 1))


def _divided(text: str, at: int) -> Iterator[str]:
    at = _after_blanks(text, at)
    if text[at : at + 1] == "]":
        return
    while True:
        end = _end_of_entry(text, at)
        yield text[at:end].strip()
        at = _after_blanks(text, end)
        if text[at : at + 1] == "]":
            return
        at = _after_blanks(text, at + 1)


def _end_of_entry(text: str, at: int) -> int:
    """Find where an entry ends: before the comma or bracket that follows it. Raises NotAList."""
    try:
        _, end = _lenient.raw_decode(text, at)
    except (ValueError, RecursionError):
        end = at
    else:
        if text[(after := _after_blanks(text, end)) : after + 1] in (",", "]"):
            return end
    depth = 0
    for token in _TOKENS.finditer(text, at):
        sign = token[0]
        if depth == 0 and sign in (",", "]"):
            return token.start()
        depth += _STEPS.get(sign, 0)
    raise NotAList("it breaks off")


def _after_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _plain(raw: str) -> object:
    try:
        return _lenient.decode(raw)
    except (ValueError, RecursionError):
        return None
