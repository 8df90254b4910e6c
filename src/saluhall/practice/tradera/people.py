"""Made-up people: the same seed and name always give the same person."""

import random
from dataclasses import dataclass

FIRST_NAMES = (
    *("Astrid", "Maja", "Elsa", "Karin", "Ingrid", "Linnea", "Sofia", "Eva", "Birgitta", "Åsa"),
    *("Erik", "Lars", "Karl", "Anders", "Johan", "Per", "Nils", "Gustav", "Mats", "Göran"),
)
LAST_NAMES = (
    *("Andersson", "Johansson", "Karlsson", "Nilsson", "Eriksson", "Larsson", "Olsson"),
    *("Persson", "Svensson", "Gustafsson", "Lindberg", "Sjöström", "Åkerlund", "Bergström"),
)
STREETS = (
    *("Storgatan", "Kungsgatan", "Drottninggatan", "Björkvägen", "Tallvägen", "Skolgatan"),
    *("Kyrkogatan", "Järnvägsgatan", "Ängsvägen", "Åsgatan", "Hamngatan", "Parkvägen"),
)
TOWNS = (
    *(("111 29", "Stockholm"), ("411 05", "Göteborg"), ("211 22", "Malmö"), ("753 20", "Uppsala")),
    *(
        ("722 11", "Västerås"),
        ("702 10", "Örebro"),
        ("582 22", "Linköping"),
        ("252 20", "Helsingborg"),
    ),
    *(("553 16", "Jönköping"), ("602 32", "Norrköping"), ("223 50", "Lund"), ("903 26", "Umeå")),
    *(("802 50", "Gävle"), ("852 30", "Sundsvall"), ("352 30", "Växjö"), ("972 31", "Luleå")),
)
# Mobile numbers reserved for fiction by the Swedish telecom authority.
FICTION_FROM, FICTION_TO = 1_740_605, 1_740_699


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the marketplace, with a place to send things to."""

    user_id: int
    alias: str
    first_name: str
    last_name: str
    address: str
    zip_code: str
    city: str
    email: str
    phone: str


def person_of_alias(alias: str, *, seed: int) -> Person:
    """Make up the buyer behind an alias."""
    dice = dice_of(seed, "buyer", alias)
    return _invent(dice, user_id=dice.randint(1_000_000, 6_999_999), alias=alias)


def person_of_id(user_id: int, *, seed: int, alias: str | None = None) -> Person:
    """Make up the seller with an id."""
    dice = dice_of(seed, "seller", str(user_id))
    return _invent(dice, user_id=user_id, alias=alias)


def dice_of(seed: int, *words: str) -> random.Random:
    """Give dice that always fall the same for the same seed and words."""
    return random.Random("/".join((str(seed), *words)))  # noqa: S311 - a story to repeat, no secret


def _invent(dice: random.Random, *, user_id: int, alias: str | None) -> Person:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    zip_code, city = dice.choice(TOWNS)
    return Person(
        user_id=user_id,
        alias=alias or f"{first}{dice.randint(10, 99)}",
        first_name=first,
        last_name=last,
        address=f"{dice.choice(STREETS)} {dice.randint(1, 99)}",
        zip_code=zip_code,
        city=city,
        email=f"kund{user_id}@example.com",
        phone=f"070-{dice.randint(FICTION_FROM, FICTION_TO)}",
    )
