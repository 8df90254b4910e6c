"""Questions about orders."""

from collections.abc import AsyncGenerator

from msgspec import structs

from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import zone_of_days
from saluhall.domain.orders import details_store, store
from saluhall.domain.orders.details_model import OrderDetails
from saluhall.domain.orders.extraction import Layout
from saluhall.domain.orders.model import Order, OrderFilter, OrderNotFound, OrderStatus
from saluhall.storage import Transaction


async def list_orders(
    tx: Transaction,
    *,
    principal: Principal,
    status: OrderStatus | None = None,
    attention: bool = False,
    limit: int = 1000,
) -> list[Order]:
    """List an account's orders, newest first: those of a status, those in progress with a line that a person should look at."""
    return await store.list_orders(
        tx, principal.account_id, status=status, attention=attention, limit=limit
    )


async def get_order(tx: Transaction, *, principal: Principal, order_id: int) -> OrderDetails:
    """Return an order with its parcels, its refunds, and what its channel was notified of. Raises OrderNotFound."""
    account_id = principal.account_id
    order = await store.find(tx, account_id, order_id)
    if order is None:
        raise OrderNotFound(order_id)
    return OrderDetails(
        order=order,
        parcels=await details_store.parcels(tx, account_id, order_id),
        refunds=await details_store.refunds(tx, account_id, order_id),
        updates=await details_store.updates(tx, account_id, order_id),
    )


async def by_clock_of_account(
    tx: Transaction, *, principal: Principal, wanted: OrderFilter
) -> OrderFilter:
    """Let the days that are asked for begin by the clock that the account chose."""
    if not wanted.names_days:
        return wanted
    return structs.replace(wanted, time_zone=await zone_of_days(tx, principal=principal))


async def count_orders(tx: Transaction, *, principal: Principal, wanted: OrderFilter) -> int:
    """Count all orders that match, whatever page is asked for."""
    return await store.count(tx, principal.account_id, wanted)


def list_as_json(
    tx: Transaction, *, principal: Principal, wanted: OrderFilter, layout: Layout
) -> AsyncGenerator[bytes, None]:
    """Read a page of orders, newest first, in blocks of text: one JSON object `{"head", "rows"}` after the other, a comma before each.

    Read it within `aclosing`: who stops early also stops the query.
    """
    return store.as_json(tx, principal.account_id, wanted, layout)


def list_as_csv(
    tx: Transaction, *, principal: Principal, wanted: OrderFilter, layout: Layout, separator: str
) -> AsyncGenerator[bytes, None]:
    """Read a page of orders, newest first, in blocks of text: one CSV line for each line of an order, or one for an order without.

    Read it within `aclosing`: who stops early also stops the query.
    """
    return store.as_csv(tx, principal.account_id, wanted, layout, separator=separator)
