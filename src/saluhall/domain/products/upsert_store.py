"""The one statement that writes products, made once from the table of fields: it creates and changes any number of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from saluhall.domain.products.fields import FIELDS, Field, ProductPatch
from saluhall.domain.products.model import Kind, Mode, Status
from saluhall.kit.ids import new_ids
from saluhall.storage import Transaction

TAKE_TURNS = "select pg_advisory_xact_lock(hashtextextended(%(catalog)s || %(account_id)s, 0))"
# The patches come as one JSON text, which PostgreSQL reads by itself about as fast as COPY would, without a table to store them in.
# Existing products are looked up one by one, by index: joined, a table that was empty when the plan was made would be read whole each
# time. PostgreSQL guesses a hundred rows in any JSON; by the length of their SKUs it guesses one, and so never finds it cheaper to read
# a small table whole. For the same reason rows are passed from step to step and not joined with each other. Products are locked in the
# order of their ids everywhere, so that two writers never wait for each other. What exists is not inserted in vain: each attempt would
# use up a product's number.
_UPSERT = """
  with t as materialized (
    select r.*, coalesce(r.of_catalog, c.id) as catalog_id
      from rows from (
             json_to_recordset(%(patches)s::text::json) as (sku text, default_currency text, images_at text[], {typed}),
             unnest(%(new_ids)s::text::uuid[]), unnest(%(of_catalogs)s::text::uuid[]),
             jsonb_array_elements(%(cleared)s::text::jsonb))
           with ordinality as r(sku, default_currency, images_at, {names}, new_id, of_catalog, cleared, place)
      left join catalogs c on c.account_id = %(account_id)s and c.code = %(catalog)s
     where char_length(r.sku) between 1 and 255 and coalesce(r.of_catalog, c.id) is not null
  ), refused as (
    select t.place from t
     where t.parent_sku is not null and (t.parent_sku = t.sku or (
       select p.id from products p
        where p.account_id = %(account_id)s and p.catalog_id = t.catalog_id and p.sku = t.parent_sku
          and not p.delete_wanted) is null)
  ), found as (
    select p.id, t.*
      from t, lateral (
        select id from products
         where account_id = %(account_id)s and catalog_id = t.catalog_id and sku = t.sku
           and not delete_wanted offset 0) p
     order by p.id
  ), old as (
    select p.*, found.*
      from found, lateral (
        select p.account_id, p.kind as old_kind, p.status as old_status, p.quantity as old_quantity,
               p.image_urls as old_image_urls, p.auto_publish as old_auto_publish, p.ai_enhancement as old_ai_enhancement,
               {is_changed} as is_changed, {is_shown_changed} as is_shown_changed
          from products p, (select found.*) t
         where p.account_id = %(account_id)s and p.id = t.id and not p.delete_wanted
           for update of p) p
     where %(mode)s <> 'create' and found.place not in (select place from refused)
  ), created as (
    insert into products (account_id, catalog_id, sku, id, status, created_at, updated_at, changed_at,
                          enhance_due_at, {names})
    select %(account_id)s, t.catalog_id, t.sku, t.new_id,
           case when {first_image_urls} <> '{{}}' or t.ai_enhancement then 'draft' else 'active' end,
           %(now)s, %(now)s, (select change_instant()), case when t.ai_enhancement then %(now)s end, {first}
      from t
     where %(mode)s <> 'change' and t.place not in (select place from refused)
       and t.place not in (select place from found)
     order by t.sku
    on conflict (account_id, catalog_id, sku) where not delete_wanted do nothing
    returning id, kind, status, quantity, image_urls, auto_publish, ai_enhancement
  ), updated as (
    update products p
       set updated_at = %(now)s, status = {status},
           content_revision = p.content_revision + t.is_shown_changed::integer,
           enhanced_title = case when {is_same_text} then p.enhanced_title end,
           enhanced_description = case when {is_same_text} then p.enhanced_description end,
           enhance_due_at = case when not {enhances} then null
                                 when p.ai_enhancement and {is_same_text} then p.enhance_due_at
                                 else %(now)s end,
           {kept}
      from old t
     where p.account_id = t.account_id and p.id = t.id and t.is_changed
    returning t.place, p.id, p.kind, p.status, t.old_status, p.quantity, t.old_quantity, p.image_urls,
              p.auto_publish, p.ai_enhancement, t.is_shown_changed
  )
  select coalesce(json_agg(stored), '[]')::text as stored from (
    select json_build_array('created', null, id, kind, status, null, quantity, null, image_urls, auto_publish,
                            ai_enhancement, true) as stored
      from created
    union all
    select json_build_array('updated', place, id, kind, status, old_status, quantity, old_quantity, image_urls,
                            auto_publish, ai_enhancement, is_shown_changed)
      from updated
    union all
    select json_build_array('unchanged', place, id, old_kind, old_status, old_status, old_quantity, old_quantity,
                            old_image_urls, old_auto_publish, old_ai_enhancement, false)
      from old where not is_changed
    union all
    select json_build_array('refused', place) from refused
    union all
    select json_build_array('taken', place) from found
     where %(mode)s = 'create' and place not in (select place from refused)) every_row
