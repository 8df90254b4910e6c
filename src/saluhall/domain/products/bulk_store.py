"""The SQL of bulk calls, made from the table of fields: new products by COPY, changes by one UPDATE."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from saluhall.domain.products.fields import (
    COLUMN_OF,
    KILOGRAMS,
    PICTURES,
    PUT_FIELDS,
    UNIT,
    WEIGHT,
    Form,
    kilograms_per,
)
from saluhall.domain.products.model import Batch
from saluhall.storage import Transaction
from saluhall.storage.copy_rows import Column

_NULL = "null"
INSTANT = "select change_instant() as at"
_OF_CATALOGS = """
  p.account_id = %(owner)s and p.catalog_id = any(%(shelves)s) and p.sku = any(%(skus)s)
"""
_FIND = f"select p.catalog_id, p.sku from products p where {_OF_CATALOGS} and not p.delete_wanted"
# The rows come as one object, looked up by key, and not as a table to be joined: PostgreSQL guesses how many rows such a table has,
# and on a young database, without statistics, it then compares each with each. Products are locked in one order everywhere, so that
# two calls never wait for each other.
_CHANGE = """
  with t as materialized (
    select %(rows)s::text::jsonb as rows
  ), was as materialized (
    select p.id, p.price, p.quantity, p.status, p.image_urls, v, {is_changed} as is_changed
      from products p, lateral (select (select rows from t) -> {key} as v offset 0) given
     where {of_catalogs} and not p.delete_wanted and (select rows from t) ? {key}
     order by p.id for update of p
  ), changed as (
    update products p set updated_at = %(now)s, {changes}
      from was
     where p.account_id = %(owner)s and p.id = was.id and was.is_changed
    returning p.id, p.sku, {followed} as followed,
              p.quantity < was.quantity as fewer,
              p.status = 'not_listed' and was.status <> 'not_listed' as unlisted,
              p.status = 'active' and was.status <> 'active' as restocked,
              {pictures} as pictures
  ), unchanged as (
    select id, {followed_unchanged} as followed, {pictures_unchanged} as pictures
      from was where not is_changed
  )
  select (select array_agg((v ->> 0)::integer) from was) as places,
         array_agg(id) filter (where followed) as followed,
         array_agg(id) filter (where fewer) as fewer,
         array_agg(id) filter (where restocked) as restocked,
         json_object_agg(id, sku) filter (where unlisted) as unlisted,
         json_object_agg(id, pictures) filter (where pictures is not null) as pictures
    from (select * from changed
          union all select id, null, followed, false, false, false, pictures from unchanged) done
"""
_KEY = "(p.catalog_id::text || p.sku)"
# A change of these is worth another try of a listing that was refused.
_FOLLOWED = frozenset({"title", "description", *PICTURES})


class Changed(Struct, frozen=True, kw_only=True):
    """What a bulk change did: the places of the rows that were found, and the products of which others must know."""

    places: frozenset[int] = frozenset()
    followed: Sequence[UUID] = ()
    fewer: Sequence[UUID] = ()
    restocked: Sequence[UUID] = ()
    unlisted: Mapping[str, str] = {}
    pictures: Mapping[UUID, Sequence[str]] = {}


def sheet_of(
    batch: Batch, *, owner: UUID, shelves: Sequence[UUID], ids: Sequence[str], now: datetime
) -> dict[str, Column]:
    """Lay new products out in columns; what a row does not name gets its default."""
    given = batch.columns
    sheet: dict[str, Column] = {
        field.name: literal_text(field.default) for field in PUT_FIELDS if field.default != _NULL
    }
    for name, field in COLUMN_OF.items():
        if name in given and field.form:
            default = None if field.default == _NULL else literal_text(field.default)
            write = _WRITE[field.form]
            sheet[field.name] = [default if v is None else write(v) for v in given[name]]
    if WEIGHT in given:
        sheet["weight_kg"] = _kilograms(given)
    pictures = pictures_of(batch)
    if pictures:
        sheet["image_urls"] = list(map(array_text, pictures))
        sheet["status"] = ["draft" if urls else "active" for urls in pictures]
    else:
        sheet["status"] = "active"
    instant = now.isoformat()
    return {
        "account_id": str(owner),
        "catalog_id": list(map(str, shelves)),
        "sku": batch.skus,
        "id": ids,
        "created_at": instant,
        "updated_at": instant,
        **sheet,
    }


def pictures_of(batch: Batch) -> list[list[str]]:
    """List each row's pictures, closing gaps; empty when no row has any."""
    columns = [batch.columns[name] for name in PICTURES if name in batch.columns]
    return [list(filter(None, row)) for row in zip(*columns, strict=True)]


async def add(tx: Transaction, sheet: Mapping[str, Column], *, rows: int) -> None:
    """Store new products. Raises Conflict, and stores none, when there is one of them already."""
    # A default that is made anew for each row would slow COPY down.
    [instant] = await tx.all(lambda row: row["at"], INSTANT)
    await tx.copy_in("products", {**sheet, "changed_at": instant.isoformat()}, count=rows)


async def find(
    tx: Transaction, owner: UUID, *, shelves: Sequence[UUID], skus: Sequence[str]
) -> list[int]:
    """Tell which of these products exist, by their place."""
    params = {"owner": owner, "shelves": list(set(shelves)), "skus": list(skus)}
    found = set(await tx.all(lambda row: (row["catalog_id"], row["sku"]), _FIND, params))
    keys = zip(shelves, skus, strict=True)
    return [place for place, key in enumerate(keys) if key in found]


