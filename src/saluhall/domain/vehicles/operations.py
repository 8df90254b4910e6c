"""Keep what a provider said of number plates, for a day; then it is forgotten."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from saluhall.domain.vehicles import store
from saluhall.domain.vehicles.model import Kept
from saluhall.storage import Transaction

KEPT_FOR: Final = timedelta(hours=24)


async def recall(tx: Transaction, *, plate: str, now: datetime) -> Kept | None:
    """Return the provider's response for a plate from the last day, or None."""
    return await store.find(tx, plate=plate, since=now - KEPT_FOR)


async def remember(
    tx: Transaction, *, plate: str, vehicle: Mapping[str, Any] | None, now: datetime
) -> None:
    """Keep what the provider said of a plate: the vehicle, or that there is none."""
    await store.forget(tx, until=now - KEPT_FOR)
    await store.keep(tx, plate=plate, vehicle=vehicle, now=now)
