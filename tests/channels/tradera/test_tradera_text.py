"""Fitting text: never over the limit, never inside a word or an entity, the footer always whole."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.channels.tradera.text import (
    BREAK,
    DESCRIPTION_LIMIT,
    ELLIPSIS,
    TITLE_LIMIT,
    clean,
    description_from_text,
    title_from_text,
    units,
)

LINES = st.text(st.characters(exclude_characters="\n\r"), max_size=200).map(
    lambda text: " ".join(clean(text).split())
)
FOOTERS = st.lists(LINES.filter(bool), max_size=6)
WORDS = st.text(st.sampled_from("abcåäö&<>\"'🚗"), min_size=1, max_size=40)
LONG = st.lists(WORDS, min_size=1, max_size=40).flatmap(
    lambda words: st.integers(1, 30).map(lambda times: " ".join(words * times))
)


def plain(rendered: str) -> str:
    return html.unescape(rendered.replace(BREAK, "\n"))


@given(st.one_of(st.text(max_size=300), LONG))
def test_a_title_never_goes_over_the_limit(text: str) -> None:
    assert units(title_from_text(text)) <= TITLE_LIMIT


@given(st.one_of(st.text(max_size=300), LONG))
def test_a_title_breaks_no_word_unless_the_first_alone_is_too_long(text: str) -> None:
    words, kept = clean(text).split(), title_from_text(text).split()
    if words and units(words[0]) > TITLE_LIMIT:
        assert words[0].startswith(kept[0])
        assert len(kept) == 1
    else:
        assert kept == words[: len(kept)]
        rest = " ".join(words[: len(kept) + 1])
        assert kept == words or units(rest) > TITLE_LIMIT


def test_a_title_that_ends_exactly_at_the_limit_stays() -> None:
    exact = "a" * 40 + " " + "b" * 39
    assert title_from_text(exact) == exact
    assert title_from_text(exact + " c") == exact
    assert title_from_text(exact + "c") == "a" * 40


def test_an_over_long_word_is_cut_hard() -> None:
    assert title_from_text("x" * 90 + " y") == "x" * 80


def test_an_emoji_counts_as_two_as_it_does_on_their_servers() -> None:
    assert title_from_text("🚗" * 50) == "🚗" * 40


def test_white_space_collapses_and_control_characters_go() -> None:
    assert title_from_text("  Volvo\t XC90\r\n\x00 bromsok ") == "Volvo XC90 bromsok"


@given(st.one_of(st.text(max_size=500), LONG), FOOTERS)
def test_a_description_never_goes_over_the_limit(text: str, footer: list[str]) -> None:
    assert units(description_from_text(text, footer)) <= DESCRIPTION_LIMIT


@given(st.one_of(st.text(max_size=500), LONG), FOOTERS.filter(bool))
def test_the_footer_is_always_whole(text: str, footer: list[str]) -> None:
    assert plain(description_from_text(text, footer)).endswith("\n".join(footer))


@given(st.one_of(st.text(max_size=500), LONG), FOOTERS)
def test_every_ampersand_begins_a_whole_entity(text: str, footer: list[str]) -> None:
    rendered = description_from_text(text, footer)
    assert not re.search(r"&(?!(?:amp|lt|gt);)", rendered)
    assert not re.search(r"<(?!br>)", rendered)


@given(LONG)
def test_a_shortened_description_ends_after_a_word_with_an_ellipsis(text: str) -> None:
    kept = plain(description_from_text(text, []))
    if kept != text:
        assert kept.endswith(ELLIPSIS)
        words = kept.removesuffix(ELLIPSIS).split()
        assert words == text.split()[: len(words)]


@pytest.mark.parametrize("text", ["&" * 20_000, "<br>" * 5_000, "x" * 20_000, "\n" * 9, " "])
def test_extreme_descriptions_fit(text: str) -> None:
    rendered = description_from_text(text, ["--- Technical Specification ---", "OEM: 1"])
    assert units(rendered) <= DESCRIPTION_LIMIT
    assert rendered.endswith("OEM: 1")


def test_line_breaks_become_html_and_html_becomes_text() -> None:
    assert description_from_text("<b>5 < 6 & 7</b>\r\nrad två", []) == (
        "&lt;b&gt;5 &lt; 6 &amp; 7&lt;/b&gt;<br>rad två"
    )


@pytest.mark.parametrize(
    "line_break", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]
)
def test_every_line_break_is_a_blank_in_a_title_and_a_break_in_a_description(
    line_break: str,
) -> None:
    text = f"Volvo{line_break}bromsok"

    assert title_from_text(text) == "Volvo bromsok"
    assert description_from_text(text, []) == f"Volvo{BREAK}bromsok"


@pytest.mark.parametrize(
    "blank", ["\t", "\x1f", "\xa0", "\u1680", "\u2003", "\u202f", "\u3000", "\u3164"]
)
def test_every_blank_is_a_blank_in_a_title(blank: str) -> None:
    assert title_from_text(f"{blank}Volvo{blank}{blank}bromsok{blank}") == "Volvo bromsok"


def test_a_description_that_nobody_sees_is_none() -> None:
    assert description_from_text("\u200b \u2060\u3164", []) == ""


@pytest.mark.parametrize("edge", ["e\u0301\u0323", "🇸🇪", "👨‍👩‍👧‍👦", "👍🏽", "각"])
@pytest.mark.parametrize("lacking", [1, 2])
def test_a_cut_is_before_a_whole_character(edge: str, lacking: int) -> None:
    head = "x" * (TITLE_LIMIT - units(edge) + lacking)

    assert title_from_text(f"{head}{edge}tail") == head[:TITLE_LIMIT]
    assert title_from_text(f"{head[lacking:]}{edge}tail") == head[lacking:] + edge
    long = "x" * (DESCRIPTION_LIMIT - units(edge) + lacking - 1)
    assert (
        plain(description_from_text(f"{long}{edge}tail", []))
        == long[: DESCRIPTION_LIMIT - 1] + ELLIPSIS
    )
