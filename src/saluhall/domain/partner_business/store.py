"""The SQL of deals and public profiles."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.domain.partner_business.model import Amounts, Deal, DealKind, DealRequest, Profile
from saluhall.storage import Transaction
from saluhall.storage.database import Row

_IS_RESELLER = """
  exists (select from deals d where d.account_id = {account} and d.kind = 'reseller_agreement')
"""
DEAL = """
  select d.kind, d.commission_bps, d.flat_monthly_ore, d.per_listing_ore, d.since,
         to_char(d.since at time zone a.time_zone, 'YYYY-MM') as first_month,
         array(select r.kind from deal_requests r where r.account_id = %(account_id)s order by r.kind) as requested
    from (select) t
    left join deals d on d.account_id = %(account_id)s
    left join accounts a on a.account_id = d.account_id
"""
LOCK = "select from accounts where account_id = %(account_id)s for no key update"
GRANT = """
  insert into deals (account_id, kind, commission_bps, flat_monthly_ore, per_listing_ore, since)
  values (%(account_id)s, %(kind)s, %(commission_bps)s, %(flat_monthly_ore)s, %(per_listing_ore)s, %(now)s)
  on conflict (account_id) do update
     set kind = excluded.kind, commission_bps = excluded.commission_bps,
         flat_monthly_ore = excluded.flat_monthly_ore, per_listing_ore = excluded.per_listing_ore,
         since = case when deals.kind = excluded.kind then deals.since else excluded.since end
"""
END = "delete from deals where account_id = %(account_id)s"
ASK = """
  insert into deal_requests as r (account_id, kind, id, message, requested_at)
  values (%(account_id)s, %(kind)s, %(id)s, %(message)s, %(now)s)
  on conflict (account_id, kind) do update set message = excluded.message
  returning r.*, '' as account_name
"""
ANSWERED = "delete from deal_requests where account_id = %(account_id)s and kind = %(kind)s"
REQUESTS = """
  select r.*, a.name as account_name from deal_requests r join accounts a using (account_id)
   order by r.requested_at, r.id
"""
END_SUB_ACCOUNTS = "delete from deals where account_id = any(%(accounts)s) and kind = 'sub_account'"
_PROFILE = f"""
  select p.account_id, p.slug, p.name, {_IS_RESELLER.format(account="p.account_id")} as is_reseller
    from profiles p join accounts a using (account_id)
"""
PROFILE_BY_SLUG = (
    _PROFILE
    + """
    join profile_directory d on d.account_id = p.account_id
   where d.slug = %(slug)s and a.suspended_at is null
"""
)
PROFILE = _PROFILE + " where p.account_id = %(account_id)s"
FREE_SLUG = """
  with known as (
    select slug from profiles where account_id = %(account_id)s
  )
  delete from profile_directory d using known where d.slug = known.slug
"""
PUT_PROFILE = """
  with known as (
    insert into profile_directory (slug, account_id) values (%(slug)s, %(account_id)s)
  )
  insert into profiles (account_id, slug, name) values (%(account_id)s, %(slug)s, %(name)s)
  on conflict (account_id) do update set slug = excluded.slug, name = excluded.name
"""


async def deal(tx: Transaction, account_id: UUID) -> Deal:
    """Read an account's deal."""
    found = await tx.one(_deal_from_row, DEAL, {"account_id": account_id})
    assert found is not None  # noqa: S101 - the statement always has one row
    return found


async def lock(tx: Transaction, owners: Sequence[UUID]) -> None:
    """Keep the deals of accounts from changing until the transaction ends; always in one order."""
    for account_id in sorted(set(owners)):
        await tx.run(LOCK, {"account_id": account_id})


async def grant(
    tx: Transaction, account_id: UUID, *, kind: DealKind, amounts: Amounts, now: datetime
) -> None:
    """Store a deal, over an earlier one."""
    given = {name: getattr(amounts, name) for name in Amounts.__struct_fields__}
    await tx.run(GRANT, {"account_id": account_id, "kind": kind, "now": now, **given})
    await tx.run(ANSWERED, {"account_id": account_id, "kind": kind})


async def end(tx: Transaction, account_id: UUID) -> None:
    """Delete an account's deal."""
    await tx.run(END, {"account_id": account_id})


async def ask(
    tx: Transaction,
    account_id: UUID,
    *,
    kind: DealKind,
    request_id: UUID,
    message: str,
    now: datetime,
) -> DealRequest:
    """Store that an account asks for a deal; a second request only replaces the message of the first."""
    params = {
        "account_id": account_id,
        "kind": kind,
        "id": request_id,
        "message": message,
        "now": now,
    }
    found = await tx.one(_request_from_row, ASK, params)
    assert found is not None  # noqa: S101 - an upsert returns its row
    return found


async def requests(tx: Transaction) -> list[DealRequest]:
    """Read what accounts ask for, the oldest first."""
    return await tx.all(_request_from_row, REQUESTS)


async def end_sub_accounts(tx: Transaction, accounts: Sequence[UUID]) -> None:
    """Delete the deals of sub-accounts; other deals stay."""
    await tx.run(END_SUB_ACCOUNTS, {"accounts": list(accounts)})


async def profile_by_slug(tx: Transaction, slug: str) -> Profile | None:
    """Find a public profile by its address."""
    return await tx.one(_profile_from_row, PROFILE_BY_SLUG, {"slug": slug})


async def profile(tx: Transaction, account_id: UUID) -> Profile | None:
    """Find an account's public profile."""
    return await tx.one(_profile_from_row, PROFILE, {"account_id": account_id})


async def put_profile(tx: Transaction, account_id: UUID, *, slug: str, name: str) -> None:
    """Store a public profile. Raises Conflict."""
    params = {"account_id": account_id, "slug": slug, "name": name}
    await tx.run(FREE_SLUG, params)
    await tx.run(PUT_PROFILE, params)


def _deal_from_row(row: Row) -> Deal:
    return Deal(
        kind=DealKind(row["kind"] or DealKind.CONSUMER_DEFAULT),
        amounts=Amounts(**{name: row[name] for name in Amounts.__struct_fields__}),
        since=row["since"],
        first_month=row["first_month"],
        requested=tuple(map(DealKind, row["requested"])),
    )


def _request_from_row(row: Row) -> DealRequest:
    fields = {name: row[name] for name in DealRequest.__struct_fields__}
    return DealRequest(**{**fields, "kind": DealKind(row["kind"])})


def _profile_from_row(row: Row) -> Profile:
    return Profile(**row)
