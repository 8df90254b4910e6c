"""The SQL of removing an account: one statement for each table that has rows of accounts.

What a worker or a request locks before it writes goes first: then what it writes with that is either there to be deleted, or not written.
"""

from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.removals.model import AccountContents
from saluhall.storage import Transaction

LOCK = """
  select coalesce(suspended_at <= %(now)s - %(pause)s::interval, false) as is_quiet
    from accounts where account_id = %(account_id)s for update
"""
LOCK_CONNECTIONS = """
  select coalesce(poll_claimed_by is not null or removed_at > %(now)s - %(pause)s::interval, false) as is_busy
    from connections where account_id = %(account_id)s for update
"""
CONTENTS = """
  select (select count(*) from users where account_id = %(account_id)s) as users,
         (select count(*) from api_keys where account_id = %(account_id)s and revoked_at is null) as api_keys,
         (select count(*) from catalogs where account_id = %(account_id)s) as catalogs,
         (select count(*) from products where account_id = %(account_id)s) as products,
         (select count(*) from listings where account_id = %(account_id)s
             and (state in ('live', 'submitted')
                  or state = 'pending' and (claimed_by is not null or (progress ->> 'may_be_live')::boolean))) as live_listings,
         (select count(*) from orders where account_id = %(account_id)s) as orders,
         (select count(*) from connections where account_id = %(account_id)s and removed_at is null) as connections,
         (select count(*) from endpoints where account_id = %(account_id)s and url is not null) as endpoints,
         (select count(*) from events where account_id = %(account_id)s) as events
"""
# The products first, for everything else locks them before its own rows; their counts after them, for deleting products counts.
DELETIONS = (
    "delete from products where account_id = %(account_id)s",
    "delete from product_changes where account_id = %(account_id)s",
    "delete from product_counts where account_id = %(account_id)s",
    "delete from offers where account_id = %(account_id)s",
    "delete from policies where account_id = %(account_id)s",
    "delete from listings where account_id = %(account_id)s",
    "delete from images where account_id = %(account_id)s",
    "delete from connections where account_id = %(account_id)s",
    "delete from login_attempts where account_id = %(account_id)s",
    "delete from endpoints where account_id = %(account_id)s",
    "delete from replays where account_id = %(account_id)s",
    "delete from deliveries where account_id = %(account_id)s or event_account_id = %(account_id)s",
    "delete from delivery_attempts where account_id = %(account_id)s",
    "delete from orders where account_id = %(account_id)s",
    "delete from order_lines where account_id = %(account_id)s",
    "delete from order_updates where account_id = %(account_id)s",
    "delete from fulfilments where account_id = %(account_id)s",
    "delete from fulfilment_lines where account_id = %(account_id)s",
    "delete from refunds where account_id = %(account_id)s",
    "delete from sales where account_id = %(account_id)s",
    "delete from sale_sums where account_id = %(account_id)s",
    "delete from exchange_rates where account_id = %(account_id)s",
    "delete from events where account_id = %(account_id)s",
    "delete from attention_entries where account_id = %(account_id)s",
    "delete from requests where account_id = %(account_id)s",
    "delete from deals where account_id = %(account_id)s",
    "delete from deal_requests where account_id = %(account_id)s",
    "delete from profile_directory d using profiles p where p.account_id = %(account_id)s and d.slug = p.slug",
    "delete from profiles where account_id = %(account_id)s",
    "delete from account_subscriptions where account_id = %(account_id)s",
    "delete from acting_accounts where account_id = %(account_id)s",
    "delete from members where account_id = %(account_id)s or member_account_id = %(account_id)s",
    "delete from catalogs where account_id = %(account_id)s",
    "delete from rate_buckets where account_id = %(account_id)s",
    "delete from sessions where account_id = %(account_id)s",
    "delete from key_directory d using legacy_keys k where k.account_id = %(account_id)s and d.key_hash = k.key_hash",
    "delete from key_directory d using api_keys k where k.account_id = %(account_id)s and d.key_hash = k.key_hash",
    "delete from subject_directory d using users u where u.account_id = %(account_id)s and d.external_subject = u.external_subject",
    "delete from user_directory d using users u where u.account_id = %(account_id)s and d.username = u.username",
    "delete from account_directory d using accounts a where a.account_id = %(account_id)s and d.name = a.name",
    "delete from legacy_keys where account_id = %(account_id)s",
    "delete from api_keys where account_id = %(account_id)s",
    "delete from users where account_id = %(account_id)s",
    "delete from accounts where account_id = %(account_id)s",
)


async def is_quiet(tx: Transaction, account_id: UUID, *, pause: timedelta, now: datetime) -> bool:
    """Lock an account; return whether it has been suspended for so long."""
    params = {"account_id": account_id, "pause": pause, "now": now}
    return bool(await tx.one(lambda row: row["is_quiet"], LOCK, params))


async def is_busy(tx: Transaction, account_id: UUID, *, pause: timedelta, now: datetime) -> bool:
    """Lock an account's connections; return whether one is, or may be, read at its marketplace."""
    params = {"account_id": account_id, "pause": pause, "now": now}
    return any(await tx.all(lambda row: bool(row["is_busy"]), LOCK_CONNECTIONS, params))


async def contents(tx: Transaction, account_id: UUID) -> AccountContents:
    """Count what an account holds."""
    [found] = await tx.all(lambda row: AccountContents(**row), CONTENTS, {"account_id": account_id})
    return found


async def delete_account(tx: Transaction, account_id: UUID) -> None:
    """Delete every row of an account."""
    for statement in DELETIONS:
        await tx.run(statement, {"account_id": account_id})
