"""Words that the glossary retires are nowhere in the repository."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, shown

GLOSSARY = ROOT / "docs" / "glossary.md"
FOLDERS = ("src", "tests", "docs", "bench", "tools", "deploy")
SUFFIXES = {".py", ".md", ".sql", ".toml", ".sh", ".yml", ".yaml"}

# Files and folders that still have retired words. The list only shrinks.
UNFINISHED: tuple[str, ...] = (
    "tests/chaos",
    "tests/cluster/checks.py",
    "tests/dialects",
    "tests/domain",
    "tests/journeys",
    "tests/safety",
    "tests/shop.py",
)

# These have to name retired words.
EXEMPT = ("docs/glossary.md", "tests/architecture/test_retired_words.py")

# Escapes; what others rely on: names and texts of Rheo, a message, fields of `doctor --json`.
FOREIGN = re.compile(
    r"\\u[0-9a-f]{4}|traderaAd\w*|tradera_ad_id|stands in this request before"
    r"|Phones, sound, pictures|Rings, necklaces|Banköverföring|\"verdict\"|\"LIE\""
)

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@cache
def retired() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return the single words, and a pattern of the phrases and of the beginnings of names."""
    rows = re.findall(r"^\|.*\|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    found = {word for row in rows for word in re.findall("`([^`]+)`", row.split("|")[-2])}
    words = {word for word in found if word.isalpha()}
    phrases = [word.replace(" ", r"(?:_|\s+(?:# ?)?)") for word in found if " " in word]
    beginnings = [rf"_?{word}" for word in found if word.endswith("_")]
    pattern = rf"(?<![a-z])(?:{'|'.join(phrases)})(?![a-z]|\s+than)|\b(?:{'|'.join(beginnings)})"
    return frozenset(words | {f"{word}s" for word in words}), re.compile(pattern, re.IGNORECASE)


def retired_words_in(text: str) -> set[str]:
    words, pattern = retired()
    text = FOREIGN.sub("", text)
    used = {word.lower() for word in set(WORD.findall(text))}
    return (used & words) | {" ".join(each.lower().split()) for each in pattern.findall(text)}


def texts() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in SUFFIXES and not _is_hidden(file) and shown(file) not in EXEMPT:
                yield file


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(ROOT).parts)


@cache
def found() -> dict[str, set[str]]:
    """Return the retired words by file."""
    words = {shown(file): retired_words_in(file.read_text(encoding="utf-8")) for file in texts()}
    return {name: used for name, used in words.items() if used}


def _is_within(name: str, entry: str) -> bool:
    return name == entry or name.startswith(f"{entry}/")


def test_retired_words_are_gone() -> None:
    finished = {
        name: used
        for name, used in found().items()
        if not any(_is_within(name, entry) for entry in UNFINISHED)
    }

    assert finished == {}, "docs/glossary.md says which words to use"


def test_the_list_of_unfinished_files_only_shrinks() -> None:
    clean = [e for e in UNFINISHED if not any(_is_within(name, e) for name in found())]

    assert clean == [], "these have no retired words: remove them from UNFINISHED"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The bells ring.", {"bells", "ring"}),
        ("tx.ring_bell()", {"ring", "bell"}),
        ("class ShelvedProduct:", {"shelved"}),
        ("PICTURES = 3", {"pictures"}),
        ("_MOST_ROWS = 3", {"_most_"}),
        ("handed_in = it goes\n    # on", {"handed_in", "goes # on"}),
        ("bringing a keyring, at most 3 and no more than 4", set()),
    ],
)
def test_a_retired_word_is_found_in_prose_and_in_names(text: str, words: set[str]) -> None:
    assert retired_words_in(text) == words
