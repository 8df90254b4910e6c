"""Questions about what a removal would delete."""

from saluhall.domain.accounts.model import Principal
from saluhall.domain.removals import store
from saluhall.domain.removals.model import AccountContents
from saluhall.storage import Transaction


async def contents_of_account(tx: Transaction, *, principal: Principal) -> AccountContents:
    """Count what an account holds."""
    return await store.contents(tx, principal.account_id)
