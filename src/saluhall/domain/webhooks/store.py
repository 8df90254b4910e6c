"""The SQL of endpoints."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, structs

from saluhall.domain.webhooks.model import (
    FAILURES_BEFORE_OFF,
    MAX_SECRETS,
    OVERLAP,
    Endpoint,
    EndpointChange,
    EndpointOff,
    Scope,
)
from saluhall.storage import Transaction
from saluhall.storage.database import Row

COLUMNS = """id, account_id, url, secret, previous_secret, rotated_at, older_secrets, older_replaced_at, event_types, scope,
         description, active, fail_count, certificate, expires_at, created_at, updated_at"""
PUT_MAIN = f"""
  insert into endpoints as e (account_id, id, url, secret, event_types, main, created_at, updated_at)
  values (%(account_id)s, %(id)s, %(url)s, %(secret)s, %(event_types)s, true, %(now)s, %(now)s)
  on conflict (account_id) where main do update
     set url = excluded.url, event_types = case when %(keeps_types)s then e.event_types else excluded.event_types end,
         active = true, fail_count = 0, failing_since = null, updated_at = excluded.updated_at
  returning {COLUMNS}
"""
OFF = """
  select a.name as account, e.id as endpoint_id, e.url, e.fail_count >= %(failures)s as failed, e.fail_count as failures,
         e.updated_at as off_since,
         (select count(*) from deliveries d
           where d.account_id = e.account_id and d.endpoint_id = e.id and d.state = 'held') as held
    from endpoints e join accounts a using (account_id)
   where not e.active and e.url is not null order by a.name, e.id
"""
MINT_MAIN = f"""
  insert into endpoints as e (account_id, id, secret, event_types, main, created_at, updated_at)
  values (%(account_id)s, %(id)s, %(secret)s, %(event_types)s, true, %(now)s, %(now)s)
  on conflict (account_id) where main do update set main = true
  returning {COLUMNS}
"""
FIND = f"select {COLUMNS} from endpoints where id = %(id)s"
OF_ACCOUNT = f"""
  select {COLUMNS} from endpoints
   where account_id = %(account_id)s and id = coalesce(%(id)s, id) and (url is not null or %(id)s::uuid is not null)
   order by id
"""
COUNT_OWNED = "select count(*)::integer as found from endpoints where account_id = %(account_id)s"
COUNT_BY_STATE = """
  select count(*) filter (where active and fail_count = 0)::integer as "on",
         count(*) filter (where active and fail_count > 0)::integer as failing,
         count(*) filter (where not active)::integer as off
    from endpoints where url is not null
"""
LOCK_ACCOUNT = "select 1 from accounts where account_id = %(account_id)s for no key update"
ADD = f"""
  insert into endpoints (account_id, id, url, secret, event_types, scope, description, created_at, updated_at)
  select %(account_id)s, %(id)s, %(url)s, %(secret)s, %(event_types)s, %(scope)s, %(description)s, %(now)s, %(now)s
   where (select count(*) from endpoints where account_id = %(account_id)s) < %(max_count)s
  returning {COLUMNS}
"""
CHANGE = f"""
  update endpoints
     set url = coalesce(%(url)s, url), event_types = coalesce(%(event_types)s, event_types),
         scope = coalesce(%(scope)s, scope), description = coalesce(%(description)s, description),
         active = coalesce(%(active)s, active), fail_count = case when %(active)s then 0 else fail_count end,
         failing_since = case when %(active)s then null else failing_since end, updated_at = %(now)s
   where account_id = %(account_id)s and id = %(id)s
  returning {COLUMNS}
"""
# Of the secrets before the previous one those are kept that still sign, up to a number; of several they go by when they were replaced.
ROTATE = f"""
  update endpoints
     set previous_secret = secret, secret = %(secret)s, rotated_at = %(now)s, updated_at = %(now)s,
         (older_secrets, older_replaced_at) = (
           select coalesce(array_agg(older.secret order by n), '{{}}'), coalesce(array_agg(older.at order by n), '{{}}')
             from unnest(previous_secret || older_secrets, rotated_at || older_replaced_at) with ordinality as older (secret, at, n)
            where older.at > %(since)s and n <= %(max_count)s)
   where account_id = %(account_id)s and id = %(id)s
  returning {COLUMNS}
"""
# What waits for it goes with it; what was sent stays in the log.
DELETE = """
  with gone as (
    delete from endpoints where account_id = %(account_id)s and id = %(id)s returning account_id, id
  ), waiting as (
    delete from deliveries d using gone
     where d.account_id = gone.account_id and d.endpoint_id = gone.id and (d.due_at is not null or d.state = 'held')
  ), ended as (
    update replays r set due_at = null, claimed_by = null from gone
     where r.account_id = gone.account_id and r.endpoint_id = gone.id and r.due_at is not null
  )
  select id from gone
