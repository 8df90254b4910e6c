"""The sweep finds the keys that have due rows, and no others, however the rows are stored."""

import psycopg
import pytest

from saluhall.jobs.due import DUE_ROWS, DueRows
from tests.postgres import Postgres
from tests.storage import filling

NOW = {"now": "2030-01-01"}
# What is due to nobody's key yet: later than now, or never.
LATER = """
  update {table} set {due} = case when n % 3 = 0 then timestamptz '2031-01-01' end
    from (select ctid as place, row_number() over () as n from {table} where {due} is not null) r
   where ctid = place and n % 3 <> 1
"""


def plainly(rows: DueRows) -> str:
    """Write the same question without going along an index."""
    return (
        f"select distinct {rows.key} from {rows.table} where {rows.due} <= %(now)s and {rows.only}"
    )


@pytest.mark.parametrize("rows", DUE_ROWS.values(), ids=DUE_ROWS.keys())
def test_every_key_with_due_rows_is_found_once(postgres: Postgres, rows: DueRows) -> None:
    with psycopg.connect(postgres.new_database(), autocommit=True) as connection:
        filling.open_accounts(connection)
        filling.sell(connection, first=0, last=3000)
        connection.execute("update connections set state = 'disconnected' where number % 4 = 0")
        connection.execute(LATER.format(table=rows.table, due=rows.due).encode())
        found = connection.execute(rows.due_keys.encode(), NOW).fetchall()
        wanted = connection.execute(plainly(rows).encode(), NOW).fetchall()

    assert len(found) == len(set(found)) == min(len(wanted), 1000)
    assert set(found) <= set(wanted)
