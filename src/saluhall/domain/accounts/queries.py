"""Questions about accounts."""

from saluhall.domain.accounts import store
from saluhall.domain.accounts.model import AccountNotFound, Principal
from saluhall.storage import Transaction


async def principal_of_account(tx: Transaction, name: str) -> Principal:
    """Act for the account of this name. Raises AccountNotFound."""
    found = await store.find_account(tx, name)
    if found is None:
        raise AccountNotFound(f"no account is named {name!r}")
    return found
