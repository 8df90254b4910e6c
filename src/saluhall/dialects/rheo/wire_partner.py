"""Rheo's shapes for the dashboard: analytics and the subscription."""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from saluhall.domain.partner_business.subscriptions import SubscriptionTier

# The text of a decimal: written out as it is, so that no binary fraction comes between.
Amount = Annotated[Raw, Meta(extra_json_schema={"type": "number"})]


class InventoryCounts(Struct, frozen=True, kw_only=True):
    """Items by status; `total` adds up the four that are shown."""

    total: int
    active: int
    draft: int
    sold: int
    archived: int


class Month(Struct, frozen=True, kw_only=True):
    """What was sold in a month (`2026-04`)."""

    month: str
    gross: Amount
    fee: Amount
    net: Amount
    orders: int


class SoldCategory(Struct, frozen=True, kw_only=True):
    """What was sold of a category: units, and what they brought in."""

    category: str
    count: int
    revenue: Amount


class RevenueSummary(Struct, frozen=True, kw_only=True):
    """What was ever sold; `totalPending` is not paid yet and in none of the others."""

    totalGross: Amount
    totalFee: Amount
    totalNet: Amount
    totalPending: Amount


class Unconverted(Struct, frozen=True, kw_only=True):
    """What was sold in a currency without a rate, in this currency; `pending` when something is not paid yet."""

    currency: str
    orders: int
    gross: Amount
    pending: Amount | UnsetType = UNSET


class Analytics(Struct, frozen=True, kw_only=True):
    """All figures in the account's currency; two fields of ours say which, when it is not the usual one, and what is in none of them."""

    inventory: InventoryCounts
    monthlyRevenue: list[Month]
    categoryBreakdown: list[SoldCategory]
    revenueSummary: RevenueSummary
    saluhallCurrency: str | UnsetType = UNSET
    saluhallUnconverted: list[Unconverted] | UnsetType = UNSET


class Subscription(Struct, frozen=True, kw_only=True):
    """What an account subscribes to."""

    tier: SubscriptionTier
    isPro: bool
    subscribedAt: str | None
    expiresAt: str | None


class Checkout(Struct, frozen=True, kw_only=True):
    """Where to pay."""

    url: str


class Order(Struct, frozen=True, kw_only=True):
    """What we ask the payment provider for: our own little protocol."""

    accountId: str
    tier: SubscriptionTier
    amountOre: int
    currency: str


class Offer(Struct, frozen=True, kw_only=True):
    """What the payment provider answers."""

    url: Annotated[str, Meta(pattern="^https://", max_length=2048)]
