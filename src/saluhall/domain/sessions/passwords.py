"""Compare passwords: slow by intent, so users take turns."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from saluhall.domain.sessions.model import SignInThrottled
from saluhall.kit.fair_slots import FairSlots

# A comparison takes 64 MiB for a moment. It is also how many guesses can be under way before the first is counted.
_comparing = FairSlots(4)
_MAX_WAITING = 8  # sign-ins of one user at a time, under way or waiting, in this process
_waiting: Counter[str] = Counter()


@asynccontextmanager
async def password_turn(username: str) -> AsyncIterator[None]:
    """Wait for a turn to compare a password; users take turns. Raises SignInThrottled when one asks too often at once."""
    if _waiting[username] >= _MAX_WAITING:
        raise SignInThrottled(1)
    _waiting[username] += 1
    try:
        async with _comparing.slot(username):
            yield
    finally:
        _waiting[username] -= 1
        if not _waiting[username]:
            del _waiting[username]


def is_right(password_hash: str | None, password: str) -> bool:
    """Compare; a name nobody has costs as much time."""
    nobodys = _nobodys_hash()
    try:
        return PasswordHasher().verify(password_hash or nobodys, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return PasswordHasher().hash(str(uuid4()))
