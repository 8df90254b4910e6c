"""Questions about accounts."""

from datetime import datetime

from saluhall.domain.accounts import people_store, store
from saluhall.domain.accounts.model import (
    AccountNotFound,
    AccountSummary,
    ApiKey,
    Principal,
    UserNotFound,
    UserSummary,
)
from saluhall.storage import Transaction


async def principal_of_account(tx: Transaction, name: str) -> Principal:
    """Act for the account of this name. Raises AccountNotFound."""
    found = await store.find_account(tx, name)
    if found is None:
        raise AccountNotFound(f"no account is named {name!r}")
    return found


async def principal_of_user(tx: Transaction, username: str) -> Principal:
    """Act for the user of this name. Raises UserNotFound."""
    found = await store.find_user(tx, username)
    if found is None:
        raise UserNotFound(f"no user is named {username!r}")
    return found


async def list_accounts(tx: Transaction) -> list[AccountSummary]:
    """List all accounts by name."""
    return await people_store.list_accounts(tx)


async def get_account(tx: Transaction, *, principal: Principal) -> AccountSummary:
    """Return an account as the operator sees it. Raises AccountNotFound."""
    found = await people_store.find_summary(tx, principal.account_id)
    if found is None:
        raise AccountNotFound(f"no account is named {principal.account_name!r}")
    return found


async def list_users(tx: Transaction, *, principal: Principal) -> list[UserSummary]:
    """List an account's users by name."""
    return await people_store.list_users(tx, principal.account_id)


async def list_keys(tx: Transaction, *, principal: Principal) -> list[ApiKey]:
    """List the account's API keys that were not revoked, expired ones too, the newest first."""
    return await store.keys(tx, principal.account_id)


async def list_live_keys(tx: Transaction, *, principal: Principal, now: datetime) -> list[ApiKey]:
    """List the account's API keys that open something, the newest first."""
    return [key for key in await store.keys(tx, principal.account_id) if key.is_live(now=now)]


async def list_buckets(tx: Transaction, *, principal: Principal) -> dict[str, datetime]:
    """Return when the calls of each tier are all there again, for the caller's key or the person; tiers not used are left out."""
    caller = principal.key_id or principal.user_id
    return await store.buckets(tx, principal.account_id, key_id=caller) if caller else {}


async def zone_of_days(tx: Transaction, *, principal: Principal) -> str:
    """Return the time zone of the days that an account names in a request: its chosen one, else UTC."""
    return await store.find_chosen_zone(tx, principal.account_id) or "UTC"
