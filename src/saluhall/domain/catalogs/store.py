"""The SQL of catalogs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction

ADD = """
  insert into catalogs (account_id, id, code, name, created_at)
  values (%(owner)s, %(id)s, %(code)s, %(name)s, %(now)s)
  returning number
"""
OF_NUMBERS = """
  select number, id from catalogs where account_id = %(owner)s and number = any(%(numbers)s)
"""


async def add(
    tx: Transaction, owner: UUID, *, catalog_id: UUID, code: str, name: str, now: datetime
) -> int:
    """Store a catalog; return its number. Raises Conflict."""
    params = {"owner": owner, "id": catalog_id, "code": code, "name": name, "now": now}
    [number] = await tx.all(lambda row: int(row["number"]), ADD, params)
    return number


async def of_numbers(tx: Transaction, owner: UUID, numbers: Sequence[int]) -> dict[int, UUID]:
    """Find catalogs by their numbers."""
    params = {"owner": owner, "numbers": list(numbers)}
    return dict(await tx.all(lambda row: (row["number"], row["id"]), OF_NUMBERS, params))
