"""What an account subscribes to: the free tier, or the paid one until a day."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts import subscription_store
from saluhall.domain.accounts.model import AccountNotFound, Principal
from saluhall.storage import Transaction
from saluhall.storage.database import Row


class SubscriptionTier(StrEnum):
    """What can be subscribed to."""

    FREE = "free"
    PRO = "pro"


class Subscription(Struct, frozen=True, kw_only=True):
    """What an account subscribes to, since when and until when; the free tier has neither."""

    account_id: UUID
    tier: SubscriptionTier
    subscribed_at: datetime | None
    expires_at: datetime | None

    def is_pro(self, *, now: datetime) -> bool:
        """Return whether the paid tier is paid for at this instant; without an end it always is."""
        ends = self.expires_at
        return self.tier is SubscriptionTier.PRO and (ends is None or now < ends)


async def subscribe(
    tx: Transaction,
    *,
    principal: Principal,
    tier: SubscriptionTier,
    until: datetime | None,
    now: datetime,
) -> Subscription:
    """Put an account on a tier; prolonging the paid tier keeps the day on which it began."""
    is_free = tier is SubscriptionTier.FREE
    await subscription_store.write(
        tx,
        principal.account_id,
        tier=tier,
        until=None if is_free else until,
        since=None if is_free else now,
        now=now,
    )
    return await subscription_of_account(tx, principal=principal)


async def subscription_of_account(tx: Transaction, *, principal: Principal) -> Subscription:
    """Return the subscription of an account. Raises AccountNotFound."""
    row = await subscription_store.find(tx, principal.account_id)
    if row is None:
        raise AccountNotFound(principal.account_name)
    return _subscription_from_row(row)


def _subscription_from_row(row: Row) -> Subscription:
    return Subscription(
        account_id=row["account_id"],
        tier=SubscriptionTier(row["tier"]),
        subscribed_at=row["subscribed_at"],
        expires_at=row["subscribed_until"],
    )