"""
_IMAGES_AT = """array_remove(array_remove(array(
  select coalesce(wanted, stored) from unnest(t.images_at, {stored}) with ordinality as i(wanted, stored, nth)
   order by nth), null), '')"""
# What a seller took off sale with units left stays off.
_STATUS = """case when t.quantity = 0 and p.status = 'active' then 'not_listed'
                  when t.quantity > p.quantity and (p.status = 'sold' or p.status = 'not_listed' and p.quantity = 0) then 'active'
                  else p.status end"""


class Row(Struct, frozen=True, array_like=True):
    """What the statement says of a patch; `place` counts from 1 and is null for a new product, which is known by its id."""

    outcome: str
    place: int | None
    id: UUID | None = None
    kind: Kind = Kind.ITEM
    status: Status = Status.ACTIVE
    status_before: Status | None = None
    quantity: int = 0
    quantity_before: int | None = None
    image_urls: Sequence[str] = ()
    auto_publish: bool = False
    ai_enhancement: bool = False
    is_shown_changed: bool = False


def _first(name: str, field: Field) -> str:
    """Write what a new product has."""
    given = f"coalesce(t.{name}, {field.default})"
    if name == "image_urls":
        return (
            f"case when t.images_at is null then {given} else {_IMAGES_AT.format(stored=given)} end"
        )
    return f"jsonb_strip_nulls({given})" if name == "extras" else given


def _kept(name: str, field: Field) -> str:
    """Write what a known product `p` has after the patch `t`."""
    if name == "extras":
        return "case when t.extras is null then p.extras else jsonb_strip_nulls(p.extras || t.extras) end"
    plain = (
        f"case when t.cleared ? '{name}' then {field.default} else coalesce(t.{name}, p.{name}) end"
    )
    if name == "image_urls":
        return f"case when t.images_at is null then {plain} else {_IMAGES_AT.format(stored='p.image_urls')} end"
    return plain


def upsert_statement(fields: Mapping[str, Field]) -> str:
    """Write the statement for a table of fields."""
    kept = {name: _kept(name, f) for name, f in fields.items() if not f.on_create_only}
    differs = {name: f"({sql}) is distinct from p.{name}" for name, sql in kept.items()}
    enhances = f"({kept['ai_enhancement']})"
    return _UPSERT.format(
        typed=", ".join(f"{name} {f.sql_type}" for name, f in fields.items()),
        names=", ".join(fields),
        first=", ".join(_first(name, f) for name, f in fields.items()),
        first_image_urls=_first("image_urls", fields["image_urls"]),
        kept=", ".join(f"{name} = {sql}" for name, sql in kept.items()),
        is_changed=f"({' or '.join([*differs.values(), f'({_STATUS}) <> p.status'])})",
        is_shown_changed=f"({' or '.join(differs[name] for name in kept if fields[name].is_shown)})",
        status=_STATUS,
        enhances=enhances,
        is_same_text=f"({enhances} and not ({differs['title']}) and not ({differs['description']}))",
    )


UPSERT: Final = upsert_statement(FIELDS)
_rows = msgspec.json.Decoder(list[Row])
_CLEARABLE: Final = tuple(name for name in FIELDS if name != "extras")


async def take_turns(tx: Transaction, account_id: UUID, *, catalog: str) -> None:
    """Wait for others that put many products into this catalog, and make others wait until the transaction ends."""
    await tx.run(TAKE_TURNS, {"account_id": str(account_id), "catalog": catalog})


async def upsert(
    tx: Transaction,
    account_id: UUID,
    *,
    patches: Sequence[ProductPatch],
    catalog: str | Sequence[UUID],
    mode: Mode,
    now: datetime,
) -> dict[int, Row]:
    """Store patches in the catalog of this code, or each in its own; return by its place what became of each.

    Of a product that somebody else creates at this moment nothing is returned.
    """
    code, catalog_ids = (catalog, ()) if isinstance(catalog, str) else (None, catalog)
    ids = new_ids(len(patches))
    params = {
        "account_id": account_id,
        "patches": msgspec.json.encode(patches).decode(),
        "new_ids": f"{{{','.join(ids)}}}",
        "catalog": code,
        "of_catalogs": f"{{{','.join(map(str, catalog_ids))}}}",
        "cleared": cleared_by(patches),
        "mode": mode.value,
        "now": now,
    }
    [text] = await tx.all(lambda row: row["stored"], UPSERT, params)
    place_of: dict[UUID | None, int] = {UUID(new_id): place for place, new_id in enumerate(ids)}
    rows = _rows.decode(text)
    return {place_of[r.id] if r.id in place_of else (r.place or 0) - 1: r for r in rows}


def cleared_by(patches: Sequence[ProductPatch]) -> str:
    """Name the fields that each patch clears, as JSON; nothing at all when none clears any."""
    clearing = [None in msgspec.structs.astuple(patch) for patch in patches]
    if not any(clearing):
        return "[]"
    names = [
        [name for name in _CLEARABLE if getattr(patch, name) is None] if clears else None
        for patch, clears in zip(patches, clearing, strict=True)
    ]
    return msgspec.json.encode(names).decode()
