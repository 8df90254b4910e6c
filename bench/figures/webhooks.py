"""webhooks-per-s: first attempts per second that one worker process delivers to one endpoint over TLS on loopback."""

import psycopg

from bench.figure import Figure, Result, middle, spread
from bench.receiver import Receiver
from bench.seller import Seller, open_account
from bench.stage import Stage

TARGET = 600.0
ROUNDS = 5
DELIVERIES = 5000
_TIMEOUT_S = 120.0
_DUE = """
  with e as (
    insert into events (account_id, id, type, at, product_id, sku, data)
    select %(account_id)s, new_ulid(), 'listing.published', now(), new_ulid(), 'PART-' || n,
           jsonb_build_object('platform', 'tradera', 'currency', 'SEK', 'external_id', n::text,
                              'url', 'https://www.tradera.com/item/' || n)
      from generate_series(1, %(count)s) n
    returning account_id, id, sku
  )
  insert into deliveries (account_id, id, endpoint_id, event_id, sku, state, due_at)
  select e.account_id, new_ulid(), p.id, e.id, e.sku, 'due', now()
    from e join endpoints p on p.account_id = e.account_id
"""


async def measure(stage: Stage) -> list[Result]:
    """Let deliveries become due all at once, and take the rate at which they arrive."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    async with stage.process(["bench.receiver", str(stage.folder)]) as process:
        receiver = Receiver(**process.announced())
        await seller.listen(f"{receiver.url}/hook", ca_file=receiver.ca_file)
        env = stage.settings(SALUHALL_DATABASE_URL=url, SALUHALL_OUTBOUND_CA_FILE=receiver.ca_file)
        async with stage.process(["saluhall", "worker"], env=env) as worker:
            rates = []
            for _ in range(ROUNDS):
                before = worker.cpu_s()
                rates.append(await _round(url, seller, receiver))
                each = (worker.cpu_s() - before) / DELIVERIES
                print(
                    f"  {rates[-1]:.0f} a second, {each * 1e6:.0f} us of processor each", flush=True
                )
    return [
        Result(
            figure="webhooks-per-s",
            ours=middle(rates),
            reference=TARGET,
            ratio=middle(rates) / TARGET,
            unit="1/s",
            target=TARGET,
            note=f"{DELIVERIES} due at once, one worker process; {spread(rates)}",
        )
    ]


async def _round(url: str, seller: Seller, receiver: Receiver) -> float:
    await receiver.get("/forget")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(_DUE, {"account_id": seller.account_id, "count": DELIVERIES})
    await receiver.until(DELIVERIES, timeout_s=_TIMEOUT_S)
    times = [arrival.at for arrival in await receiver.arrivals()]
    return (len(times) - 1) / (max(times) - min(times))


FIGURE = Figure(name="webhooks-per-s", measure=measure)
