"""The SQL of number plates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from saluhall.storage import Transaction

FIND = "select vehicle from number_plates where plate = %(plate)s and asked_at > %(since)s"
KEEP = """
  insert into number_plates (plate, vehicle, asked_at)
  values (%(plate)s, %(vehicle)s::text::jsonb, %(now)s)
  on conflict (plate) do update set vehicle = excluded.vehicle, asked_at = excluded.asked_at
"""
DELETE_OLD = "delete from number_plates where asked_at <= %(until)s"


class Kept(Struct, frozen=True):
    """A response of the provider; `vehicle` None: it knows no such plate."""

    vehicle: Mapping[str, Any] | None


async def find(tx: Transaction, *, plate: str, since: datetime) -> Kept | None:
    """Find what was said of a plate since then."""
    return await tx.one(lambda row: Kept(row["vehicle"]), FIND, {"plate": plate, "since": since})


async def keep(
    tx: Transaction, *, plate: str, vehicle: Mapping[str, Any] | None, now: datetime
) -> None:
    """Keep what was said of a plate."""
    text = None if vehicle is None else msgspec.json.encode(vehicle).decode()
    await tx.run(KEEP, {"plate": plate, "vehicle": text, "now": now})


async def delete_old(tx: Transaction, *, until: datetime) -> None:
    """Delete what is too old."""
    await tx.run(DELETE_OLD, {"until": until})
