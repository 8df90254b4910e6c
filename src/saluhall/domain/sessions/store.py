"""The SQL of sessions and of failed sign-ins."""

from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.sessions.model import Session, User
from saluhall.storage import Transaction
from saluhall.storage.database import Row

FIND_USER = """
  select u.id, u.number, u.username, u.password_hash, a.account_id, a.number as account_number,
         a.name as account_name
    from users u join accounts a on a.account_id = u.account_id
   where u.username = %(username)s
"""
ADD = """
  insert into sessions (account_id, id, user_id, access_jti, access_expires_at, refresh_jti,
                        refresh_expires_at, created_at)
  values (%(owner)s, %(id)s, %(user_id)s, %(access_jti)s, %(access_expires_at)s, %(refresh_jti)s,
          %(refresh_expires_at)s, %(now)s)
"""
FORGET_OLD = "delete from sessions where account_id = %(owner)s and refresh_expires_at < %(now)s"
_SESSION = """
  s.id, s.account_id, a.number as account_number, a.name as account_name, u.number as user_number,
  u.username, s.access_jti, s.access_expires_at, s.refresh_jti, s.refresh_expires_at
"""
_PERSON = """
  join users u on u.account_id = s.account_id and u.id = s.user_id
  join accounts a on a.account_id = s.account_id
"""
OF_ACCESS = f"""
  select {_SESSION} from sessions s {_PERSON}
   where s.id = %(id)s and s.access_jti = %(jti)s and s.access_expires_at > %(now)s
"""
RENEW = f"""
  with s as (
    update sessions
       set access_jti = %(access_jti)s, access_expires_at = %(access_expires_at)s,
           refresh_jti = coalesce(%(refresh_jti)s, refresh_jti),
           refresh_expires_at = coalesce(%(refresh_expires_at)s, refresh_expires_at)
     where id = %(id)s and refresh_jti = %(jti)s and refresh_expires_at > %(now)s
    returning *
  )
  select {_SESSION} from s {_PERSON}
"""
FAILURES = "select failures, failed_at from sign_in_failures where subject = any(%(subjects)s)"
FAILED = """
  insert into sign_in_failures as f (subject, failures, failed_at)
  select subject, 1, %(now)s from unnest(%(subjects)s::text[]) as subject
  on conflict (subject) do update
     set failed_at = excluded.failed_at,
         failures = case when f.failed_at < %(now)s - %(memory)s then 1 else f.failures + 1 end
"""
FORGIVE = """
  delete from sign_in_failures where subject = %(subject)s or failed_at < %(now)s - %(memory)s
"""


async def find_user(tx: Transaction, username: str) -> User | None:
    """Find a user by name, over all accounts: the name is what tells them apart."""
    return await tx.one(lambda row: User(**row), FIND_USER, {"username": username})


async def add(tx: Transaction, session: Session, *, user_id: UUID, now: datetime) -> None:
    """Store a session, and forget the account's expired ones."""
    await tx.run(FORGET_OLD, {"owner": session.account_id, "now": now})
    params = {
        "owner": session.account_id,
        "id": session.id,
        "user_id": user_id,
        "access_jti": session.access_jti,
        "access_expires_at": session.access_expires_at,
        "refresh_jti": session.refresh_jti,
        "refresh_expires_at": session.refresh_expires_at,
        "now": now,
    }
    await tx.run(ADD, params)


async def of_access(
    tx: Transaction, session_id: UUID, *, jti: UUID, now: datetime
) -> Session | None:
    """Find the session in which this access token counts."""
    return await tx.one(session_from_row, OF_ACCESS, {"id": session_id, "jti": jti, "now": now})


async def renew(
    tx: Transaction,
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
        "id": session_id,
        "jti": jti,
        "access_jti": access_jti,
        "access_expires_at": access_expires_at,
        "refresh_jti": refresh_jti,
        "refresh_expires_at": refresh_expires_at,
        "now": now,
    }
    return await tx.one(session_from_row, RENEW, params)


async def failures(tx: Transaction, subjects: list[str]) -> list[tuple[int, datetime]]:
    """Read failures in a row of each subject: (how many, the last one)."""
    return await tx.all(
        lambda row: (row["failures"], row["failed_at"]), FAILURES, {"subjects": subjects}
    )


async def failed(tx: Transaction, subjects: list[str], *, memory: timedelta, now: datetime) -> None:
    """Count a failure for each subject; one older than `memory` is forgotten."""
    await tx.run(FAILED, {"subjects": subjects, "memory": memory, "now": now})


async def forgive(tx: Transaction, subject: str, *, memory: timedelta, now: datetime) -> None:
    """Forget a subject's failures, and everybody's old ones."""
    await tx.run(FORGIVE, {"subject": subject, "memory": memory, "now": now})


def session_from_row(row: Row) -> Session:
    """Read a session."""
    return Session(**row)
