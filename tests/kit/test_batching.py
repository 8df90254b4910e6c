"""Batches of requests that arrive together."""

import asyncio
from collections.abc import Sequence

import pytest

from saluhall.kit.batching import Batcher


class Refused(Exception):
    """What one value of a batch may get."""


class Bench:
    """Doubles numbers; records the batches, and blocks the first one until it may continue."""

    def __init__(self, *, max_size: int = 100) -> None:
        self.batches: list[list[int]] = []
        self.may_go = asyncio.Event()
        self.batcher: Batcher[int, int] = Batcher(
            self.work, key=lambda n: abs(n) % 10, max_size=max_size
        )

    async def work(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append(list(numbers))
        await self.may_go.wait()
        if 99 in numbers:
            raise RuntimeError
        return [Refused() if n < 0 else 2 * n for n in numbers]

    async def at_once(self, *numbers: int) -> list[int | BaseException]:
        """Ask for the first, and for the others while it is being done."""
        first = asyncio.ensure_future(self.batcher.submit(numbers[0]))
        await asyncio.sleep(0.01)
        rest = asyncio.gather(
            *[self.batcher.submit(n) for n in numbers[1:]], return_exceptions=True
        )
        await asyncio.sleep(0.01)
        self.may_go.set()
        return [await first, *await rest]


async def test_the_next_batch_gathers_while_one_is_done() -> None:
    bench = Bench()
    assert await bench.at_once(1, 2, 3, 4) == [2, 4, 6, 8]
    assert bench.batches == [[1], [2, 3, 4]]
    assert bench.batcher.is_idle


async def test_a_batch_is_bounded_and_first_come_is_first_served() -> None:
    bench = Bench(max_size=2)
    assert await bench.at_once(1, 2, 3, 4, 5, 6) == [2, 4, 6, 8, 10, 12]
    assert bench.batches == [[1], [2, 3], [4, 5], [6]]


async def test_two_of_one_name_are_never_in_one_batch() -> None:
    bench = Bench()
    assert await bench.at_once(1, 2, 12, 3, 22) == [2, 4, 24, 6, 44]
    assert bench.batches == [[1], [2, 3], [12], [22]]


async def test_an_error_is_for_whom_it_is_meant() -> None:
    bench = Bench()
    _, two, refused, three = await bench.at_once(1, 2, -4, 3)
    assert (two, three) == (4, 6)
    assert isinstance(refused, Refused)


async def test_a_batch_that_fails_fails_for_all_of_it_and_for_no_later_one() -> None:
    bench = Bench()
    _, two, failed = await bench.at_once(1, 2, 99)
    assert [type(each) for each in (two, failed)] == [RuntimeError, RuntimeError]
    assert await bench.batcher.submit(5) == 10


async def test_who_goes_before_the_batch_begins_is_left_out() -> None:
    bench = Bench()
    first = asyncio.ensure_future(bench.batcher.submit(1))
    await asyncio.sleep(0.01)
    gone, stays = (asyncio.ensure_future(bench.batcher.submit(n)) for n in (2, 3))
    await asyncio.sleep(0.01)
    gone.cancel()
    first.cancel()
    await asyncio.gather(first, gone, return_exceptions=True)
    bench.may_go.set()

    assert await stays == 6
    assert bench.batches == [[1], [3]]


@pytest.mark.parametrize("count", [1, 7])
async def test_it_is_idle_whenever_everybody_has_an_answer(count: int) -> None:
    bench = Bench()
    bench.may_go.set()
    for _ in range(3):
        await asyncio.gather(*[bench.batcher.submit(n) for n in range(count)])
        assert bench.batcher.is_idle
