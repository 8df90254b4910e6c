import asyncio

import pytest

from saluhall.kit.timeouts import is_set_within


@pytest.mark.parametrize("seconds", [-1, 0, 0.01, 3600])
async def test_what_is_set_already_is_not_waited_for(seconds: float) -> None:
    event = asyncio.Event()
    event.set()

    assert await is_set_within(event, seconds)


@pytest.mark.parametrize("seconds", [-1, 0, 0.01])
async def test_what_is_not_set_in_time_is_reported(seconds: float) -> None:
    assert not await is_set_within(asyncio.Event(), seconds)


async def test_what_is_set_meanwhile_ends_the_wait() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(is_set_within(event, 3600))
    await asyncio.sleep(0)

    event.set()

    assert await waiting


async def test_a_wait_can_be_cancelled() -> None:
    waiting = asyncio.create_task(is_set_within(asyncio.Event(), 3600))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
