"""Identifiers: 128 bits that sort by time, kept as uuid and shown with a prefix where people see them."""

import os
from uuid import UUID

from saluhall.kit.clock import unix_ms

_CHANCE_BITS = 80
_last = 0
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base32, lower case


def new_id() -> UUID:
    """Make an identifier: 48 bits of milliseconds, 80 random bits (the ULID layout).

    Those that a process makes in the same millisecond sort in the order in which they were made.
    """
    global _last  # noqa: PLW0603 - what came before is what the order is about
    made = int.from_bytes(unix_ms().to_bytes(6, "big") + os.urandom(10), "big")
    if made >> _CHANCE_BITS == _last >> _CHANCE_BITS:
        made = _last + 1 + int.from_bytes(os.urandom(5), "big")
    _last = made
    return UUID(int=made)


def new_ids(count: int) -> list[str]:
    """Make many identifiers at once, each as 32 hexadecimal digits."""
    start = unix_ms().to_bytes(6, "big").hex()
    chance = os.urandom(10 * count).hex()
    return [start + chance[at : at + 20] for at in range(0, 20 * count, 20)]


def text_from_id(prefix: str, value: UUID) -> str:
    """Spell an identifier as `<prefix>_` and 26 base32 characters."""
    number = value.int
    letters = [_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(letters)}"
