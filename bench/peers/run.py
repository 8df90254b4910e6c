"""Running the jobs: everybody in turn, round after round, each round timed and checked."""

import time
from collections.abc import Sequence

from msgspec import Struct

from bench.figure import middle
from bench.peers.client import Unexpected
from bench.peers.peer import Peer
from bench.peers.work import (
    CHANGE,
    CREATE_BULK,
    CREATE_ONE,
    JOBS,
    ORDERS,
    PRODUCTS,
    READ_ORDERS,
    ROUNDS,
    TARGET,
    Job,
    products,
)

_SEED = "seed"


class Line(Struct, frozen=True, kw_only=True):
    """What a job gave: the rates of all rounds for everybody who can do it, and how many rows a round had."""

    job: Job
    rates: dict[str, list[float]]
    rows: dict[str, int]
    cannot: dict[str, str]

    def rate(self, name: str) -> float:
        """Take the median of somebody's rounds."""
        return middle(self.rates[name])

    def best_peer(self, ours: str) -> str | None:
        """Name the fastest of the others; None when nobody else can do it."""
        others = [name for name in self.rates if name != ours]
        return max(others, key=self.rate, default=None)

    def factor(self, ours: str) -> float | None:
        """Return how many times as fast as the best peer we are."""
        best = self.best_peer(ours)
        return None if best is None else self.rate(ours) / self.rate(best)

    def holds(self, ours: str) -> bool | None:
        """Return whether the target is met; None when nobody else can do it."""
        factor = self.factor(ours)
        return None if factor is None else factor >= TARGET


async def seed(peers: Sequence[Peer]) -> None:
    """Give everybody the same products and orders."""
    for peer in peers:
        began = time.perf_counter()
        await peer.seed(products(_SEED, PRODUCTS), orders=ORDERS)
        seconds = time.perf_counter() - began
        print(f"  {peer.name}: {PRODUCTS} products, {ORDERS} orders, {seconds:.0f} s", flush=True)


async def measure(job: Job, peers: Sequence[Peer]) -> Line:
    """Do a job once for warming up and then in rounds, the peers taking turns. Raises Unexpected when something is missing."""
    able = [peer for peer in peers if job.name not in peer.cannot]
    rates: dict[str, list[float]] = {peer.name: [] for peer in able}
    print(job.what, flush=True)
    for number in range(-1, ROUNDS):
        for peer in able:
            await peer.freshen()
            rate = peer.rows[job.name] / await _round(job, peer, number)
            if number >= 0:
                rates[peer.name].append(rate)
        if number >= 0:
            now = ", ".join(f"{name} {each[-1]:,.1f}" for name, each in rates.items())
            print(f"  {now} {job.unit}", flush=True)
    return Line(
        job=job,
        rates=rates,
        rows={peer.name: peer.rows[job.name] for peer in able},
        cannot={p.name: p.cannot[job.name] for p in peers if job.name in p.cannot},
    )


async def _round(job: Job, peer: Peer, number: int) -> float:
    """Do a round and return its seconds."""
    rows = peer.rows[job.name]
    if job in {CREATE_ONE, CREATE_BULK}:
        new = products(f"{job.name}-{number + 1}", rows)
        do = peer.create_one_by_one if job == CREATE_ONE else peer.create_in_bulk
        began = time.perf_counter()
        await do(new)
        return time.perf_counter() - began
    if job == CHANGE:
        return await _change(peer, rows, number)
    return await _read(job, peer, rows)


async def _change(peer: Peer, rows: int, number: int) -> float:
    """Change the seeded products, all of them or so many, as often as makes the rows of a round."""
    several = min(rows, PRODUCTS)
    waves = [
        products(_SEED, several, raised_by=1 + wave + (number + 1) * 100)
        for wave in range(rows // several)
    ]
    began = time.perf_counter()
    for wave in waves:
        await peer.change(wave)
    return time.perf_counter() - began


async def _read(job: Job, peer: Peer, rows: int) -> float:
    """Read everything as often as makes the rows of a round, and count the last of it outside of the clock."""
    is_orders = job == READ_ORDERS
    there = ORDERS if is_orders else PRODUCTS
    read = peer.read_orders if is_orders else peer.read_products
    bodies = list[bytes]()
    began = time.perf_counter()
    for _ in range(rows // there):
        bodies = await read()
    seconds = time.perf_counter() - began
    found = peer.count_orders(bodies) if is_orders else peer.count_products(bodies)
    if found != there:
        raise Unexpected(f"{peer.name}: {found} of {there} were read")
    return seconds


async def measure_all(peers: Sequence[Peer]) -> list[Line]:
    """Seed, then do all jobs; reading comes first, while everybody has the same products."""
    await seed(peers)
    return [await measure(job, peers) for job in JOBS]
