"""The SQL of accounts and users as the operator lists, adds and removes them."""

from uuid import UUID

from saluhall.domain.accounts.model import AccountSummary, UserSummary
from saluhall.domain.accounts.roles import Role
from saluhall.storage import Transaction

_SUMMARY = """
  select a.account_id, a.name, a.created_at, a.suspended_at, a.time_zone, a.tier,
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
REMOVE_USER = "delete from users where account_id = %(account_id)s and id = %(id)s"
LINK = """
  update users set external_subject = %(subject)s where account_id = %(account_id)s and id = %(id)s
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
    """Link a user to a subject. Raises Conflict."""
    await tx.run(LINK, {"account_id": account_id, "id": user_id, "subject": subject})
