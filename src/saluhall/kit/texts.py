"""What Unicode texts are made of: line breaks, blanks, what nobody sees, and characters as people count them."""

import re
from typing import Final

# What ends a line by Unicode (UAX 14: BK, CR, LF, NL) or by `str.splitlines`.
LINE_BREAKS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# What shows as a blank, but is no white space to `str.split`: fillers of Hangul, the empty Braille pattern.
_FILLERS: Final = "\u115f\u1160\u2800\u3164\uffa0"
_TO_LINE_FEED = str.maketrans(dict.fromkeys(LINE_BREAKS, "\n") | {"\t": " ", "\x1f": " "})
_TO_BLANK = str.maketrans(dict.fromkeys(LINE_BREAKS + _FILLERS, " "))
# Blanks, control characters, what has no glyph of its own and changes only how its neighbours look, and halves of surrogates.
_SEEN = re.compile(
    r"[^\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    rf"\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ud800-\udfff{_FILLERS}"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BREAK_IN_TWO = re.compile(r"\r\n")


def is_seen(text: str) -> bool:
    """Return whether a text has a character that people see."""
    return _SEEN.search(text) is not None


def with_line_feeds(text: str) -> str:
    """Write every line break of Unicode as a line feed, and tabs as blanks."""
    return _BREAK_IN_TWO.sub("\n", text).translate(_TO_LINE_FEED)


def on_one_line(text: str) -> str:
    """Write line breaks and runs of blanks as single blanks; none at the ends."""
    return " ".join(text.translate(_TO_BLANK).split())


def whole_characters(text: str, end: int) -> int:
    """Return where a text can be cut at `end` or just before it without dividing what people take for one character.

    That is an extended grapheme cluster (UAX 29): a letter with its accents, a flag, a family. When the text begins with one that
    reaches past `end`, `end` itself is returned.
    """
    if end >= len(text):
        return len(text)
    import regex  # noqa: PLC0415 - texts are rarely cut

    cut = 0
    for cluster in regex.finditer(r"\X", text):
        if cluster.end() > end:
            break
        cut = cluster.end()
    return cut or end
