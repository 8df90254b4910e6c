"""The SQL of images."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from saluhall.domain.images.model import DueImage, Fetched, Image, Rooms
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row, params_of
from saluhall.storage.database import Row

WANT = """
  with wanted as (
    select (w ->> 'id')::uuid as product_id, u as source_url
      from jsonb_array_elements(%(wanted)s::text::jsonb) w, jsonb_array_elements_text(w -> 'urls') u
  ), dropped as (
    delete from images i
     where i.account_id = %(account_id)s and i.product_id = any(%(ids)s)
       and not exists (
         select from wanted w where w.product_id = i.product_id and w.source_url = i.source_url)
  )
  insert into images (account_id, product_id, source_url, state, due_at, updated_at)
  select %(account_id)s, product_id, source_url, 'due', %(now)s, %(now)s from wanted
  on conflict (account_id, product_id, source_url) do update
     set state = 'due', due_at = %(now)s, attempts = 0, reason = null, updated_at = %(now)s
   where images.state = 'refused'
"""
# The hosts of an account's due images are found one after the other in the index, and of each as many images as it has slots for.
_HOST = "lower(split_part(source_url, '/', 3))"
CLAIM = f"""
  with recursive hosts as (
    (select {_HOST} as host from images
      where account_id = %(account_id)s and due_at is not null order by {_HOST} limit 1)
    union all
    select (select {_HOST} from images
             where account_id = %(account_id)s and due_at is not null and {_HOST} > h.host order by {_HOST} limit 1)
      from hosts h where h.host is not null
  )
  update images i set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s, claim_number = i.claim_number + 1
    from products p
   where i.ctid = any(array(
           select d.ctid
             from hosts h, lateral (
               select due.ctid, due.due_at from images due
                where due.account_id = %(account_id)s and due.due_at <= %(now)s and {_HOST} = h.host
                order by due.due_at
                limit coalesce((%(rooms)s::text::jsonb ->> h.host)::integer, %(room)s)
                  for update skip locked) d
            order by d.due_at limit %(limit)s))
     and p.account_id = i.account_id and p.id = i.product_id
  returning i.account_id, i.product_id, p.sku, i.source_url, {_HOST} as host, i.attempts,
            i.claimed_by, i.claim_number
"""
# The products are locked first, by id, as a put does.
RECORD = """
  with f as (
    select * from jsonb_to_recordset(%(fetched)s::text::jsonb)
      as t(product_id uuid, source_url text, worker uuid, claim integer, stored_key text, media_type text, width integer,
           height integer, bytes integer, reason text, retry_in_s float8)
  ), p as materialized (
    select id from products where account_id = %(account_id)s and id = any(%(ids)s) order by id for update
  )
  update images i
     set state = case when f.stored_key is not null then 'ready'
                      when f.retry_in_s is not null then 'due' else 'refused' end,
         stored_key = f.stored_key, media_type = f.media_type, width = f.width, height = f.height,
         bytes = f.bytes, reason = f.reason, attempts = i.attempts + 1, claimed_by = null,
         due_at = %(now)s + make_interval(secs => f.retry_in_s), updated_at = %(now)s
    from p join f on f.product_id = p.id
   where i.account_id = %(account_id)s and i.product_id = p.id and i.source_url = f.source_url
     and i.due_at is not null and i.claimed_by = f.worker and i.claim_number = f.claim
"""
OF_PRODUCTS = """
  select i.product_id, i.source_url, i.state, i.stored_key, i.media_type, i.reason
    from products p join images i on i.account_id = p.account_id and i.product_id = p.id
   where p.account_id = %(account_id)s and p.id = any(%(ids)s)
   order by p.id, array_position(p.image_urls, i.source_url)
"""
FORGET = "delete from images where account_id = %(account_id)s and product_id = %(product_id)s"


async def want(
    tx: Transaction, account_id: UUID, *, urls: Mapping[UUID, Sequence[str]], now: datetime
) -> None:
    """Set the images of each product; those that are there already stay unchanged."""
    wanted = msgspec.json.encode([{"id": i, "urls": u} for i, u in urls.items()]).decode()
    await tx.run(WANT, {"account_id": account_id, "wanted": wanted, "ids": list(urls), "now": now})


async def claim(
    tx: Transaction,
    account_id: UUID,
    *,
    worker: UUID,
    limit: int,
    rooms: Rooms,
    lease: timedelta,
    now: datetime,
) -> list[DueImage]:
    """Claim due images, as many as each host has slots for, for the length of a lease."""
    params = {
        "account_id": account_id,
        "worker": worker,
        "limit": limit,
        "rooms": msgspec.json.encode(rooms.of_host).decode(),
        "room": rooms.of_another,
        "lease": lease,
        "now": now,
    }
    return await tx.all(_due_from_row, CLAIM, params)


async def record(
    tx: Transaction, account_id: UUID, fetched: Sequence[Fetched], *, now: datetime
) -> None:
    """Record the results of fetching images, and lock their products until the transaction ends."""
    rows = [
        {
            **{name: getattr(f, name) for name in f.__struct_fields__ if name != "image"},
            "product_id": f.image.product_id,
            "source_url": f.image.source_url,
            **params_of(f.image.claim),
        }
        for f in fetched
    ]
    ids = list({f.image.product_id for f in fetched})
    text = msgspec.json.encode(rows).decode()
    await tx.run(RECORD, {"account_id": account_id, "fetched": text, "ids": ids, "now": now})


async def of_products(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID]
) -> dict[UUID, list[Image]]:
    """List products' images in order, by product."""
    found: dict[UUID, list[Image]] = {}
    params = {"account_id": account_id, "ids": list(product_ids)}
    for product_id, image in await tx.all(_image_of_product, OF_PRODUCTS, params):
        found.setdefault(product_id, []).append(image)
    return found


def _due_from_row(row: Row) -> DueImage:
    facts = {name: row[name] for name in DueImage.__struct_fields__ if name != "claim"}
    return DueImage(**facts, claim=claim_from_row(row))


def _image_of_product(row: Row) -> tuple[UUID, Image]:
    return row["product_id"], Image(**{name: row[name] for name in Image.__struct_fields__})


async def forget(tx: Transaction, account_id: UUID, product_id: UUID) -> None:
    """Delete the images of a product."""
    await tx.run(FORGET, {"account_id": account_id, "product_id": product_id})
