"""The one statement that writes products, made once from the table of fields: it creates and changes any number of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from saluhall.domain.products.changes_store import NOTE, note_params
from saluhall.domain.products.fields import FIELDS, Field, ProductPatch
from saluhall.domain.products.model import Mode, Stored
from saluhall.kit.ids import new_ids
from saluhall.storage import Transaction

MAX_RECORDED: Final = 1000  # characters of a text before and after a change

TAKE_TURNS = "select pg_advisory_xact_lock(hashtextextended(%(catalog)s || %(account_id)s, 0))"
# The patches come as one JSON text, which PostgreSQL reads by itself about as fast as COPY would, without a table to store them in.
# Known products are found and locked by one scan of an index, in the order of their ids, as everywhere, so that two writers never wait for
# each other. PostgreSQL takes them for few once they are joined with the patches, and so finds each by its id. What exists is not inserted
# in vain: each attempt would use up a product's number.
_UPSERT = """
  with t as materialized (
    select r.*, coalesce(r.of_catalog, c.id) as catalog_id
      from rows from (
             json_to_recordset(%(patches)s::text::json) as (sku text, default_currency text, images_at text[], {typed}),
             unnest(%(new_ids)s::text::uuid[]), unnest(%(of_catalogs)s::text::uuid[]),
             jsonb_array_elements(%(cleared)s::text::jsonb))
           with ordinality as r(sku, default_currency, images_at, {names}, new_id, of_catalog, cleared, place)
      left join catalogs c on c.account_id = %(account_id)s and c.code = %(catalog)s
     where coalesce(r.of_catalog, c.id) is not null
  ), refused as (
    select t.place from t
     where t.parent_sku is not null and (t.parent_sku = t.sku or (
       select p.id from products p
        where p.account_id = %(account_id)s and p.catalog_id = t.catalog_id and p.sku = t.parent_sku
          and not p.delete_wanted) is null)
  ), known as materialized (
    select * from products
     where account_id = %(account_id)s and catalog_id = any(array(select catalog_id from t))
       and sku = any(array(select sku from t)) and not delete_wanted
     order by id for update
  ), old as materialized (
    select p.id, p.kind as old_kind, p.status as old_status, p.quantity as old_quantity, p.price as old_price,
           p.image_urls as old_image_urls, p.auto_publish as old_auto_publish, p.ai_enhancement as old_ai_enhancement,
           case when {names_rare} then row(p.*)::products end as before, t.*,
           s.is_shown_changed, s.is_shown_changed or {is_hidden_changed} as is_changed
      from t join known p on p.catalog_id = t.catalog_id and p.sku = t.sku,
           lateral (select {is_shown_changed} as is_shown_changed) s
     where t.place not in (select place from refused)
  ), created as (
    insert into products (account_id, catalog_id, sku, id, status, created_at, updated_at, changed_at,
                          enhance_due_at, {names})
    select %(account_id)s, t.catalog_id, t.sku, t.new_id,
           case when {first_image_urls} <> '{{}}' or t.ai_enhancement then 'draft' else 'active' end,
           %(now)s, %(now)s, (select change_instant()), case when t.ai_enhancement then %(now)s end, {first}
      from t
     where %(mode)s <> 'change' and t.place not in (select place from refused)
       and t.place not in (select place from old)
     order by t.sku
    on conflict (account_id, catalog_id, sku) where not delete_wanted do nothing
    returning sku, id, kind, status, quantity, image_urls, auto_publish, ai_enhancement
  ), updated as (
    update products p
       set updated_at = %(now)s, status = {status},
           changed_at = greatest((select change_instant()), p.changed_at + interval '1 microsecond'),
           content_revision = p.content_revision + t.is_shown_changed::integer,
           enhanced_title = case when {is_same_text} then p.enhanced_title end,
           enhanced_description = case when {is_same_text} then p.enhanced_description end,
           enhance_due_at = case when not {enhances} then null
                                 when p.ai_enhancement and {is_same_text} then p.enhance_due_at
                                 else %(now)s end,
           {kept}
      from old t
     where %(mode)s <> 'create' and p.account_id = %(account_id)s and p.id = t.id and t.is_changed
    returning t.place, p.sku, p.id, p.kind, p.status, t.old_status, p.quantity, t.old_quantity,
              p.auto_publish, p.ai_enhancement, case when {names_images} then p.image_urls end as image_urls,
              {names_shown} as is_shown_named, t.is_shown_changed,
              t.new_id as event_id, {changes} as changes
  ), noted as (
{noted}
  )
  select coalesce(json_agg(stored), '[]')::text as stored from (
    select json_build_array('created', sku, id, kind, status, null, quantity, null, auto_publish, ai_enhancement,
                            case when image_urls <> '{{}}' then image_urls end, true, true, 0) as stored
      from created
    union all
    select json_build_array('updated', sku, id, kind, status, old_status, quantity, old_quantity, auto_publish,
                            ai_enhancement, image_urls, is_shown_named, is_shown_changed, place)
      from updated
    union all
    select json_build_array('unchanged', sku, id, old_kind, old_status, old_status, old_quantity, old_quantity,
                            old_auto_publish, old_ai_enhancement, case when {names_images} then old_image_urls end,
                            {names_shown}, false, place)
      from old t where %(mode)s <> 'create' and not is_changed
    union all
    select json_build_array('parent not found', t.sku, null, 'item', 'active', null, 0, null, false, false, null,
                            false, false, place)
      from t where place in (select place from refused)
    union all
    select json_build_array('sku taken', sku, null, 'item', 'active', null, 0, null, false, false, null, false, false,
                            place)
      from old where %(mode)s = 'create') every_row
