"""The SQL of vehicles."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from saluhall.domain.vehicles.model import Kept
from saluhall.storage import Transaction

FIND = "select vehicle from vehicles where plate = %(plate)s and asked_at > %(since)s"
KEEP = """
  insert into vehicles (plate, vehicle, asked_at)
  values (%(plate)s, %(vehicle)s::text::jsonb, %(now)s)
  on conflict (plate) do update set vehicle = excluded.vehicle, asked_at = excluded.asked_at
"""
FORGET = "delete from vehicles where asked_at <= %(until)s"


async def find(tx: Transaction, *, plate: str, since: datetime) -> Kept | None:
    """Find what was said of a plate since then."""
    return await tx.one(lambda row: Kept(row["vehicle"]), FIND, {"plate": plate, "since": since})


async def keep(
    tx: Transaction, *, plate: str, vehicle: Mapping[str, Any] | None, now: datetime
) -> None:
    """Keep what was said of a plate."""
    text = None if vehicle is None else msgspec.json.encode(vehicle).decode()
    await tx.run(KEEP, {"plate": plate, "vehicle": text, "now": now})


async def forget(tx: Transaction, *, until: datetime) -> None:
    """Forget what is too old."""
    await tx.run(FORGET, {"until": until})
