"""The bare twin of a call that stores products: COPY of the same rows into the same table."""

import time
from typing import Any

import psycopg

_NEITHER = frozenset({"number", "id", "sku"})
_COLUMNS = """
  select column_name from information_schema.columns
   where table_schema = 'public' and table_name = 'products' and is_generated = 'NEVER'
   order by ordinal_position
"""


async def copy_again(
    connection: psycopg.AsyncConnection[Any], account_id: str, prefix: str, *, rows: int
) -> float:
    """Copy the rows of a call, found by the beginning of their skus, in once more under other skus and ids; return the seconds it took.

    Raises RuntimeError when they are not so many.
    """
    names = [name for (name,) in await (await connection.execute(_COLUMNS)).fetchall()]
    same = ", ".join(name for name in names if name not in _NEITHER)
    query = f"select gen_random_uuid(), 'copy-' || sku, {same} from products where account_id = %s and sku like %s"
    async with connection.cursor() as cursor:
        async with cursor.copy(f"copy ({query}) to stdout", [account_id, f"{prefix}%"]) as out:
            lines = b"".join([bytes(row) async for row in out])
        began = time.perf_counter()
        async with cursor.copy(f"copy products (id, sku, {same}) from stdin") as table:
            await table.write(lines)
        seconds = time.perf_counter() - began
    if lines.count(b"\n") != rows:
        raise RuntimeError("these are not the rows of the call")
    return seconds
