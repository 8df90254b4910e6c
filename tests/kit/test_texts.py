"""ConnectionPool breaks, blanks, invisible letters and whole characters, whatever the script."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.kit.texts import LINE_BREAKS, is_seen, on_one_line, whole_characters, with_line_feeds

EVERYTHING = [chr(code) for code in range(sys.maxunicode + 1)]
# Marks before numbers and names: they have a shape of their own.
SHOWN_FORMATS = set(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
FLAG, FAMILY, ACCENTED, THUMB = "🇸🇪", "👨‍👩‍👧‍👦", "e\u0301\u0323", "👍🏽"


def is_hieroglyphic(letter: str) -> bool:
    return "\U00013430" <= letter <= "\U0001343f"  # joins of hieroglyphs


def test_every_line_break_is_a_line_feed_in_a_text_and_a_blank_in_a_line() -> None:
    known = {letter for letter in EVERYTHING if len(f"a{letter}b".splitlines()) == 2}
    assert known == set(LINE_BREAKS)

    for letter in known:
        assert with_line_feeds(f"a{letter}b") == "a\nb"
        assert on_one_line(f"a{letter}b") == "a b"
    assert with_line_feeds("a\r\nb\n\rc\t\x1fd") == "a\nb\n\nc  d"


def test_every_blank_is_a_blank_in_a_line() -> None:
    blanks = [letter for letter in EVERYTHING if unicodedata.category(letter) == "Zs"]

    assert len(blanks) > 15
    for letter in [*blanks, "\t", "\u2800", "\u3164"]:
        assert on_one_line(f" a{letter}{letter}b{letter}") == "a b"


def test_what_unicode_calls_blank_control_or_format_is_not_seen() -> None:
    unseen = [x for x in EVERYTHING if unicodedata.category(x) in {"Zs", "Zl", "Zp", "Cc", "Cs"}]
    formats = [
        x
        for x in EVERYTHING
        if unicodedata.category(x) == "Cf" and x not in SHOWN_FORMATS and not is_hieroglyphic(x)
    ]

    assert [hex(ord(x)) for x in [*unseen, *formats] if is_seen(x)] == []
    assert not is_seen("".join([*unseen, *formats]))


def test_letters_digits_punctuation_and_symbols_are_seen() -> None:
    kinds = {
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Nd",
        "Nl",
        "No",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Po",
        "Sm",
        "Sc",
        "So",
    }
    hidden = [x for x in EVERYTHING if unicodedata.category(x) in kinds and not is_seen(x)]

    assert hidden == ["\u2800"]


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "\u2060\ufeff", "\u3164", "\u00ad", "\n\t\u2028", "\U000e0041"]
)
def test_a_text_of_invisible_letters_is_not_seen(text: str) -> None:
    assert not is_seen(text)


@pytest.mark.parametrize("text", ["a", "\u200b.", " 部", "\u0301", "🚗", FAMILY, "1\ufe0f"])
def test_one_visible_letter_is_enough(text: str) -> None:
    assert is_seen(text)


@pytest.mark.parametrize("cluster", [FLAG, FAMILY, ACCENTED, THUMB, "\r\n", "각", "1\ufe0f\u20e3"])
def test_no_cut_divides_what_people_take_for_one_character(cluster: str) -> None:
    text = f"ab{cluster}cd"
    for end in range(2, 2 + len(cluster)):
        assert whole_characters(text, end) == 2
    assert whole_characters(text, 2 + len(cluster)) == 2 + len(cluster)
    assert whole_characters(text, len(text)) == len(text)


def test_of_flags_in_a_row_whole_ones_stay() -> None:
    assert whole_characters("🇸🇪🇳🇴🇩🇰", 3) == 2


def test_a_character_longer_than_the_room_is_cut_all_the_same() -> None:
    assert whole_characters("e" + "\u0301" * 100, 80) == 80


@given(st.text(max_size=30), st.integers(0, 40))
def test_a_cut_is_never_past_the_end_asked_for(text: str, end: int) -> None:
    assert whole_characters(text, end) <= min(end, len(text))