async def change(
    tx: Transaction, owner: UUID, *, batch: Batch, shelves: Sequence[UUID], now: datetime
) -> Changed:
    """Change what each row names of its product."""
    named = sorted(batch.columns)
    values = zip(count(), *(batch.columns[name] for name in named))
    rows = {
        f"{shelf}{sku}": value
        for shelf, sku, value in zip(shelves, batch.skus, values, strict=False)
    }
    params = {
        "owner": owner,
        "shelves": list(set(shelves)),
        "skus": list(batch.skus),
        "rows": msgspec.json.encode(rows).decode(),
        "now": now,
    }
    [changed] = await tx.all(changed_from_row, change_statement(named), params)
    return changed


def changed_from_row(row: Mapping[str, Any]) -> Changed:
    """Read what a change did."""
    return Changed(
        places=frozenset(row["places"] or ()),
        followed=row["followed"] or (),
        fewer=row["fewer"] or (),
        restocked=row["restocked"] or (),
        unlisted=row["unlisted"] or {},
        pictures={UUID(key): urls for key, urls in (row["pictures"] or {}).items()},
    )


def change_statement(named: Sequence[str]) -> str:
    """Write the statement that changes these fields where a row names them."""
    stored = {name: f"(was.v ->> {place})" for place, name in enumerate(named, start=1)}
    seen = {name: f"(v ->> {place})" for place, name in enumerate(named, start=1)}
    tried = [f"{stored[name]} is not null" for name in named if name in _FOLLOWED]
    pictures = not set(PICTURES).isdisjoint(named)
    return _CHANGE.format(
        key=_KEY,
        of_catalogs=_OF_CATALOGS,
        is_changed=" or ".join(_differences(seen)) or "false",
        changes=", ".join(f"{column} = {value}" for column, value in _changes(stored)),
        followed=" or ".join(["p.price <> was.price", *tried]),
        followed_unchanged=" or ".join(tried) or "false",
        pictures="p.image_urls" if pictures else "null::text[]",
        pictures_unchanged="image_urls" if pictures else "null::text[]",
    )


def _differences(given: Mapping[str, str]) -> Iterator[str]:
    """Write conditions, one of which holds when a row changes anything; JSON is compared as text."""
    for column, value in _changes(given):
        is_json = any(f.name == column and f.sql_type == "json" for f in COLUMN_OF.values())
        cast = "::text" if is_json else ""
        yield f"({value}){cast} is distinct from p.{column}{cast}"


def _changes(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give columns with the SQL of their new values, by the names and the SQL of what is given."""
    for name, value in given.items():
        if field := COLUMN_OF.get(name):
            yield field.name, f"coalesce({value}::{field.sql_type}, p.{field.name})"
    if "quantity" in given:
        quantity = f"{given['quantity']}::integer"
        none_left = f"{quantity} = 0 and p.status = 'active'"
        # What a seller took off the shelves with pieces left stays off them.
        had_gone = "p.status = 'sold' or p.status = 'not_listed' and p.quantity = 0"
        yield (
            "status",
            f"""case when {none_left} then 'not_listed'
                     when {quantity} > p.quantity and ({had_gone}) then 'active'
                     else p.status end""",
        )
    if not {WEIGHT, UNIT}.isdisjoint(given):
        before = f"p.weight_kg / ({kilograms_per('p.weight_um')})"
        weight = f"coalesce({given.get(WEIGHT, 'null')}::numeric, {before})"
        unit = f"coalesce({given.get(UNIT, 'null')}, p.weight_um)"
        kilograms = f"{weight} * ({kilograms_per(unit)})"
        is_kept = f"{given.get(WEIGHT, 'null')} is null and {unit} = p.weight_um"
        yield "weight_kg", f"case when {is_kept} then p.weight_kg else {kilograms} end"
    if not set(PICTURES).isdisjoint(given):
        urls = ", ".join(
            f"coalesce({given.get(name, 'null')}, p.image_urls[{n}])"
            for n, name in enumerate(PICTURES, start=1)
        )
        every = f"array[{urls}] || p.image_urls[{len(PICTURES) + 1}:]"
        yield "image_urls", f"array_remove(array_remove({every}, null), '')"


def literal_text(default: str) -> str:
    """Take the text out of a default written in SQL."""
    return default.strip("'")


def _flag(value: object) -> str:
    return "t" if value else "f"


_WRITE: Mapping[Form, Callable[[Any], str]] = {
    **dict.fromkeys(Form, str),
    Form.PRICE: repr,
    Form.AMOUNT: repr,
    Form.FLAG: _flag,
}


def _kilograms(given: Mapping[str, Sequence[Any]]) -> list[str | None]:
    weights = given[WEIGHT]
    units = given.get(UNIT) or ["kg"] * len(weights)
    return [
        None if weight is None else str(Decimal(repr(weight)) * Decimal(KILOGRAMS[unit or "kg"]))
        for weight, unit in zip(weights, units, strict=True)
    ]


def array_text(texts: Sequence[str]) -> str:
    """Write an array of texts as PostgreSQL reads it."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
