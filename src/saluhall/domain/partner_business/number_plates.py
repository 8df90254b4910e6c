"""Keep what a provider said of number plates, for a day; then it is deleted. It is the same for every account."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from saluhall.domain.partner_business import number_plates_store
from saluhall.domain.partner_business.number_plates_store import Kept
from saluhall.storage import Transaction

KEPT_FOR: Final = timedelta(hours=24)


async def recall(tx: Transaction, *, plate: str, now: datetime) -> Kept | None:
    """Return the provider's response for a plate from the last day, or None."""
    return await number_plates_store.find(tx, plate=plate, since=now - KEPT_FOR)


async def remember(
    tx: Transaction, *, plate: str, vehicle: Mapping[str, Any] | None, now: datetime
) -> None:
    """Keep what the provider said of a plate: the vehicle, or that there is none."""
    await number_plates_store.delete_old(tx, until=now - KEPT_FOR)
    await number_plates_store.keep(tx, plate=plate, vehicle=vehicle, now=now)
