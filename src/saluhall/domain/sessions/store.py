"""The SQL of sessions and of failed sign-ins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.accounts.roles import Role
from saluhall.domain.sessions.model import Failures, OpenSession, Session, User
from saluhall.storage import Transaction
from saluhall.storage.database import Row

FIND_USER = """
  select u.id, u.number, u.username, u.password_hash, u.role, a.account_id, a.number as account_number,
         a.name as account_name, a.suspended_at is not null as is_suspended,
         exists (
           select from sessions s
            where s.account_id = u.account_id and s.user_id = u.id and s.address = %(address)s
              and s.refresh_expires_at > %(now)s
         ) as at_home
    from user_directory d
    join users u on u.account_id = d.account_id and u.id = d.user_id
    join accounts a on a.account_id = d.account_id
   where d.username = %(username)s
"""
ADD = """
  insert into sessions (account_id, id, user_id, access_jti, access_expires_at, refresh_jti,
                        refresh_expires_at, address, created_at)
  values (%(account_id)s, %(id)s, %(user_id)s, %(access_jti)s, %(access_expires_at)s, %(refresh_jti)s,
          %(refresh_expires_at)s, %(address)s, %(now)s)
"""
FORGET_OLD = (
    "delete from sessions where account_id = %(account_id)s and refresh_expires_at <= %(now)s"
)
_SESSION = """
  s.id, s.account_id, a.number as account_number, a.name as account_name,
  a.suspended_at is not null as is_suspended, u.id as user_id, u.number as user_number, u.username,
  u.role, s.access_jti, s.access_expires_at, s.refresh_jti, s.refresh_expires_at
"""
_PERSON = """
  join users u on u.account_id = s.account_id and u.id = s.user_id
  join accounts a on a.account_id = s.account_id
"""
FIND = f"""
  select {_SESSION} from sessions s {_PERSON}
   where s.account_id = %(account_id)s and s.id = %(id)s and s.refresh_expires_at > %(now)s
"""
RENEW = f"""
  with s as (
    update sessions
       set access_jti = %(access_jti)s, access_expires_at = %(access_expires_at)s,
           refresh_jti = coalesce(%(refresh_jti)s, refresh_jti),
           refresh_expires_at = coalesce(%(refresh_expires_at)s, refresh_expires_at)
     where account_id = %(account_id)s and id = %(id)s and refresh_jti = %(jti)s
       and refresh_expires_at > %(now)s
    returning *
  )
  select {_SESSION} from s {_PERSON}
"""
# Not right after it was replaced: then it is the same client, which lost the response or sent two requests at once.
END_REUSED = """
  delete from sessions
   where account_id = %(account_id)s and id = %(id)s and refresh_jti <> %(jti)s
     and refresh_expires_at - %(life)s <= %(now)s - %(grace)s
"""
OPEN_SESSIONS = """
  select id, address, created_at, refresh_expires_at as expires_at from sessions
   where account_id = %(account_id)s and user_id = %(user_id)s and refresh_expires_at > %(now)s
   order by created_at desc, id desc
   limit 1000
"""
END = "delete from sessions where account_id = %(account_id)s and user_id = %(user_id)s and id = %(id)s"
END_OF_USER = """
  delete from sessions
   where account_id = %(account_id)s and user_id = %(user_id)s
     and (%(spare)s::uuid is null or id <> %(spare)s)
"""
IS_SUSPENDED = """
  select suspended_at is not null as is_suspended from accounts where account_id = %(account_id)s
"""
END_OF_ACCOUNT = "delete from sessions where account_id = %(account_id)s"
FIND_HASH = "select password_hash from users where account_id = %(account_id)s and id = %(user_id)s"
SET_HASH = """
  update users set password_hash = %(password_hash)s where account_id = %(account_id)s and id = %(user_id)s
"""
FAILURES = """
  select subject, failures, failed_at from sign_in_failures
   where subject = any(%(subjects)s) and failed_at >= %(now)s - %(memory)s
"""
FAILED = """
  insert into sign_in_failures as f (subject, failures, failed_at)
  select subject, 1, %(now)s from unnest(%(subjects)s::text[]) as subject
  on conflict (subject) do update
     set failed_at = excluded.failed_at,
         failures = case when f.failed_at < %(now)s - %(memory)s then 1 else f.failures + 1 end
"""
FORGIVE = "delete from sign_in_failures where subject = %(subject)s"
# Rows that another sign-in is counting are left to the next one: waiting for them could end in a deadlock.
FORGET_FAILURES = """
  delete from sign_in_failures where subject in (
    select subject from sign_in_failures where failed_at < %(now)s - %(memory)s
       for update skip locked
  )
