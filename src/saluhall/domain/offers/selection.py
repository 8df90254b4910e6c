"""Offer the products that the policies of an account select, and end the offers of those that they select no longer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from saluhall.domain.offers import selection_store
from saluhall.domain.offers.model import Place
from saluhall.domain.offers.operations import default_format
from saluhall.storage import Transaction

KNOWN_FOR: Final = timedelta(seconds=1)
_MAX_KNOWN = 10_000
# Accounts of which no policy selected anything a moment ago: writing their products costs no statement more.
_selects_nothing: dict[UUID, datetime] = {}


async def select(
    tx: Transaction, *, account_id: UUID, product_ids: Sequence[UUID], now: datetime
) -> set[UUID]:
    """Offer products by all policies of the account; return those of which an offer changed.

    A new policy is seen after `KNOWN_FOR` at the latest; what sets one selects all products after that.
    """
    known = _selects_nothing.get(account_id)
    if not product_ids or (known is not None and known <= now < known + KNOWN_FOR):
        return set()
    places = await selection_store.list_selecting(tx, account_id)
    if not places:
        if len(_selects_nothing) >= _MAX_KNOWN:
            _selects_nothing.clear()
        _selects_nothing[account_id] = now
    changed: set[UUID] = set()
    for place in places:
        changed |= await select_at(
            tx, account_id=account_id, place=place, product_ids=product_ids, now=now
        )
    return changed


async def select_at(
    tx: Transaction,
    *,
    account_id: UUID,
    place: Place,
    product_ids: Sequence[UUID],
    now: datetime,
) -> set[UUID]:
    """Offer products at one connection by its policy; return those of which an offer changed."""
    _selects_nothing.pop(account_id, None)
    chosen = default_format(place)
    return set(
        await selection_store.select(
            tx, account_id, product_ids, place=place, format=chosen, now=now
        )
    )


async def newest_transaction(tx: Transaction) -> str:
    """Return the newest transaction that may write products without knowing what policies are in force now."""
    return await selection_store.newest(tx)


async def are_over(tx: Transaction, newest: str) -> bool:
    """Return whether all transactions up to `newest` are over, so that this one sees what they wrote."""
    return await selection_store.are_over(tx, newest)
