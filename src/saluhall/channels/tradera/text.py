"""Fit plain text into Tradera's fields: never over the limit, never inside a word or an entity."""

import html
import unicodedata
from collections.abc import Callable, Sequence

from saluhall.kit.texts import is_seen, on_one_line, whole_characters, with_line_feeds

TITLE_LIMIT = 80
DESCRIPTION_LIMIT = 7000
ELLIPSIS = "…"
BREAK = "<br>"

_UTF16_PLANE = 0xFFFF


def clean(text: str) -> str:
    """Write every line break as a line feed; drop what no listing may hold: other control characters and lone surrogates."""
    return "".join(
        letter
        for letter in with_line_feeds(text)
        if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs")
    )


def one_line(text: str) -> str:
    """Put text on one line with single spaces."""
    return on_one_line(clean(text))


def units(text: str) -> int:
    """Count as Tradera's servers do, in UTF-16 units: an emoji is two."""
    return sum(2 if ord(letter) > _UTF16_PLANE else 1 for letter in text)


def rendered(text: str) -> str:
    """Write plain text as HTML, a line break as `<br>`."""
    return html.escape(text, quote=False).replace("\n", BREAK)


def rendered_units(text: str) -> int:
    """Count the units of text once it is HTML."""
    return units(rendered(text))


def shorten(
    text: str, limit: int, *, size: Callable[[str], int] = units, ellipsis: str = ""
) -> str:
    """Shorten to the limit after the last word that fits; a single word too long is cut, between characters as people see them."""
    if size(text) <= limit:
        return text
    end = whole_characters(text, _prefix_within(text, limit - size(ellipsis), size))
    if not text[end].isspace():
        end = _last_space(text, end) or end
    return text[:end].rstrip() + ellipsis


def _prefix_within(text: str, room: int, size: Callable[[str], int]) -> int:
    used = 0
    for position, letter in enumerate(text):
        used += size(letter)
        if used > room:
            return position
    return len(text)


def _last_space(text: str, end: int) -> int:
    return next((at for at in range(end - 1, 0, -1) if text[at].isspace()), 0)


def title_from_text(text: str) -> str:
    """Fit a title."""
    return shorten(one_line(text), TITLE_LIMIT)


def description_from_text(text: str, footer: Sequence[str]) -> str:
    """Fit a description as HTML; the footer's lines stay whole, the text before them gives way."""
    body, last = clean(text).strip() if is_seen(text) else "", "\n".join(footer)
    if not last:
        return rendered(_fit_body(body, DESCRIPTION_LIMIT))
    room = DESCRIPTION_LIMIT - rendered_units("\n\n" + last)
    return rendered(f"{_fit_body(body, room)}\n\n{last}".strip())


def _fit_body(body: str, room: int) -> str:
    return shorten(body, room, size=rendered_units, ellipsis=ELLIPSIS)