"""


async def find_user(tx: Transaction, username: str, *, address: str, now: datetime) -> User | None:
    """Find a user by name, over all accounts: user names are unique over all accounts."""
    params = {"username": username, "address": address, "now": now}
    return await tx.one(user_from_row, FIND_USER, params)


async def add(tx: Transaction, session: Session, *, address: str, now: datetime) -> None:
    """Store a session, and forget the account's expired ones."""
    await tx.run(FORGET_OLD, {"account_id": session.account_id, "now": now})
    params = {
        "account_id": session.account_id,
        "id": session.id,
        "user_id": session.user_id,
        "access_jti": session.access_jti,
        "access_expires_at": session.access_expires_at,
        "refresh_jti": session.refresh_jti,
        "refresh_expires_at": session.refresh_expires_at,
        "address": address,
        "now": now,
    }
    await tx.run(ADD, params)


async def find(
    tx: Transaction, account_id: UUID, session_id: UUID, *, now: datetime
) -> Session | None:
    """Find a session that is not over."""
    return await tx.one(
        session_from_row, FIND, {"account_id": account_id, "id": session_id, "now": now}
    )


async def renew(
    tx: Transaction,
    account_id: UUID,
    session_id: UUID,
    *,
    jti: UUID,
    access_jti: UUID,
    access_expires_at: datetime,
    refresh_jti: UUID | None,
    refresh_expires_at: datetime | None,
    now: datetime,
) -> Session | None:
    """Replace the tokens of the session in which this refresh token counts; None when there is none."""
    params = {
        "account_id": account_id,
        "id": session_id,
        "jti": jti,
        "access_jti": access_jti,
        "access_expires_at": access_expires_at,
        "refresh_jti": refresh_jti,
        "refresh_expires_at": refresh_expires_at,
        "now": now,
    }
    return await tx.one(session_from_row, RENEW, params)


async def end_reused(
    tx: Transaction,
    account_id: UUID,
    session_id: UUID,
    *,
    jti: UUID,
    life: timedelta,
    grace: timedelta,
    now: datetime,
) -> bool:
    """Delete a session if its refresh token was replaced longer ago than `grace`; return whether it was there."""
    params = {
        "account_id": account_id,
        "id": session_id,
        "jti": jti,
        "life": life,
        "grace": grace,
        "now": now,
    }
    return await tx.run(END_REUSED, params) > 0


async def open_sessions(
    tx: Transaction, account_id: UUID, user_id: UUID | None, *, now: datetime
) -> list[OpenSession]:
    """Read a user's sessions that are not over, the newest first."""
    params = {"account_id": account_id, "user_id": user_id, "now": now}
    return await tx.all(lambda row: OpenSession(**row), OPEN_SESSIONS, params)


async def end(tx: Transaction, account_id: UUID, user_id: UUID | None, session_id: UUID) -> bool:
    """Delete a session of a user; return whether there was one."""
    return await tx.run(END, {"account_id": account_id, "user_id": user_id, "id": session_id}) > 0


async def end_of_user(
    tx: Transaction, account_id: UUID, user_id: UUID | None, *, spare: UUID | None
) -> int:
    """Delete a user's sessions, all but one if that is named; return how many."""
    return await tx.run(END_OF_USER, {"account_id": account_id, "user_id": user_id, "spare": spare})


async def is_suspended(tx: Transaction, account_id: UUID) -> bool:
    """Return whether an account is suspended."""
    return bool(
        await tx.one(lambda row: row["is_suspended"], IS_SUSPENDED, {"account_id": account_id})
    )


async def end_of_account(tx: Transaction, account_id: UUID) -> int:
    """Delete every session of an account; return how many."""
    return await tx.run(END_OF_ACCOUNT, {"account_id": account_id})


async def password_hash(tx: Transaction, account_id: UUID, user_id: UUID | None) -> str | None:
    """Read the hash of a user's password."""
    params = {"account_id": account_id, "user_id": user_id}
    return await tx.one(lambda row: str(row["password_hash"]), FIND_HASH, params)


async def set_password_hash(
    tx: Transaction, account_id: UUID, user_id: UUID | None, password_hash: str
) -> None:
    """Store the hash of a user's new password."""
    params = {"account_id": account_id, "user_id": user_id, "password_hash": password_hash}
    await tx.run(SET_HASH, params)


async def failures(
    tx: Transaction, subjects: Sequence[str], *, memory: timedelta, now: datetime
) -> dict[str, Failures]:
    """Read failures in a row of each subject; one older than `memory` is forgotten."""
    params = {"subjects": list(subjects), "memory": memory, "now": now}
    return dict(
        await tx.all(
            lambda row: (row["subject"], Failures(row["failures"], row["failed_at"])),
            FAILURES,
            params,
        )
    )


async def failed(
    tx: Transaction, subjects: Sequence[str], *, memory: timedelta, now: datetime
) -> None:
    """Count a failure for each subject, and forget everybody's old ones."""
    await tx.run(FAILED, {"subjects": list(subjects), "memory": memory, "now": now})
    await tx.run(FORGET_FAILURES, {"memory": memory, "now": now})


async def forgive(tx: Transaction, subject: str) -> None:
    """Forget a subject's failures."""
    await tx.run(FORGIVE, {"subject": subject})


def user_from_row(row: Row) -> User:
    """Read a user."""
    return User(**{**row, "role": Role(row["role"])})


def session_from_row(row: Row) -> Session:
    """Read a session."""
    return Session(**{**row, "role": Role(row["role"])})
