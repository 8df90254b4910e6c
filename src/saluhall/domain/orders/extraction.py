"""The SQL that writes orders as text: PostgreSQL makes the JSON and the CSV, so that a million orders pass through us as bytes.

Which keys there are, and what each is made of, is a partner's table: SQL over an order `o` or a line `l`.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import cache
from itertools import groupby
from typing import Final

from msgspec import Struct


class Kind(Enum):
    """What a key holds, which decides how it is written."""

    TEXT = auto()
    NUMBER = auto()  # written as PostgreSQL writes it
    INSTANT = auto()  # a timestamptz, written to the second in UTC
    JSON = auto()


class Column(Struct, frozen=True, kw_only=True):
    """One key of what a partner reads, and the SQL behind it.

    `without_extras` is what is written where the row has no extras: columns that have it show nothing but an extra.
    """

    key: str
    sql: str
    kind: Kind
    without_extras: str | None = None


class Layout(Struct, frozen=True, kw_only=True):
    """What a partner reads of an order: the keys of its head and of each of its lines, in order.

    `names` are those of the head, of the list of lines; `if_any` is the head's key that is left out of JSON where its value is null.
    """

    names: tuple[str, str]
    head: tuple[Column, ...]
    line: tuple[Column, ...]
    if_any: str


_WRITTEN: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "{}",
    Kind.NUMBER: "{}",
    Kind.JSON: "{}",
    Kind.INSTANT: """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}
_MAX_ARGUMENTS: Final = 100  # that a function of PostgreSQL takes
# Only keys are sorted and skipped, mostly in the index alone; the orders of the page are then fetched one by one.
_PAGE: Final = """
  (select o.id, o.placed_at from orders o
    where o.account_id = %(account_id)s {conditions}
    order by o.placed_at desc, o.id desc
    limit %(limit)s::bigint offset %(offset)s) page
  cross join lateral (
    select * from orders o where o.account_id = %(account_id)s and o.id = page.id offset 0) o
"""
_OWN_LINES: Final = "from order_lines l where l.account_id = %(account_id)s and l.order_id = o.id"
# A cell is quoted when it holds a quotation mark, a line break or the character that the separator begins with (so that no end of a
# cell can be taken for the beginning of a separator); quotation marks within are doubled.
_CELL: Final = """
  case when strpos({0}, left(%(separator)s, 1)) > 0 or {0} ~ '["\\r\\n]'
       then '"' || replace({0}, '"', '""') || '"' else {0} end
"""
COUNT: Final = (
    "select count(*) as count from orders o where o.account_id = %(account_id)s {conditions}"
)
# When a day begins by a clock. Where it is midnight twice, for the clock is set back over it, the day begins the first time.
_DAWN: Final = """
  least({0}::timestamp at time zone %(time_zone)s,
        ({0}::timestamp - interval '1 hour') at time zone %(time_zone)s + interval '1 hour')
"""
CONDITIONS: Final[Mapping[str, str]] = {
    "placed_from": f"o.placed_at >= {_DAWN.format('%(placed_from)s')}",
    "placed_to": f"o.placed_at < {_DAWN.format('(%(placed_to)s + 1)')}",
    "changed_from": f"o.changed_at >= {_DAWN.format('%(changed_from)s')}",
    "changed_to": f"o.changed_at < {_DAWN.format('(%(changed_to)s + 1)')}",
    "numbers": "o.number = any(%(numbers)s)",
    "statuses": "o.status = any(%(statuses)s)",
    "tags": "o.tags && %(tags)s",
}


@cache
def json_statement(layout: Layout, conditions: tuple[str, ...]) -> str:
    """Return the query that gives each order of a page as one JSON object, its head and its lines, after a comma."""
    head, lines = layout.names
    return f"""
      select ',{{"{head}":' || {_object(layout.head, "o", if_any=layout.if_any)} || ',"{lines}":['
             || coalesce((select string_agg({_object(layout.line, "l")}, ',' order by l.id)
                          {_OWN_LINES}), '')
             || ']}}'
        from {_page(conditions)}
       order by page.placed_at desc, page.id desc
    """


