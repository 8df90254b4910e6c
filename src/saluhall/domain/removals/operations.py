"""Remove an account."""

from datetime import datetime

from saluhall.domain.accounts.model import Principal
from saluhall.domain.partner_business import operations as partner_business
from saluhall.domain.removals import store
from saluhall.domain.removals.model import (
    SUSPENDED_FOR,
    AccountBusy,
    AccountContents,
    NotSuspended,
)
from saluhall.storage import Transaction


async def remove_account(
    tx: Transaction, *, principal: Principal, now: datetime
) -> AccountContents:
    """Delete an account with everything that belongs to it; return what it held. Raises NotSuspended, AccountBusy.

    It must have been suspended for a minute: a request that was authenticated before may run so long. Stored images stay, for other
    products may show the same, and what is live stays on the marketplaces.
    """
    if not await store.is_quiet(tx, principal.account_id, pause=SUSPENDED_FOR, now=now):
        raise NotSuspended(
            f"suspend it first (saluhall account suspend {principal.account_name}) and wait a minute,"
            " so that no request of it still runs"
        )
    if await store.is_busy(tx, principal.account_id, pause=SUSPENDED_FOR, now=now):
        raise AccountBusy("the hub is reading its marketplace right now: try again in a minute")
    held = await store.contents(tx, principal.account_id)
    await partner_business.leave_deal(tx, principal=principal, now=now)
    await store.delete_account(tx, principal.account_id)
    return held
