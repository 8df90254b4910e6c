"""Play a story on real processes, let everything recover, and check the invariants."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec import Struct

from saluhall.domain.accounts import operations as accounts
from saluhall.kit.clock import utc_now
from tests.chaos.facts import Facts
from tests.chaos.invariants import Violation, violations
from tests.chaos.ledger import Ledger
from tests.chaos.look import look
from tests.chaos.machine import Machine
from tests.chaos.market_moves import bid_on, bid_somewhere, leap
from tests.chaos.moves import (
    Advance,
    Bid,
    BidOn,
    CallTrouble,
    HookTrouble,
    Move,
    ProcessTrouble,
    Queue,
    Sale,
    Scene,
    Trouble,
    WrongClock,
)
from tests.chaos.proxy import Proxy
from tests.chaos.receiver import Receiver
from tests.chaos.report import Report
from tests.chaos.seller import Answers, Refused, Seller
from tests.chaos.story import SHOPS
from tests.hub import Hub, Market
from tests.shop import SECRET_KEY

_CALL_TIMEOUT_S = 4
_LOOK_EVERY_S = 2.0
_LAST_LEAP_DAYS = 30.0


class Stage(Struct, kw_only=True):
    """Who plays."""

    machine: Machine
    market: Market
    proxy: Proxy
    receiver: Receiver
    hub: Hub
    sellers: list[Seller]
    ledger: Ledger
    answers: Answers
    facts: Facts | None = None  # as they were seen last


async def play(
    story: Sequence[Scene], *, seed: int, recovery_s: float, log: Path | None = None
) -> Report:
    """Play a story; give everything so many seconds to recover, twice: as it stands, and after all auctions have ended."""
    async with staged(seed, log) as stage:
        begun = time.monotonic()
        running = await _perform(stage, story)
        _heal(stage)
        healed = time.monotonic()
        left, first_s = await _until_true(stage, running, recovery_s)
        await leap(stage.market, _LAST_LEAP_DAYS)
        left_after, second_s = await _until_true(stage, running, recovery_s)
        return Report(
            seed=seed,
            story_s=healed - begun,
            moves=[scene.move for scene in story],
            answers=stage.answers,
            calls=stage.proxy.calls,
            calls_met=stage.proxy.met,
            hooks_refused=stage.receiver.refused,
            items=len(stage.ledger.lives),
            listings=len(await stage.market.items()),
            orders=len(await stage.market.control("GET", "/orders")),
            events=sum([len(await seller.feed()) for seller in stage.sellers]),
            writes=stage.ledger.answered,
            ended_by_itself=stage.machine.ended_by_itself,
            hands=stage.machine.hands,
            recovered_s=(first_s, second_s),
            left=sorted({*left, *left_after}),
            traces=stage.ledger.traces,
            troubles=stage.ledger.troubles,
            facts=stage.facts,
        )


async def _perform(stage: Stage, story: Sequence[Scene]) -> set[asyncio.Task[None]]:
    """Make each move at its second; return what still runs."""
    begun = time.monotonic()
    stage.ledger.begun = begun
    running: set[asyncio.Task[None]] = set()
    for scene in story:
        await asyncio.sleep(max(0, begun + scene.at_s - time.monotonic()))
        task = asyncio.create_task(_make(stage, scene.move))
        running.add(task)
        task.add_done_callback(running.discard)
    return running


async def _make(stage: Stage, move: Move) -> None:
    match move:
        case Bid() | BidOn() | Advance() | Queue():
            await _sell(stage, move)
        case CallTrouble() | HookTrouble() | ProcessTrouble() | WrongClock():
            await _trouble(stage, move)
        case _:
            try:
                await stage.sellers[move.shop].write(move)
            except Refused as error:
                stage.answers.odd.append(str(error))


async def _sell(stage: Stage, move: Sale) -> None:
    match move:
        case Bid(place=place, above=above):
            await bid_somewhere(stage.market, place=place, above=above)
        case BidOn(shop=shop, sku=sku, above=above):
            await bid_on(stage.market, stage.sellers[shop].shop.user_id, sku, above=above)
        case Advance(days=days):
            stage.ledger.trouble(str(move))
            await leap(stage.market, days)
        case Queue(polls=polls):
            await stage.market.control("PUT", "/rules", {"settle_polls": polls})


async def _trouble(stage: Stage, move: Trouble) -> None:
    stage.ledger.trouble(str(move))
    match move:
        case CallTrouble(fault=fault, share=share, for_s=for_s):
            stage.proxy.mistreat(fault, share)
            await asyncio.sleep(for_s)
            stage.proxy.mistreat(None)
        case HookTrouble(share=share, for_s=for_s):
            stage.receiver.refuse = share
            await asyncio.sleep(for_s)
            stage.receiver.refuse = 0
        case ProcessTrouble():
            await _hit(stage.machine, move)
        case WrongClock(offset_s=offset_s):
            await stage.machine.turn_clock(offset_s)


async def _hit(machine: Machine, move: ProcessTrouble) -> None:
    match move.deed:
        case "kill":
            await machine.kill(move.victim, move.pick)
        case "stop":
            await machine.stop(move.victim, move.pick, move.for_s)
        case "restart":
            await machine.restart(move.victim)


def _heal(stage: Stage) -> None:
    stage.machine.carry_on()
    stage.proxy.mistreat(None)
    stage.receiver.refuse = 0


async def _until_true(
    stage: Stage, running: set[asyncio.Task[None]], timeout_s: float
) -> tuple[list[Violation], float]:
    """Look until every invariant holds, twice in a row; return what does not after all, and how long it took."""
    begun = time.monotonic()
    took, left = timeout_s, None
    while time.monotonic() < begun + timeout_s:
        before, left = left, await _violations(stage)
        if not left and not running:
            if before == []:
                return [], took
            took = time.monotonic() - begun
        await asyncio.sleep(_LOOK_EVERY_S)
    return left or [], timeout_s


async def _violations(stage: Stage) -> list[Violation]:
    try:
        async with asyncio.timeout(60):
            users = [seller.shop.user_id for seller in stage.sellers]
            stage.facts = await look(stage.hub, stage.sellers, stage.receiver, stage.ledger, users)
    except Exception as error:  # noqa: BLE001 - whatever keeps us from looking is itself something that is stuck
        return [Violation("stuck", "the hub", f"it cannot be looked at: {error!r}")]
    return violations(stage.ledger, stage.facts)


@asynccontextmanager
async def staged(seed: int, log: Path | None) -> AsyncIterator[Stage]:
    """Start everything, with three sellers; end it all."""
    async with AsyncExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True)
            )
        )
        market = Market()
        stack.callback(market.stop)
        proxy = await stack.enter_async_context(
            Proxy(market.url, seed=seed, client_timeout_s=_CALL_TIMEOUT_S)
        )
        receiver = Receiver(folder, seed=seed)
        await receiver.start()
        stack.push_async_callback(receiver.stop)
        env = _settings(proxy.url, receiver)
        machine = Machine(folder, env, log=log)
        stack.push_async_callback(machine.close)
        await machine.start()
        hub = Hub(
            url=machine.database_url(), folder=folder, market=market, partner=receiver, env=env
        )
        hub.base = machine.base
        await hub.attach()
        stack.push_async_callback(hub.close)
        ledger, answers = Ledger(), Answers()
        sellers = [await _seller(hub, number, ledger, answers) for number in range(SHOPS)]
        yield Stage(
            machine=machine,
            market=market,
            proxy=proxy,
            receiver=receiver,
            hub=hub,
            sellers=sellers,
            ledger=ledger,
            answers=answers,
        )


def _settings(market_url: str, receiver: Receiver) -> dict[str, str]:
    return {
        "SALUHALL_SECRET_KEY": SECRET_KEY,
        "SALUHALL_TRADERA_URL": market_url,
        "SALUHALL_TRADERA_CALLS_PER_DAY": "10000000",
        "SALUHALL_TRADERA_TIMEOUT_S": str(_CALL_TIMEOUT_S),
        "SALUHALL_POLL_INTERVAL_S": "2",
        "SALUHALL_OUTBOUND_ALLOW": "127.0.0.0/8",
        "SALUHALL_OUTBOUND_CA_FILE": str(receiver.ca_file),
        "SALUHALL_RATE_LIMITS": "off",
    }


async def _seller(hub: Hub, number: int, ledger: Ledger, answers: Answers) -> Seller:
    shop = await hub.open_shop()
    await shop.connect()
    await shop.listen()
    async with hub.db.transaction() as tx:
        key = await accounts.create_legacy_key(tx, principal=shop.principal, now=utc_now())
        catalog = await tx.one(
            lambda row: int(row["number"]),
            "select number from catalogs where account_id = %(account_id)s",
            {"account_id": shop.principal.account_id},
        )
    assert catalog is not None
    return Seller(
        number, shop, legacy_key=str(key), catalog=catalog, ledger=ledger, answers=answers
    )
