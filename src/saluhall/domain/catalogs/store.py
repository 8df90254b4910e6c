"""The SQL of catalogs."""

from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction

ADD = """
  insert into catalogs (account_id, id, code, name, created_at)
  values (%(owner)s, %(id)s, %(code)s, %(name)s, %(now)s)
"""


async def add(
    tx: Transaction, owner: UUID, *, catalog_id: UUID, code: str, name: str, now: datetime
) -> None:
    """Store a catalog. Raises Conflict."""
    await tx.run(ADD, {"owner": owner, "id": catalog_id, "code": code, "name": name, "now": now})
