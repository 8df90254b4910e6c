"""What keeps an account from being removed, and what its removal deletes."""

from datetime import timedelta

from msgspec import Struct

# The maximum duration of a request that was authenticated before the account was suspended, with a margin.
SUSPENDED_FOR = timedelta(minutes=1)


class NotSuspended(Exception):
    """The account is in use, or was until a moment ago; the message says what to do first."""


class AccountBusy(Exception):
    """The hub is reading a marketplace for the account right now: try again in a moment."""


class AccountContents(Struct, frozen=True, kw_only=True):
    """What an account holds; `live_listings` are, or may be, on a marketplace."""

    users: int
    api_keys: int
    catalogs: int
    products: int
    live_listings: int
    orders: int
    connections: int
    endpoints: int
    events: int