"""


async def count_owned(tx: Transaction, account_id: UUID) -> int:
    """Count an account's endpoints."""
    return await tx.one(lambda row: int(row["found"]), COUNT_OWNED, {"account_id": account_id}) or 0


async def count_by_state(tx: Transaction) -> dict[str, int]:
    """Count all endpoints with an address by state."""
    return await tx.one(dict, COUNT_BY_STATE) or {}


async def put_main(
    tx: Transaction,
    account_id: UUID,
    *,
    endpoint_id: UUID,
    url: str | None,
    secret: bytes,
    event_types: Sequence[str],
    keeps_types: bool,
    now: datetime,
) -> Endpoint:
    """Set the account's main endpoint; a known one keeps its secret and is switched on again."""
    params = {
        "account_id": account_id,
        "id": endpoint_id,
        "url": url,
        "secret": secret,
        "event_types": list(event_types),
        "keeps_types": keeps_types,
        "now": now,
    }
    return _stored(await tx.one(endpoint_from_row, PUT_MAIN, params))


async def mint_main(
    tx: Transaction,
    account_id: UUID,
    *,
    endpoint_id: UUID,
    secret: bytes,
    event_types: Sequence[str],
    now: datetime,
) -> Endpoint:
    """Read the account's main endpoint; make one without an address when there is none."""
    params = {
        "account_id": account_id,
        "id": endpoint_id,
        "secret": secret,
        "event_types": list(event_types),
        "now": now,
    }
    return _stored(await tx.one(endpoint_from_row, MINT_MAIN, params))


async def find(tx: Transaction, endpoint_id: UUID) -> Endpoint | None:
    """Find an endpoint by its id alone (for jobs: their wake-up contains only the id)."""
    return await tx.one(endpoint_from_row, FIND, {"id": endpoint_id})


async def find_owned(tx: Transaction, account_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    """Find an endpoint of the account."""
    return await tx.one(
        endpoint_from_row, OF_ACCOUNT, {"account_id": account_id, "id": endpoint_id}
    )


async def list_off(tx: Transaction) -> list[EndpointOff]:
    """Read the endpoints of all accounts that are switched off."""
    return await tx.all(lambda row: EndpointOff(**row), OFF, {"failures": FAILURES_BEFORE_OFF})


async def list_owned(tx: Transaction, account_id: UUID) -> list[Endpoint]:
    """List the account's endpoints that have an address, oldest first."""
    return await tx.all(endpoint_from_row, OF_ACCOUNT, {"account_id": account_id, "id": None})


async def add(
    tx: Transaction,
    account_id: UUID,
    *,
    endpoint_id: UUID,
    url: str,
    secret: bytes,
    event_types: Sequence[str],
    scope: Scope,
    description: str,
    max_count: int,
    now: datetime,
) -> Endpoint | None:
    """Add an endpoint; None when the account has as many as it may have."""
    params = {
        "account_id": account_id,
        "id": endpoint_id,
        "url": url,
        "secret": secret,
        "event_types": list(event_types),
        "scope": scope,
        "description": description,
        "max_count": max_count,
        "now": now,
    }
    await tx.run(LOCK_ACCOUNT, {"account_id": account_id})
    return await tx.one(endpoint_from_row, ADD, params)


async def change(
    tx: Transaction, account_id: UUID, endpoint_id: UUID, change: EndpointChange, *, now: datetime
) -> Endpoint | None:
    """Change what the change names; switching it on forgets its failures."""
    named = {
        name: None if value is UNSET else list(value) if isinstance(value, tuple) else value
        for name, value in structs.asdict(change).items()
    }
    params = {"account_id": account_id, "id": endpoint_id, "now": now, **named}
    return await tx.one(endpoint_from_row, CHANGE, params)


async def rotate(
    tx: Transaction, account_id: UUID, endpoint_id: UUID, *, secret: bytes, now: datetime
) -> Endpoint | None:
    """Give an endpoint another secret; those that it had and that still sign are kept beside it."""
    params = {
        "account_id": account_id,
        "id": endpoint_id,
        "secret": secret,
        "since": now - OVERLAP,
        "max_count": MAX_SECRETS - 2,  # beside the new one and the one before
        "now": now,
    }
    return await tx.one(endpoint_from_row, ROTATE, params)


async def delete(tx: Transaction, account_id: UUID, endpoint_id: UUID) -> bool:
    """Delete an endpoint with what waits for it; False when there is none."""
    params = {"account_id": account_id, "id": endpoint_id}
    return await tx.one(lambda row: row["id"], DELETE, params) is not None


def _stored(endpoint: Endpoint | None) -> Endpoint:
    assert endpoint is not None  # noqa: S101 - an upsert returns its row
    return endpoint


def endpoint_from_row(row: Row) -> Endpoint:
    """Read an endpoint."""
    lists = ("event_types", "older_secrets", "older_replaced_at")
    return Endpoint(
        **{**row, **{name: tuple(row[name]) for name in lists}, "scope": Scope(row["scope"])}
    )
