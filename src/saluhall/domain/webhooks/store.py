"""The SQL of endpoints."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, structs

from saluhall.domain.events.model import EventType
from saluhall.domain.webhooks.model import (
    FAILURES_BEFORE_OFF,
    MAX_SECRETS,
    OVERLAP,
    Endpoint,
    EndpointChange,
    EndpointOff,
    Scope,
    Subscription,
)
from saluhall.storage import Transaction
from saluhall.storage.database import Row

COLUMNS = """id, account_id, dialect, url, secret, previous_secret, rotated_at, older_secrets, older_replaced_at, event_types,
         takes_all, scope, description, active, fail_count, certificate, expires_at, created_at, updated_at"""
PUT_MAIN = f"""
  insert into endpoints as e (account_id, id, dialect, url, secret, event_types, takes_all, main, created_at, updated_at)
  values (%(account_id)s, %(id)s, %(dialect)s, %(url)s, %(secret)s, %(event_types)s, %(takes_all)s, true, %(now)s, %(now)s)
  on conflict (account_id, dialect) where main do update
     set url = excluded.url, event_types = case when %(keeps_types)s then e.event_types else excluded.event_types end,
         takes_all = case when %(keeps_types)s then e.takes_all else excluded.takes_all end,
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
  insert into endpoints as e (account_id, id, dialect, secret, event_types, takes_all, main, created_at, updated_at)
  values (%(account_id)s, %(id)s, %(dialect)s, %(secret)s, %(event_types)s, %(takes_all)s, true, %(now)s, %(now)s)
  on conflict (account_id, dialect) where main do update set main = true
  returning {COLUMNS}
"""
FIND = f"select {COLUMNS} from endpoints where id = %(id)s"
OF_ACCOUNT = f"""
  select {COLUMNS} from endpoints
   where account_id = %(account_id)s and id = coalesce(%(id)s, id) and (url is not null or %(id)s::uuid is not null)
     and dialect = coalesce(%(dialect)s, dialect)
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
  insert into endpoints (account_id, id, dialect, url, secret, event_types, takes_all, scope, description, created_at, updated_at)
  select %(account_id)s, %(id)s, %(dialect)s, %(url)s, %(secret)s, %(event_types)s, %(takes_all)s, %(scope)s, %(description)s,
         %(now)s, %(now)s
   where (select count(*) from endpoints where account_id = %(account_id)s) < %(max_count)s
  returning {COLUMNS}
"""
CHANGE = f"""
  update endpoints
     set url = coalesce(%(url)s, url), event_types = coalesce(%(event_types)s, event_types),
         takes_all = coalesce(%(takes_all)s, takes_all), scope = coalesce(%(scope)s, scope),
         description = coalesce(%(description)s, description),
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
    subscription: Subscription,
    keeps_types: bool,
    now: datetime,
) -> Endpoint:
    """Set the account's main endpoint of a dialect; a known one keeps its secret and is switched on again."""
    params = {
        "account_id": account_id,
        "id": endpoint_id,
        "url": url,
        "secret": secret,
        "keeps_types": keeps_types,
        **_params_of(subscription),
        "now": now,
    }
    return _stored(await tx.one(endpoint_from_row, PUT_MAIN, params))


async def mint_main(
    tx: Transaction,
    account_id: UUID,
    *,
    endpoint_id: UUID,
    secret: bytes,
    usual: Subscription,
    now: datetime,
) -> Endpoint:
    """Read the account's main endpoint of a dialect; make one without an address when there is none."""
    params = {
        "account_id": account_id,
        "id": endpoint_id,
        "secret": secret,
        **_params_of(usual),
        "now": now,
    }
    return _stored(await tx.one(endpoint_from_row, MINT_MAIN, params))


async def find(tx: Transaction, endpoint_id: UUID) -> Endpoint | None:
    """Find an endpoint by its id alone (for jobs: their wake-up contains only the id)."""
    return await tx.one(endpoint_from_row, FIND, {"id": endpoint_id})


async def find_owned(tx: Transaction, account_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    """Find an endpoint of the account."""
    params = {"account_id": account_id, "id": endpoint_id, "dialect": None}
    return await tx.one(endpoint_from_row, OF_ACCOUNT, params)


async def list_off(tx: Transaction) -> list[EndpointOff]:
    """Read the endpoints of all accounts that are switched off."""
    return await tx.all(lambda row: EndpointOff(**row), OFF, {"failures": FAILURES_BEFORE_OFF})


async def list_owned(tx: Transaction, account_id: UUID, *, dialect: str | None) -> list[Endpoint]:
    """List the account's endpoints of a dialect, or all, that have an address, oldest first."""
    params = {"account_id": account_id, "id": None, "dialect": dialect}
    return await tx.all(endpoint_from_row, OF_ACCOUNT, params)


async def add(
    tx: Transaction,
    account_id: UUID,
    *,
    endpoint_id: UUID,
    url: str,
    secret: bytes,
    subscription: Subscription,
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
        **_params_of(subscription),
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
    asked = change.subscription
    named = {
        name: None if value is UNSET else value
        for name, value in structs.asdict(change).items()
        if name != "subscription"
    }
    types = {"event_types": None, "takes_all": None} if asked is UNSET else _params_of(asked)
    params = {"account_id": account_id, "id": endpoint_id, "now": now, **named, **types}
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


def _params_of(subscription: Subscription) -> dict[str, object]:
    return {
        "dialect": subscription.dialect,
        "event_types": list(subscription.types),
        "takes_all": subscription.is_all,
    }


def _stored(endpoint: Endpoint | None) -> Endpoint:
    assert endpoint is not None  # noqa: S101 - an upsert returns its row
    return endpoint


def endpoint_from_row(row: Row) -> Endpoint:
    """Read an endpoint."""
    read = {
        "event_types": tuple(map(EventType, row["event_types"])),
        "older_secrets": tuple(row["older_secrets"]),
        "older_replaced_at": tuple(row["older_replaced_at"]),
        "scope": Scope(row["scope"]),
    }
    return Endpoint(**{**row, **read})
