"""The SQL of members."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.members.model import Member
from saluhall.storage import Transaction
from saluhall.storage.database import Row

ALLOW = """
  insert into acting_accounts (account_id, since) values (%(account_id)s, %(now)s)
  on conflict (account_id) do nothing
"""
FORBID = "delete from acting_accounts where account_id = %(account_id)s"
MAY_ACT = "select true as may_act from acting_accounts where account_id = %(account_id)s"
FIND_PRINCIPAL = """
  select a.account_id, a.name from members m join accounts a on a.account_id = m.member_account_id
   where m.account_id = %(account_id)s and m.external_id = %(external_id)s and a.suspended_at is null
"""
_MEMBER = """
  m.member_account_id, a.name, m.external_id, m.created_at as joined_at
"""
LIST = f"""
  select {_MEMBER} from members m join accounts a on a.account_id = m.member_account_id
   where m.account_id = %(account_id)s order by m.external_id
"""
FIND = f"""
  select {_MEMBER} from members m join accounts a on a.account_id = m.member_account_id
   where m.account_id = %(account_id)s and m.member_account_id = %(member)s
"""
ADD = """
  insert into members (account_id, external_id, member_account_id, created_at)
  values (%(account_id)s, %(external_id)s, %(member)s, %(now)s)
  on conflict on constraint members_account_key do nothing
"""
RENAME = """
  update members set external_id = %(external_id)s
   where account_id = %(account_id)s and member_account_id = %(member)s
"""
REMOVE = "delete from members where account_id = %(account_id)s and member_account_id = %(member)s"
LEAVE_ALL = "delete from members where member_account_id = %(account_id)s"
REMOVE_ALL = """
  with gone as (
    delete from members where account_id = %(account_id)s returning member_account_id
  )
  select member_account_id from gone g
   where not exists (select from members m
                      where m.member_account_id = g.member_account_id and m.account_id <> %(account_id)s)
"""
IS_MEMBER = "select true as is_member from members where member_account_id = %(account_id)s limit 1"


async def allow(tx: Transaction, account_id: UUID, *, now: datetime) -> None:
    """Store that an account may act for others."""
    await tx.run(ALLOW, {"account_id": account_id, "now": now})


async def forbid(tx: Transaction, account_id: UUID) -> None:
    """Store that an account may act for nobody."""
    await tx.run(FORBID, {"account_id": account_id})


async def may_act(tx: Transaction, account_id: UUID) -> bool:
    """Return whether an account may act for others."""
    return bool(await tx.one(lambda row: row["may_act"], MAY_ACT, {"account_id": account_id}))


async def is_member(tx: Transaction, account_id: UUID) -> bool:
    """Return whether anybody acts for an account."""
    return bool(await tx.one(lambda row: row["is_member"], IS_MEMBER, {"account_id": account_id}))


async def find_principal(tx: Transaction, account_id: UUID, external_id: str) -> Principal | None:
    """Find the member that an account calls so, unless it is suspended."""
    return await tx.one(
        lambda row: Principal(account_id=row["account_id"], account_name=row["name"]),
        FIND_PRINCIPAL,
        {"account_id": account_id, "external_id": external_id},
    )


async def list_members(tx: Transaction, account_id: UUID) -> list[Member]:
    """Read an account's members."""
    return await tx.all(_member_from_row, LIST, {"account_id": account_id})


async def find(tx: Transaction, account_id: UUID, member_id: UUID) -> Member | None:
    """Find one of an account's members."""
    return await tx.one(_member_from_row, FIND, {"account_id": account_id, "member": member_id})


async def add(
    tx: Transaction, account_id: UUID, *, member_id: UUID, external_id: str, now: datetime
) -> None:
    """Add a member; one that is there stays as it is. Raises Conflict."""
    params = {"account_id": account_id, "member": member_id, "external_id": external_id, "now": now}
    await tx.run(ADD, params)


async def rename(tx: Transaction, account_id: UUID, *, member_id: UUID, external_id: str) -> bool:
    """Rename a member; False when there is none. Raises Conflict."""
    params = {"account_id": account_id, "member": member_id, "external_id": external_id}
    return bool(await tx.run(RENAME, params))


async def remove(tx: Transaction, account_id: UUID, member_id: UUID) -> bool:
    """Remove a member; False when there is none."""
    return bool(await tx.run(REMOVE, {"account_id": account_id, "member": member_id}))


async def remove_all(tx: Transaction, account_id: UUID) -> list[UUID]:
    """Remove all members of an account; return those that are nobody's member now."""
    return await tx.all(
        lambda row: row["member_account_id"], REMOVE_ALL, {"account_id": account_id}
    )


async def leave_all(tx: Transaction, account_id: UUID) -> None:
    """Remove an account from the members of all others."""
    await tx.run(LEAVE_ALL, {"account_id": account_id})


def _member_from_row(row: Row) -> Member:
    return Member(**row)
