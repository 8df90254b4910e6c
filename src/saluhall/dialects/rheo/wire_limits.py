"""The caller's own limits: an addition of ours to Rheo's API."""

from msgspec import Struct


class Limit(Struct, frozen=True, kw_only=True):
    """One limit: `resetsAt` is when all of it, or the next of it, is there again, and null when nothing is to come back by waiting.

    `countsFor` says what shares it (key, user, account, hub), `beyond` what follows when nothing is left.
    """

    name: str
    countsFor: str
    limit: int
    used: int
    left: int
    resetsAt: str | None
    beyond: str


class Limits(Struct, frozen=True, kw_only=True):
    """The caller's limits."""

    limits: list[Limit]
