"""How PostgreSQL means to run a statement, once for whatever values it gets and once for those of an account."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import Connection
from psycopg.errors import Error

from tests.storage.filling import id_of
from tests.storage.statements import Statement

Node = Mapping[str, Any]
ANY = "any"
# Of what type a parameter is where the statement alone does not say: the driver does.
_TYPES = {
    "account_id": "uuid",
    "now": "timestamptz",
    "limited": "boolean",
    **dict.fromkeys(("ask_in", "dead_after", "lease", "memory", "step"), "interval"),
    **dict.fromkeys(("changed_from", "changed_to", "placed_from", "placed_to"), "date"),
}
# Values: what belongs to an account, of the number `{account}`; others by name, and else by type.
_OF_ACCOUNT = {
    **{name: id_of("account", "{account}") for name in ("account_id", "heard", "member")},
    **{name: id_of(name, "{account}") for name in ("catalog", "connection", "endpoint")},
}
_BY_NAME = {
    "catalog": "'RHEO'",
    "sku": "'SKU-1000'",
    "parent_sku": "'SKU-1'",
    "time_zone": "'Europe/Stockholm'",
    "status": "'active'",
    "statuses": "array['pending']",
    "before": "now() - interval '30 days'",
    "offset": "0",
    "limit": "50",
    "xid": "'700'",
    "options": "'{}'",
    "progress": "'{}'",
    "new_ids": "'{}'",
    "of_catalogs": "'{}'",
    "mode": "'put'",
    "vehicle": "'{}'",
}
_BY_TYPE = {
    "uuid": id_of("product", "1000 + {account}"),
    "uuid[]": f"array[{id_of('product', 1000)}, {id_of('product', 1002)}]",
    "timestamp with time zone": "now() - interval '1 hour'",
    "timestamp with time zone[]": "array[now()]",
    "interval": "interval '1 minute'",
    "date": "current_date",
    "bytea": "sha256('key 5')",
    "boolean": "true",
    "xid8": "'700'",
    "text": "'[]'",
    "text[]": "array['SKU-1000', 'SKU-1002']",
    "integer[]": "array[5, 6]",
    "smallint[]": "array[0, 1, 2, 3]",
    **dict.fromkeys(("smallint", "integer", "bigint", "numeric", "double precision"), "5"),
    **dict.fromkeys(("json", "jsonb"), "'[]'"),
}


def _value(name: str, kind: str) -> str:
    known = _OF_ACCOUNT if kind == "uuid" else _BY_NAME
    return known.get(name, _BY_TYPE[kind])


class Planner:
    """Plans statements on a connection, which runs none of them."""

    def __init__(self, connection: Connection[Any]) -> None:
        connection.prepare_threshold = None
        self._connection = connection

    def plans_of(self, statement: Statement, accounts: Mapping[str, int]) -> dict[str, Node]:
        """Give the plan for any values, and for each account's."""
        names = statement.parameters
        types = ", ".join(_TYPES.get(name, "unknown") for name in names)
        self._run(f"prepare s {f'({types})' if types else ''} as {statement.numbered}")
        try:
            [found] = self._run("select parameter_types::text[] from pg_prepared_statements")
            given = {who: self._values(names, found[0], number) for who, number in accounts.items()}
            plans = {who: self._plan(values, "custom") for who, values in given.items()}
            return {ANY: self._plan(next(iter(given.values())), "generic"), **plans}
        except Error as error:
            error.add_note(statement.name)
            raise
        finally:
            self._run("deallocate s")

    def _values(self, names: list[str], types: list[str], account: int) -> str:
        values = [
            f"({_value(name, kind).replace('{account}', str(account))})::{kind}"
            for name, kind in zip(names, types, strict=True)
        ]
        return f"({', '.join(values)})" if values else ""

    def _plan(self, values: str, mode: str) -> Node:
        self._run(f"set plan_cache_mode = force_{mode}_plan")
        [[[found]]] = self._run(f"explain (format json) execute s{values}")
        return found["Plan"]  # type: ignore[no-any-return]

    def _run(self, text: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(text.encode())
        return cursor.fetchall() if cursor.description else []


class ReadWays:
    """The tables that grow, and their indexes: what reading by one of them means."""

    def __init__(
        self, connection: Connection[Any], *, growing: frozenset[str], owned: frozenset[str]
    ) -> None:
        found = connection.execute(_INDEXES, [list(growing)]).fetchall()
        self._owned = owned
        self._next = dict(found)

    def read_whole(self, plan: Node) -> set[str]:
        """Find the tables that are read from end to end."""
        scans = (n["Relation Name"] for n in _nodes(plan) if n["Node Type"] == "Seq Scan")
        return set(self._owned.intersection(scans))

    def read_of_account(self, plan: Node) -> set[str]:
        """Find the indexes by which all is read that an account has."""
        found = ((n.get("Index Name", ""), n.get("Index Cond", "")) for n in _nodes(plan))
        return {index for index, condition in found if self._is_open(index, condition)}

    def _is_open(self, index: str, condition: str) -> bool:
        if index not in self._next:
            return False
        wanted = self._next[index]
        return wanted is None or not re.search(rf"\b{wanted}\b", condition)

    def ways(self, plan: Node) -> set[str]:
        """List the indexes by which the plan reads what grows, and the tables that it reads whole."""
        return {n.get("Index Name", "") for n in _nodes(plan)} & set(self._next) | self.read_whole(
            plan
        )


# The first column of each index that is not the account of a row: it is given, or the account is read whole. Not of those of rows
# that are due, held back, repeated or in need of a person, for they are few, and none where only what is not a column is looked up.
_INDEXES = """
  select i.indexrelid::regclass::text,
         (array_agg(a.attname::text order by a.attnum)
            filter (where a.attname not in ('account_id', 'catalog_id', 'connection_id', 'endpoint_id')))[1]
    from pg_index i join pg_attribute a on a.attrelid = i.indexrelid
   where i.indrelid::regclass::text = any(%s) and i.indexprs is null
     and coalesce(pg_get_expr(i.indpred, i.indrelid) !~ 'due_at|held|rejected|refused|attention', true)
   group by i.indexrelid
"""


def _nodes(plan: Node) -> Iterator[Node]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
