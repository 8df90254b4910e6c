"""An account's products as lines of text, made by PostgreSQL and passed on as they come."""

import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.model import Principal
from saluhall.domain.products.fields import FIELDS, Form
from saluhall.storage import Transaction

_PRIVATE_USE = range(0xE000, 0xF8FF)
_MARK_LENGTH = 4
# Lines in a block: some 60 kB, and 20 MB where every description is as long as it may be.
_AT_ONCE = 256
_CATALOGS = "join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id"
# Making a line costs far more than passing it on. PostgreSQL does not know, and would leave it all to one process when there are many.
_BY_SEVERAL = "set local parallel_tuple_cost = 0.01; "


def text_of(name: str) -> str:
    """Write SQL that shows a field of a product `p` as text or number, never null."""
    field, column = FIELDS[name], f"p.{name}"
    match field.form:
        case Form.AMOUNT | Form.PRICE:
            return f"trim_scale(coalesce({column}, 0))"
        case _:
            return f"coalesce({column}, '')" if field.default == "null" else column


def text_of_extra(name: str, *, default: str = "") -> str:
    """Write SQL that shows what only one partner knows."""
    return f"coalesce(p.extras ->> '{name}', '{default}')"


def image_at(number: int) -> str:
    """Write SQL that shows the address of an image, by its number from 1."""
    return f"coalesce(p.image_urls[{number}], '')"


def instant_of(column: str) -> str:
    """Write SQL that shows an instant of a product to the second."""
    return f"""to_char(p.{column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


NUMBER: Final = "p.number"
SKU: Final = "p.sku"
CATALOG_NUMBER: Final = "c.number"


class Layout(Struct, frozen=True, kw_only=True):
    """How the lines are written: `columns` are SQL of this module by their headings.

    With a qualifier every value is enclosed in a pair of it, and inside a value it is doubled; without one, separators and line breaks
    (CR as well as LF) inside a value become spaces, whatever ends a row.
    """

    columns: Mapping[str, str]
    field_separator: str
    row_separator: str
    qualifier: str = ""


async def lines_of_products(
    tx: Transaction,
    *,
    principal: Principal,
    layout: Layout,
    catalog_id: UUID | None = None,
    published: bool = False,
) -> AsyncGenerator[bytes, None]:
    """Write a heading, then a line for each product; `published`: only those that are live on a channel."""
    heading = layout.field_separator.join(layout.columns) + layout.row_separator
    yield heading.encode()
    query, params = query_of_lines(
        principal=principal, layout=layout, catalog_id=catalog_id, published=published
    )
    async with aclosing(tx.stream(_BY_SEVERAL + query, params, rows=_AT_ONCE)) as blocks:
        async for block in blocks:
            yield block


def query_of_lines(
    *, principal: Principal, layout: Layout, catalog_id: UUID | None = None, published: bool = False
) -> tuple[str, dict[str, Any]]:
    """Write the query that makes the lines, with its parameters."""
    params = {
        "account_id": principal.account_id,
        "catalog": catalog_id,
        "separator": layout.field_separator,
        "end": layout.row_separator,
        "qualifier": layout.qualifier,
        "mark": _mark(layout),
    }
    query = lines_statement(layout, of_catalog=catalog_id is not None, published=published)
    return query, params


def lines_statement(layout: Layout, *, of_catalog: bool, published: bool) -> str:
    """Write the query that makes each product's line.

    The values are joined by a mark that occurs in none of them, so that each text is searched once for what it must not contain,
    and not once for each field.
    """
    values = f"concat_ws(%(mark)s, {', '.join(layout.columns.values())})"
    catalogs = _CATALOGS if CATALOG_NUMBER in layout.columns.values() else ""
    if layout.qualifier:
        doubled = f"replace({values}, %(qualifier)s, %(qualifier)s || %(qualifier)s)"
        between = "%(qualifier)s || %(separator)s || %(qualifier)s"
        line = f"%(qualifier)s || replace({doubled}, %(mark)s, {between}) || %(qualifier)s"
    else:
        bare = f"replace(replace({values}, %(separator)s, ' '), %(end)s, ' ')"
        for line_break in ("\r", "\n"):
            if line_break not in (layout.field_separator, layout.row_separator):
                bare = f"replace({bare}, chr({ord(line_break)}), ' ')"
        line = f"replace({bare}, %(mark)s, %(separator)s)"
    conditions = ["p.account_id = %(account_id)s", "not p.delete_wanted"]
    if of_catalog:
        conditions.append("p.catalog_id = %(catalog)s")
    if published:
        conditions.append(
            "exists (select from listings l where l.account_id = p.account_id"
            " and l.product_id = p.id and l.state = 'live')"
        )
    return f"""
      select {line} || %(end)s
        from products p {catalogs}
       where {" and ".join(conditions)}
    """


def _mark(layout: Layout) -> str:
    """Make a mark of characters that nobody sends, and that no separator holds."""
    taken = layout.field_separator + layout.row_separator + layout.qualifier
    free = [chr(code) for code in _PRIVATE_USE if chr(code) not in taken]
    return "".join(secrets.choice(free) for _ in range(_MARK_LENGTH))
