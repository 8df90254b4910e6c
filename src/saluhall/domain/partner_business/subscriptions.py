"""What an account subscribes to: nothing (the free tier), or the paid tier until a day."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.model import Principal
from saluhall.domain.partner_business import subscription_store
from saluhall.domain.sessions import ending
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import Session
from saluhall.storage import Database, Transaction


class SubscriptionEnded(Exception):
    """The account's paid subscription is over, and nobody has prolonged it or put the account on the free tier."""


class SubscriptionTier(StrEnum):
    """What can be subscribed to."""

    FREE = "free"
    PRO = "pro"


class Subscription(Struct, frozen=True, kw_only=True):
    """What an account subscribes to, since when and until when; the free tier has neither."""

    tier: SubscriptionTier
    subscribed_at: datetime | None = None
    expires_at: datetime | None = None

    def is_pro(self, *, now: datetime) -> bool:
        """Return whether the paid tier is paid for at this instant; without an end it always is."""
        return self.tier is SubscriptionTier.PRO and not self.is_over(now=now)

    def is_over(self, *, now: datetime) -> bool:
        """Return whether the subscription had an end, and that is past."""
        return self.expires_at is not None and self.expires_at <= now


async def subscribe(
    tx: Transaction,
    *,
    principal: Principal,
    tier: SubscriptionTier,
    until: datetime | None,
    now: datetime,
) -> Subscription:
    """Put an account on a tier; prolonging the paid tier keeps the day on which it began."""
    if tier is SubscriptionTier.FREE:
        await subscription_store.end(tx, principal.account_id)
    else:
        await subscription_store.write(tx, principal.account_id, tier=tier, until=until, now=now)
    return await subscription_of_account(tx, principal=principal)


async def subscription_of_account(tx: Transaction, *, principal: Principal) -> Subscription:
    """Return what an account subscribes to."""
    row = await subscription_store.find(tx, principal.account_id)
    if row is None:
        return Subscription(tier=SubscriptionTier.FREE)
    return Subscription(
        tier=SubscriptionTier(row["tier"]),
        subscribed_at=row["subscribed_at"],
        expires_at=row["ends_at"],
    )


async def sign_in(
    db: Database, *, username: str, password: str, address: str, now: datetime
) -> Session:
    """Open a session as `sessions.operations.sign_in` does, unless the account's subscription is over. Raises SubscriptionEnded too."""
    session = await sessions.sign_in(
        db, username=username, password=password, address=address, now=now
    )
    principal = Principal(
        account_id=session.account_id, account_name=session.account_name, user_id=session.user_id
    )
    async with db.transaction() as tx:
        is_over = (await subscription_of_account(tx, principal=principal)).is_over(now=now)
        if is_over:
            await ending.end_session(tx, principal=principal, session_id=session.id, now=now)
    if is_over:
        raise SubscriptionEnded
    return session


async def list_tiers(tx: Transaction) -> Mapping[UUID, str]:
    """Return the tier of each account that subscribes; the others have the free one."""
    return await subscription_store.list_tiers(tx)
