"""The SQL of accounts and users as the operator lists, adds and removes them."""

from uuid import UUID

from saluhall.domain.accounts.model import AccountSummary, UserSummary
from saluhall.domain.accounts.roles import Role
from saluhall.storage import Transaction

_SUMMARY = """
  select a.account_id, a.name, a.created_at, a.suspended_at, a.time_zone, a.currency,
         (select count(*) from users u where u.account_id = a.account_id) as users,
         (select count(*) from api_keys k where k.account_id = a.account_id and k.revoked_at is null) as api_keys
    from accounts a
"""
LIST_ACCOUNTS = f"{_SUMMARY} order by a.name"
FIND_SUMMARY = f"{_SUMMARY} where a.account_id = %(account_id)s"
LIST_USERS = """
  select id, username, role, external_subject as subject, created_at from users
   where account_id = %(account_id)s order by username
"""
USERS_WITH_ROLE = """
  select id from users where account_id = %(account_id)s and role = %(role)s
"""
SET_ROLE = "update users set role = %(role)s where account_id = %(account_id)s and id = %(id)s"
REMOVE_USER = """
  with gone as (
    delete from users where account_id = %(account_id)s and id = %(id)s returning username, external_subject
  ), subject as (
    delete from subject_directory d using gone where d.external_subject = gone.external_subject
  )
  delete from user_directory d using gone where d.username = gone.username
"""
UNLINK = """
  with known as (
    select external_subject from users where account_id = %(account_id)s and id = %(id)s
  )
  delete from subject_directory d using known where d.external_subject = known.external_subject
"""
LINK = """
  with linked as (
    update users set external_subject = %(subject)s where account_id = %(account_id)s and id = %(id)s
    returning account_id, id
  )
  insert into subject_directory (external_subject, account_id, user_id)
  select %(subject)s, account_id, id from linked where %(subject)s::text is not null
"""


async def list_accounts(tx: Transaction) -> list[AccountSummary]:
    """Read all accounts by name."""
    return await tx.all(lambda row: AccountSummary(**row), LIST_ACCOUNTS)


async def find_summary(tx: Transaction, account_id: UUID) -> AccountSummary | None:
    """Read one account."""
    return await tx.one(lambda row: AccountSummary(**row), FIND_SUMMARY, {"account_id": account_id})


async def list_users(tx: Transaction, account_id: UUID) -> list[UserSummary]:
    """Read an account's users by name."""
    return await tx.all(
        lambda row: UserSummary(**{**row, "role": Role(row["role"])}),
        LIST_USERS,
        {"account_id": account_id},
    )


async def users_with_role(tx: Transaction, account_id: UUID, role: Role) -> list[UUID]:
    """Read the ids of an account's users who have a role."""
    params = {"account_id": account_id, "role": role}
    return await tx.all(lambda row: row["id"], USERS_WITH_ROLE, params)


async def set_role(tx: Transaction, account_id: UUID, user_id: UUID | None, role: Role) -> bool:
    """Store a user's role; False when there is no such user."""
    params = {"account_id": account_id, "id": user_id, "role": role}
    return await tx.run(SET_ROLE, params) > 0


async def remove_user(tx: Transaction, account_id: UUID, user_id: UUID | None) -> bool:
    """Delete a user; False when there is none."""
    return await tx.run(REMOVE_USER, {"account_id": account_id, "id": user_id}) > 0


async def link(
    tx: Transaction, account_id: UUID, user_id: UUID | None, *, subject: str | None
) -> None:
    """Link a user to a subject in place of the one before. Raises Conflict."""
    params = {"account_id": account_id, "id": user_id, "subject": subject}
    await tx.run(UNLINK, params)
    await tx.run(LINK, params)
