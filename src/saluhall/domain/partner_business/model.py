"""Deals between an account and the operator, public profiles, and what can be wrong with joining a reseller."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct


class DealKind(StrEnum):
    """How an account and the operator share."""

    CONSUMER_DEFAULT = "consumer_default"  # what every account has that has no other
    DIRECT_COMMISSION = "direct_commission"
    FLAT_MONTHLY = "flat_monthly"
    FLAT_PLUS_PER_LISTING = "flat_plus_per_listing"
    RESELLER_AGREEMENT = "reseller_agreement"  # may act for its members
    SUB_ACCOUNT = "sub_account"  # a member of a reseller


class Amounts(Struct, frozen=True, kw_only=True):
    """What a deal costs: `commission_bps` in hundredths of a percent, the others in öre. None: not part of the deal."""

    commission_bps: int | None = None
    flat_monthly_ore: int | None = None
    per_listing_ore: int | None = None


NEEDED: Final[Mapping[DealKind, frozenset[str]]] = {
    DealKind.CONSUMER_DEFAULT: frozenset(),
    DealKind.DIRECT_COMMISSION: frozenset({"commission_bps"}),
    DealKind.FLAT_MONTHLY: frozenset({"flat_monthly_ore"}),
    DealKind.FLAT_PLUS_PER_LISTING: frozenset({"flat_monthly_ore", "per_listing_ore"}),
    DealKind.RESELLER_AGREEMENT: frozenset(),
    DealKind.SUB_ACCOUNT: frozenset(),
}
"""The amounts that a deal cannot do without; a reseller's may have any."""
MAX_AMOUNTS: Final = Amounts(commission_bps=10_000, flat_monthly_ore=10**12, per_listing_ore=10**12)
GRANTED: Final = frozenset(DealKind) - {DealKind.CONSUMER_DEFAULT, DealKind.SUB_ACCOUNT}
"""What can be asked for and granted: the others come by leaving a deal and by joining a reseller."""


class BadDeal(Exception):
    """The amounts do not make this deal; the message says why."""


class ProfileNotFound(Exception):
    """No public profile has this address."""


class SlugTaken(Exception):
    """Another account's public profile has this address."""


class NotAReseller(Exception):
    """The account behind the profile takes no members."""


class CannotJoin(Exception):
    """A reseller is nobody's member, its own least of all."""


class Deal(Struct, frozen=True, kw_only=True):
    """An account's deal; `since` is None for the one that everybody has. `requested` names the deals asked for and not granted yet.

    `first_month` is the month of `since` by the account's clock (`2026-04`).
    """

    kind: DealKind
    amounts: Amounts
    since: datetime | None
    first_month: str | None = None
    requested: tuple[DealKind, ...] = ()


class DealRequest(Struct, frozen=True, kw_only=True):
    """A deal that an account has asked the operator for."""

    id: UUID
    account_id: UUID
    account_name: str
    kind: DealKind
    message: str
    requested_at: datetime


class Profile(Struct, frozen=True, kw_only=True):
    """What everybody may read of an account; `is_reseller` says whether it takes members."""

    account_id: UUID
    slug: str
    name: str
    is_reseller: bool


def check_amounts(kind: DealKind, amounts: Amounts) -> None:
    """See that the amounts make this deal. Raises BadDeal."""
    if kind not in GRANTED:
        raise BadDeal(
            f"{kind.value} cannot be granted: it comes by leaving a deal or joining a reseller"
        )
    given = {n for n in Amounts.__struct_fields__ if getattr(amounts, n) is not None}
    needed = NEEDED[kind]
    if missing := sorted(needed - given):
        raise BadDeal(f"{kind.value} needs {', '.join(missing)}")
    if kind is not DealKind.RESELLER_AGREEMENT and (extra := sorted(given - needed)):
        raise BadDeal(f"{kind.value} has no {', '.join(extra)}")
    for name in sorted(given):
        if not 0 <= getattr(amounts, name) <= getattr(MAX_AMOUNTS, name):
            raise BadDeal(f"{name} must be from 0 to {getattr(MAX_AMOUNTS, name)}")