"""
_IMAGES_AT = """array_remove(array_remove(array(
  select coalesce(wanted, stored) from unnest(t.images_at, {stored}) with ordinality as i(wanted, stored, nth)
   order by nth), null), '')"""
# What a seller took off sale with units left stays off.
_STATUS = """case when t.quantity = 0 and p.status = 'active' then 'not_listed'
                  when t.quantity > p.quantity and (p.status = 'sold' or p.status = 'not_listed' and p.quantity = 0) then 'active'
                  else p.status end"""


_RECORDED = {
    "numeric": "'\"' || trim_scale({}) || '\"'",
    "integer": "{}::text",
    "text": f"to_json(left({{}}, {MAX_RECORDED}))::text",
}
_OFTEN = ("price", "quantity")
_NAMES_ANY = "(num_nonnulls({names}) > 0 or coalesce(jsonb_typeof(t.cleared) = 'array', false))"
_NAMES_IMAGES = "(t.image_urls is not null or t.images_at is not null or t.cleared ? 'image_urls')"


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


def _differs(name: str, field: Field) -> str:
    """Write a condition that holds, and is not null, when the patch `t` makes a known product `p` another."""
    if name in {"extras", "image_urls"}:
        return f"({_kept(name, field)}) is distinct from p.{name}"
    return (
        f"t.{name} is not null and t.{name} is distinct from p.{name}"
        f" or t.cleared ? '{name}' and p.{name} is distinct from {field.default}"
    )


def _change(name: str, sql_type: str, before: str) -> str:
    """Write a field of the JSON of changes, null when it has not changed: a decimal is text, and a long text is cut."""
    form = _RECORDED.get(sql_type, "to_json({})::text")
    old, new = (f"coalesce({form.format(value)}, 'null')" for value in (before, f"p.{name}"))
    return (
        f"case when p.{name} is distinct from {before}"
        f""" then concat('"{name}":{{"before":', {old}, ',"after":', {new}, '}}') end"""
    )


def _changes(kept: Iterable[str], fields: Mapping[str, Field]) -> str:
    """Write the JSON of the changes of `p`; the fields that bulk requests rarely name are compared where one names any."""
    often = [_change(name, fields[name].sql_type, f"t.old_{name}") for name in _OFTEN]
    rare = [name for name in kept if name not in _OFTEN]
    others = ", ".join(_change(name, fields[name].sql_type, f"(t.before).{name}") for name in rare)
    status = _change("status", "text", "t.old_status")
    rest = f"case when t.before is distinct from null then nullif(concat_ws(',', {others}), '') end"
    return f"concat_ws(',', {', '.join(often)}, {status}, {rest})"


def upsert_statement(fields: Mapping[str, Field]) -> str:
    """Write the statement for a table of fields."""
    kept = {name: _kept(name, f) for name, f in fields.items() if not f.on_create_only}
    differs = {name: f"coalesce({_differs(name, fields[name])}, false)" for name in kept}
    shown = [name for name in kept if fields[name].is_shown]
    hidden = [differs[name] for name in kept if not fields[name].is_shown]
    enhances = f"({kept['ai_enhancement']})"
    return _UPSERT.format(
        typed=", ".join(f"{name} {f.sql_type}" for name, f in fields.items()),
        names=", ".join(fields),
        first=", ".join(_first(name, f) for name, f in fields.items()),
        first_image_urls=_first("image_urls", fields["image_urls"]),
        kept=", ".join(f"{name} = {sql}" for name, sql in kept.items()),
        noted=NOTE,
        changes=_changes(kept, fields),
        names_rare=_NAMES_ANY.format(
            names=", ".join(f"t.{n}" for n in (*kept, "images_at") if n not in _OFTEN)
        ),
        is_shown_changed=" or ".join(differs[name] for name in shown),
        is_hidden_changed=" or ".join([*hidden, f"({_STATUS}) <> p.status"]),
        names_images=_NAMES_IMAGES,
        names_shown=_NAMES_ANY.format(names=", ".join(f"t.{n}" for n in (*shown, "images_at"))),
        status=_STATUS,
        enhances=enhances,
        is_same_text=f"({enhances} and not ({differs['title']}) and not ({differs['description']}))",
    )


UPSERT: Final = upsert_statement(FIELDS)
_stored = msgspec.json.Decoder(list[Stored])
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
) -> dict[int, Stored]:
    """Store patches in the catalog of this code, or each in its own; return by its place what became of each.

    Of a product that somebody else creates at this moment nothing is returned.
    """
    code, catalog_ids = (catalog, ()) if isinstance(catalog, str) else (None, catalog)
    ids = new_ids(len(patches))
    text = msgspec.json.encode(patches).decode()
    params = {
        "account_id": account_id,
        "patches": text,
        "new_ids": f"{{{','.join(ids)}}}",
        "catalog": code,
        "of_catalogs": f"{{{','.join(map(str, catalog_ids))}}}",
        "cleared": cleared_by(patches) if ":null" in text else "[]",
        "mode": mode.value,
        "now": now,
        **note_params(tx, ids[0]),
    }
    [answer] = await tx.all(lambda row: row["stored"], UPSERT, params)
    stored = _stored.decode(answer)
    places: dict[UUID | None, int] = {}
    if not all(each.place for each in stored):  # new products are known by their ids
        places = {each: place for place, each in enumerate(msgspec.convert(ids, list[UUID]))}
    return {each.place - 1 if each.place else places[each.product_id]: each for each in stored}


def cleared_by(patches: Sequence[ProductPatch]) -> str:
    """Name the fields that each patch clears, as JSON."""
    clearing = [None in msgspec.structs.astuple(patch) for patch in patches]
    names = [
        [name for name in _CLEARABLE if getattr(patch, name) is None] if clears else None
        for patch, clears in zip(patches, clearing, strict=True)
    ]
    return msgspec.json.encode(names).decode()