@cache
def csv_statement(layout: Layout, conditions: tuple[str, ...]) -> str:
    """Return the query that gives each order of a page as CSV lines: one for each line, with the head repeated in each."""
    none = " || ".join(["%(separator)s"] * (len(layout.line) - 1))
    return f"""
      select coalesce((select string_agg(o.text || %(separator)s || {_line(layout.line)}
                                         || E'\\n', '' order by l.id) {_OWN_LINES}),
                      o.text || %(separator)s || {none} || E'\\n')
        from (select page.id, page.placed_at, {_line(layout.head)} as text
                from {_page(conditions)}
               order by page.placed_at desc, page.id desc offset 0) o
       order by o.placed_at desc, o.id desc
    """


def count_statement(conditions: tuple[str, ...]) -> str:
    """Return the query that counts all orders that match."""
    return COUNT.format(conditions=_all_of(conditions))


def _page(conditions: tuple[str, ...]) -> str:
    return _PAGE.format(conditions=_all_of(conditions))


def _all_of(conditions: Iterable[str]) -> str:
    return " ".join(f"and {CONDITIONS[name]}" for name in conditions)


def _object(columns: Sequence[Column], alias: str, *, if_any: str = "") -> str:
    """Return the SQL of one JSON object as text, put together from its keys and values.

    `row_to_json` looks up the type of each value again for each order, which takes longer than all the rest. Neighbours that are
    nothing but extras are one constant where there are none.
    """
    parts: list[str] = []
    for is_extra, group in groupby(columns, key=lambda column: column.without_extras is not None):
        neighbours = list(group)
        first = columns[0].key
        values = [part for column in neighbours for part in _pair(column, first, if_any=if_any)]
        if is_extra and len(neighbours) > 1:
            constant = "".join(_constant(column, first) for column in neighbours)
            parts.append(
                f"case when {alias}.extras = '{{}}' then {_quoted(constant)} else {_joined(values)} end"
            )
        else:
            parts += values
    return _joined([*parts, "'}'"])


def _pair(column: Column, first: str, *, if_any: str) -> list[str]:
    name = _quoted(_name(column, first))
    value = _json_value(column)
    if column.key == if_any:
        return [f"coalesce({name} || {value}, '')"]
    return [name, f"coalesce({value}, 'null')"]


def _name(column: Column, first: str) -> str:
    return f'{"{" if column.key == first else ","}"{column.key}":'


def _constant(column: Column, first: str) -> str:
    text = column.without_extras or ""
    is_text = column.kind is Kind.TEXT
    return _name(column, first) + (f'"{text}"' if is_text else text or "null")


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _joined(parts: Sequence[str]) -> str:
    groups = (parts[n : n + _MAX_ARGUMENTS] for n in range(0, len(parts), _MAX_ARGUMENTS))
    texts = [f"concat({', '.join(group)})" for group in groups]
    return texts[0] if len(texts) == 1 else f"concat({', '.join(texts)})"


def _json_value(column: Column) -> str:
    value = _value(column)
    match column.kind:
        case Kind.TEXT:  # most texts are empty, and writing one takes longer than to see that
            return f"""case {value} when '' then '""' else to_json({value})::text end"""
        case Kind.INSTANT:
            return f"""'"' || {value} || '"'"""
        case _:
            return f"({value})::text"


def _line(columns: Iterable[Column]) -> str:
    texts = (f"({_value(column)})::text" for column in columns)
    cells = ", ".join(_CELL.format(text) for text in texts)
    return f"array_to_string(array[{cells}], %(separator)s, '')"


def _value(column: Column) -> str:
    return _WRITTEN[column.kind].format(column.sql)
