"""`python -m tests.cluster`: under load the primary is killed, the standby promoted; then all is restarted. By hand, and by Patroni."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

from tests.cluster import patroni
from tests.cluster.checks import DRAINED_WITHIN_S, drained, violations
from tests.cluster.load import Load
from tests.cluster.stage import Stage, staged
from tests.pgbouncer import INSTALLED, MISSING

_WRITERS = 8
_FAILOVERS = int(os.environ.get("CLUSTER_FAILOVERS") or 1)
# "patroni" or "by-hand": that failover alone.
_WITH = os.environ.get("CLUSTER_WITH", "")
_BEFORE_S, _AFTER_S = 6.0, 8.0
_WRITES_WITHIN_S = 2.0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - it is a command


async def failover(stage: Stage, load: Load) -> bool:
    """Kill the primary; see the standby promoted, and when writes continue."""
    killed = time.monotonic()
    promoted = await stage.databases.fail()
    await asyncio.sleep(_AFTER_S)
    took = load.first_after(promoted)
    say(
        f"  promoted {promoted - killed:.1f} s after the kill; first write accepted {took:.2f} s after the promotion;"
        f" load of the machine {os.getloadavg()[0]:.0f}"
    )
    return took <= _WRITES_WITHIN_S


async def rolling_restart(stage: Stage, _load: Load) -> bool:
    """Restart everything, one after the other, and PostgreSQL too."""
    await asyncio.to_thread(stage.databases.repair)
    say("  a new standby streams")
    for machine in (*stage.apis, *stage.workers):
        await machine.stop()
        await machine.start()
    say("  the machines of the hub are restarted")
    await asyncio.to_thread(_restart_pooler, stage)
    await stage.databases.restart()
    say("  PgBouncer, the standby and the primary are restarted")
    return True


def _restart_pooler(stage: Stage) -> None:
    stage.pooler.stop()
    stage.pooler.start()


async def play(name: str, stage: Stage, story: Callable[[Stage, Load], Awaitable[bool]]) -> bool:
    """Play a scenario under load; print what was seen; True when everything is correct."""
    say(name)
    bases = [machine.base for machine in stage.apis]
    load = Load(bases, api_key=stage.shop.api_key, image=stage.image, writers=_WRITERS, name=name)
    async with load:
        await asyncio.sleep(_BEFORE_S)
        is_right = await story(stage, load)
    took, due = await drained(stage.shop)
    found = await violations(stage.shop, load)
    say(
        f"  {len(load.items)} items, {len(load.acknowledged)} writes accepted; answers {dict(load.answers)};"
        f" the longest answer {load.slowest_s:.1f} s; all work done {took:.1f} s after the load{due and ': ' + due}"
    )
    for what, which in found.items():
        say(f"  {what}: {len(which)} {which[:3] if which else ''}")
    ended = [machine.name for machine in (*stage.apis, *stage.workers) if machine.has_ended()]
    say(f"  processes that ended: {ended or 'none'}")
    return is_right and took <= DRAINED_WITHIN_S and not ended and not any(found.values())


async def tour(*, with_patroni: bool) -> bool:
    """Play every story, on machines of their own."""
    right = []
    async with staged(with_patroni=with_patroni) as stage:
        say(f"Failover {stage.databases.name}")
        for _ in range(_FAILOVERS):
            await asyncio.to_thread(stage.databases.repair)
            right.append(await play("The primary is killed, the standby promoted", stage, failover))
        right.append(
            await play("Everything is restarted, one after the other", stage, rolling_restart)
        )
    return all(right)


async def main() -> int:
    if INSTALLED is None:
        say(MISSING)
        return 2
    right = True if _WITH == "patroni" else await tour(with_patroni=False)
    if _WITH != "by-hand":
        if patroni.IS_INSTALLED:
            right &= await tour(with_patroni=True)
        else:
            say(f"SKIPPED: failover by Patroni: {patroni.MISSING}")
    say("all right" if right else "NOT RIGHT")
    return 0 if right else 1


sys.exit(asyncio.run(main()))
