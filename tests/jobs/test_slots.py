"""Slots are shared between accounts, and a place that is slow or fails gets few of them."""

import asyncio

import pytest

from saluhall.jobs.slots import Pace, Share, Size, Slots

PACE = Pace(start=4, max_calls=64, min_calls=1, slow_s=1.0)
QUICK, SLOW = 0.1, 9.0


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slots(clock: Clock) -> Slots:
    return Slots(Size(slots=256, pace=PACE), clock=clock)


def calls(share: Share, clock: Clock, *, seconds: float, has_failed: bool = False) -> None:
    """Make as many calls at once as there is room for, all of which take so long."""
    room = share.room()
    share.take(room)
    under_way = [share.begin("endpoint") for _ in range(room)]
    clock.now += seconds
    for call in under_way:
        call.end(has_failed=has_failed)
    share.release(room)


def test_an_account_alone_gets_half_and_those_that_follow_always_find_some(slots: Slots) -> None:
    taken = []
    for account in range(20):
        share = slots.share(account, max_calls=1000)
        taken.append(share.room())
        share.take(share.room())

    assert taken[0] == 128
    assert min(taken[:7]) >= 1
    assert sum(taken) <= 256


def test_eighteen_accounts_that_come_together_leave_slots_for_another(slots: Slots) -> None:
    greedy = [slots.share(account, max_calls=1000) for account in range(18)]
    while any(share.room() for share in greedy):
        for share in greedy:
            share.take(min(1, share.room()))

    assert slots.share("another", max_calls=1000).room() >= 6


def test_a_quick_place_soon_gets_all_it_may(slots: Slots, clock: Clock) -> None:
    share = slots.share("account", max_calls=64, place="endpoint")
    rooms = []
    for _ in range(9):
        rooms.append(share.room())
        calls(share, clock, seconds=QUICK)

    assert rooms == sorted(rooms)
    assert (rooms[0], rooms[-1]) == (4, 64)


def test_a_place_that_becomes_slow_falls_back_and_one_that_fails_gets_a_call_at_a_time(
    slots: Slots, clock: Clock
) -> None:
    share = slots.share("account", max_calls=64, place="endpoint")
    for _ in range(9):
        calls(share, clock, seconds=QUICK)
    rooms = []
    for _ in range(6):
        calls(share, clock, seconds=SLOW)
        rooms.append(share.room())
    for _ in range(3):
        calls(share, clock, seconds=QUICK, has_failed=True)
        rooms.append(share.room())
    calls(share, clock, seconds=QUICK)
    rooms.append(share.room())

    assert rooms == [32, 16, 8, 4, 4, 4, 2, 1, 1, 2]


def test_a_place_that_is_used_little_does_not_grow(slots: Slots, clock: Clock) -> None:
    share = slots.share("account", max_calls=64, place="endpoint")
    for _ in range(100):
        call = share.begin("endpoint")
        clock.now += QUICK
        call.end(has_failed=False)

    assert share.room() <= 5


def test_what_is_known_to_be_slow_gets_half_of_all_slots_together(
    slots: Slots, clock: Clock
) -> None:
    shares = [slots.share(n, max_calls=64, place="endpoint") for n in range(100)]
    for share in shares:
        calls(share, clock, seconds=SLOW)
    for share in shares:
        room = share.room()
        share.take(room)
        for _ in range(room):
            share.begin("endpoint")

    assert slots.room_of_slow() == 0
    assert slots.share("a new one", max_calls=64, place="endpoint").room() == 4


def test_an_account_knows_the_room_at_each_of_its_hosts(slots: Slots, clock: Clock) -> None:
    share = slots.share("account", max_calls=16)
    hanging = [share.begin("dead.example") for _ in range(4)]
    share.begin("good.example")
    clock.now += 20
    hanging[0].end(has_failed=True)

    assert share.rooms() == {"dead.example": 0, "good.example": 3}
    assert slots.share("another account", max_calls=16).rooms() == {}


async def test_of_those_that_wait_the_one_that_holds_least_goes_first() -> None:
    slots = Slots(Size(slots=4))
    much, little = slots.share("much", max_calls=9), slots.share("little", max_calls=9)
    stopping = asyncio.Event()
    much.take(3)
    slots.share("other", max_calls=9).take(1)
    order: list[str] = []

    async def wait(share: Share, name: str) -> None:
        while not share.room():
            await share.wait(stopping)
        share.take(1)
        order.append(name)

    waiting = [asyncio.create_task(wait(much, "much")), asyncio.create_task(wait(little, "little"))]
    await asyncio.sleep(0)
    much.release()
    await asyncio.sleep(0.01)
    much.release(2)
    await asyncio.gather(*waiting)

    assert order == ["little", "much"]
