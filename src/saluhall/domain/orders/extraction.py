"""The SQL that writes orders as text: PostgreSQL makes the JSON and the CSV, so that a million orders pass through us as bytes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from saluhall.domain.orders.fields import HEAD, ROW, Column, Kind, Layout

# How a field of each kind is written: instants to the second in UTC, decimals with a decimal point whatever scale they were stored with.
_WRITTEN: Mapping[Kind, str] = {
    Kind.TEXT: "{}",
    Kind.WHOLE: "{}",
    Kind.JSON: "{}",
    Kind.DECIMAL: "{} + 0.0",
    Kind.INSTANT: """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}
_MOST_ARGUMENTS = 100  # that a function of PostgreSQL takes
# Only keys are sorted and skipped, mostly in the index alone; the orders of the page are then fetched one by one.
_PAGE = """
  (select h.id, h.date_order from order_heads h
    where h.account_id = %(owner)s {conditions}
    order by h.date_order desc, h.id desc
    limit %(limit)s::bigint offset %(offset)s) page
  cross join lateral (
    select * from order_heads h where h.account_id = %(owner)s and h.id = page.id offset 0) h
"""
_OWN_ROWS = "from order_rows r where r.account_id = %(owner)s and r.order_id = h.id"
# A cell is quoted when it holds a quotation mark, a line break or the character that the separator begins with (so that no end of a
# cell can be taken for the beginning of a separator); quotation marks within are doubled.
_CELL = """
  case when strpos({0}, left(%(separator)s, 1)) > 0 or {0} ~ '["\\r\\n]'
       then '"' || replace({0}, '"', '""') || '"' else {0} end
"""
COUNT = "select count(*) as count from order_heads h where h.account_id = %(owner)s {conditions}"
# When a day begins by a clock. Where it is midnight twice, for the clock is set back over it, the day begins the first time.
_DAWN = """
  least({0}::timestamp at time zone %(time_zone)s,
        ({0}::timestamp - interval '1 hour') at time zone %(time_zone)s + interval '1 hour')
"""
CONDITIONS: Mapping[str, str] = {
    "ordered_from": f"h.date_order >= {_DAWN.format('%(ordered_from)s')}",
    "ordered_to": f"h.date_order < {_DAWN.format('(%(ordered_to)s + 1)')}",
    "modified_from": f"h.modified >= {_DAWN.format('%(modified_from)s')}",
    "modified_to": f"h.modified < {_DAWN.format('(%(modified_to)s + 1)')}",
    "codes": "h.code = any(%(codes)s)",
    "statuses": "h.status = any(%(statuses)s)",
    "tags": "string_to_array(h.tags, ';') && %(tags)s",
}


@cache
def json_statement(layout: Layout, conditions: tuple[str, ...]) -> str:
    """Write the query that gives each order of a page as one JSON object, its head and its rows, after a comma."""
    return f"""
      select ',{{"head":' || {_object(layout.head, HEAD, "h", if_any=layout.if_any)} || ',"rows":['
             || coalesce((select string_agg({_object(layout.row, ROW, "r")}, ',' order by r.id)
                          {_OWN_ROWS}), '')
             || ']}}'
        from {_page(conditions)}
       order by page.date_order desc, page.id desc
    """


@cache
def csv_statement(layout: Layout, conditions: tuple[str, ...]) -> str:
    """Write the query that gives each order of a page as CSV lines: one for each row, with the head repeated in each."""
    none = " || ".join(["%(separator)s"] * (len(layout.row) - 1))
    return f"""
      select coalesce((select string_agg(h.line || %(separator)s || {_line(layout.row, ROW, "r")}
                                         || E'\\n', '' order by r.id) {_OWN_ROWS}),
                      h.line || %(separator)s || {none} || E'\\n')
        from (select page.id, page.date_order, {_line(layout.head, HEAD, "h")} as line
                from {_page(conditions)}
               order by page.date_order desc, page.id desc offset 0) h
       order by h.date_order desc, h.id desc
    """


def count_statement(conditions: tuple[str, ...]) -> str:
    """Write the query that counts all orders that match."""
    return COUNT.format(conditions=_all_of(conditions))


def _page(conditions: tuple[str, ...]) -> str:
    return _PAGE.format(conditions=_all_of(conditions))


def _all_of(conditions: Iterable[str]) -> str:
    return " ".join(f"and {CONDITIONS[name]}" for name in conditions)


def _object(
    columns: Iterable[Column], kinds: Mapping[str, Kind], alias: str, *, if_any: str = ""
) -> str:
    """Write one JSON object as text, put together from its keys and values.

    `row_to_json` looks up the type of each value anew for each order, which takes longer than all the rest.
    """
    parts: list[str] = []
    for column in columns:
        name = f"""'{"," if parts else "{"}"{column.key}":'"""
        value = _json_value(column, kinds, alias)
        if column.key == if_any:
            parts.append(f"coalesce({name} || {value}, '')")
        else:
            parts += name, f"coalesce({value}, 'null')"
    return _joined([*parts, "'}'"])


def _joined(parts: Sequence[str]) -> str:
    groups = (parts[n : n + _MOST_ARGUMENTS] for n in range(0, len(parts), _MOST_ARGUMENTS))
    texts = (f"concat({', '.join(group)})" for group in groups)
    return f"concat({', '.join(texts)})"


def _json_value(column: Column, kinds: Mapping[str, Kind], alias: str) -> str:
    value = _value(column, kinds, alias)
    match Kind.TEXT if column.constant else kinds[column.field]:
        case Kind.TEXT:
            return f"to_json({value})::text"
        case Kind.INSTANT:
            return f"""'"' || {value} || '"'"""
        case _:
            return f"({value})::text"


def _line(columns: Iterable[Column], kinds: Mapping[str, Kind], alias: str) -> str:
    texts = (f"({_value(column, kinds, alias)})::text" for column in columns)
    cells = ", ".join(_CELL.format(text) for text in texts)
    return f"array_to_string(array[{cells}], %(separator)s, '')"


def _value(column: Column, kinds: Mapping[str, Kind], alias: str) -> str:
    if column.constant:
        return f"'{column.constant}'::text"
    return _WRITTEN[kinds[column.field]].format(f"{alias}.{column.field}")
