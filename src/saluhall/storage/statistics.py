"""Statistics for the planner, kept fresh while tables grow fast: PostgreSQL itself looks after them once a minute at most.

A statement that a connection has prepared keeps its plan until its tables are analysed. One that was made for an empty table may read
whatever begins with the same account, which is nothing then and soon is everything.
"""

from psycopg.sql import SQL, Identifier

from saluhall.storage.database import Transaction

# Larger than the ten pages that PostgreSQL assumes of a new table, and never analysed, or four times what it was then.
_GROWN = """
  select relname from pg_class
   where relkind = 'r' and relnamespace = current_schema()::regnamespace
     and pg_relation_size(oid) > 10 * 8192
     and (reltuples < 0 or pg_relation_size(oid) > 4 * relpages::bigint * 8192)
"""


async def refresh(tx: Transaction) -> list[str]:
    """Analyse the tables that have grown much since they were last; tell which."""
    grown = await tx.all(lambda row: str(row["relname"]), _GROWN)
    for table in grown:
        await tx.run(SQL("analyze (skip_locked) {}").format(Identifier(table)).as_string())
    return grown
