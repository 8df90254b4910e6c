"""Questions about deals, public profiles, and what the operator takes of sales."""

from datetime import datetime

from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import queries as analytics
from saluhall.domain.analytics.model import Analytics
from saluhall.domain.partner_business import store
from saluhall.domain.partner_business.commission import with_commission
from saluhall.domain.partner_business.model import Deal, DealRequest, Profile, ProfileNotFound
from saluhall.storage import Transaction


async def deal_of_account(tx: Transaction, *, principal: Principal) -> Deal:
    """Return an account's deal, and the one that it has requested."""
    return await store.deal(tx, principal.account_id)


async def list_requests(tx: Transaction) -> list[DealRequest]:
    """List what accounts ask the operator for, the oldest first."""
    return await store.requests(tx)


async def public_profile(tx: Transaction, slug: str) -> Profile:
    """Return the public profile at this address. Raises ProfileNotFound."""
    found = await store.profile_by_slug(tx, slug)
    if found is None:
        raise ProfileNotFound
    return found


async def profile_of_account(tx: Transaction, *, principal: Principal) -> Profile:
    """Return an account's own public profile. Raises ProfileNotFound."""
    found = await store.profile(tx, principal.account_id)
    if found is None:
        raise ProfileNotFound
    return found


async def analytics_of_account(
    tx: Transaction, *, principal: Principal, default_currency: str, now: datetime
) -> Analytics:
    """Add up what the account has and sold; the commission of its deal is part of the fees."""
    found = await analytics.analytics_of_account(
        tx, principal=principal, default_currency=default_currency, now=now
    )
    deal = await store.deal(tx, principal.account_id)
    if deal.first_month is None:
        return found
    gross = await analytics.gross_since(
        tx, principal=principal, month=deal.first_month, default_currency=default_currency
    )
    return with_commission(found, deal, gross_during=gross)
