"""Keep PostgreSQL's statistics in step with tables that grow fast: its own look comes once a minute, and a first import is over by then."""

from saluhall.storage.database import Database

# Twice the pages that were counted last. A table never counted has 0, and eight pages are too few to plan badly. Rows that were committed
# after their pages were counted are known by their number alone.
_GROWN = """
  select c.oid::regclass::text as name from pg_class c
   where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
     and (pg_relation_size(c.oid) > (2 * c.relpages + 8) * current_setting('block_size')::bigint
          or pg_stat_get_live_tuples(c.oid) > 2 * greatest(c.reltuples, 0) + 1000)
"""


async def analyze_grown(db: Database) -> list[str]:
    """Take new statistics of the tables that have doubled since the last ones; return their names.

    Plans made on older statistics are replaced. One that another process is analyzing is left to it. Raises DatabaseUnavailable.
    """
    async with db.statement() as tx:
        grown = await tx.all(lambda row: str(row["name"]), _GROWN)
        for name in grown:
            await tx.run(f"analyze (skip_locked) {name}")  # quoted by PostgreSQL where need be
    return grown
