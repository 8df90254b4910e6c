from datetime import timedelta
from typing import Any
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders import operations
from saluhall.domain.orders.model import OrderStatus, StatusChange
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from tests.dialects.sellrapido.order_book import keep_in, order

NOW = utc_now().replace(microsecond=0)
BY = Principal(account_id=new_id(), account_name="a shop")
_PUSH = """
  select o.status, u.kind, u.due_at, coalesce(u.attempts, 0) as attempts, u.claimed_by
    from orders o
    left join order_updates u on u.account_id = o.account_id and u.order_id = o.id and u.due_at is not null
   where o.account_id = %(account_id)s and o.id = %(id)s
"""
_CLAIM = """
  update order_updates set claimed_by = %(worker)s, attempts = 3, due_at = due_at + interval '1 hour'
   where account_id = %(account_id)s and due_at is not null
"""


async def at_a_marketplace(db: Database) -> tuple[int, UUID]:
    """Keep an order that waits for its payment; return its id and its connection's."""
    given, connection_id = order(status="standby", code="A-1"), new_id()
    await keep_in(db, BY, given, connection_id=connection_id)
    return given["head"]["id"], connection_id


async def change(db: Database, order_id: int, status: OrderStatus) -> set[tuple[str, str]]:
    """Change a status; return the wake_ups that ring for it."""
    change = StatusChange(index=0, order_id=order_id, status=status)
    async with db.transaction() as tx:
        assert await operations.change_status(tx, principal=BY, changes=[change], now=NOW) == []
        return set(tx.wake_ups)


async def claim(db: Database) -> UUID:
    """Let a worker take what is due, after three tries."""
    worker = new_id()
    async with db.transaction() as tx:
        await tx.run(_CLAIM, {"account_id": BY.account_id, "worker": worker})
    return worker


async def push(db: Database, order_id: int) -> tuple[Any, ...]:
    async with db.statement() as tx:
        [row] = await tx.all(dict, _PUSH, {"account_id": BY.account_id, "id": order_id})
    return tuple(row.values())


async def test_a_change_is_due_and_rings_for_its_connection(db: Database) -> None:
    order_id, connection_id = await at_a_marketplace(db)

    wake_ups = await change(db, order_id, OrderStatus.PAID)

    assert wake_ups == {("push_orders", str(connection_id))}
    assert await push(db, order_id) == ("paid", "paid", NOW, 0, None)


async def test_the_same_status_again_leaves_the_push_with_its_worker(db: Database) -> None:
    order_id, _ = await at_a_marketplace(db)
    await change(db, order_id, OrderStatus.SHIPPED)
    worker = await claim(db)

    await change(db, order_id, OrderStatus.SHIPPED)

    due_at = NOW + timedelta(hours=1)
    assert await push(db, order_id) == ("shipped", "shipped", due_at, 3, worker)


async def test_another_wish_is_pushed_anew(db: Database) -> None:
    order_id, _ = await at_a_marketplace(db)
    await change(db, order_id, OrderStatus.PAID)
    await claim(db)

    await change(db, order_id, OrderStatus.SHIPPED)

    assert await push(db, order_id) == ("shipped", "shipped", NOW, 0, None)


async def test_what_is_taken_back_is_not_pushed(db: Database) -> None:
    order_id, _ = await at_a_marketplace(db)
    await change(db, order_id, OrderStatus.PAID)
    await claim(db)

    wake_ups = await change(db, order_id, OrderStatus.PENDING)

    assert wake_ups == set()
    assert await push(db, order_id) == ("pending", None, None, 0, None)
