"""The log of webhook deliveries forgets what is too old, and only that."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.hub import Hub

OLD = """
  insert into delivery_attempts (account_id, id, delivery_id, endpoint_id, event_id, success, at)
  select %(owner)s, new_ulid(), new_ulid(), new_ulid(), new_ulid(), true, now() - n * interval '1 hour'
    from generate_series(1, %(hours)s) n
  returning id
"""


async def test_old_attempts_are_pruned_however_many(
    start_hub: Callable[..., Awaitable[Hub]],
) -> None:
    hub = await start_hub(SALUHALL_WEBHOOK_LOG_DAYS="2")
    shop = await hub.open_shop()
    await shop.rows(OLD, hours=12_000)
    await shop.rows(
        "update prunings set due_at = now() where %(owner)s::uuid is not null returning kind"
    )

    left = "select at from delivery_attempts where account_id = %(owner)s"
    deadline = time.monotonic() + 60
    while len(await shop.rows(left)) > 48:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)

    assert len(await shop.rows(left)) in {47, 48}
