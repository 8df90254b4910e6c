"""Bodies are bounded in size, in time, and in what a process holds of them at once."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from saluhall.dialect import BodyTooLarge, BodyTooSlow, Malformed, Overloaded
from saluhall.web.bodies import SMALL_BYTES, BodyMemory, Pace, body_of
from tests.hub import Hub

LARGE = 2 * SMALL_BYTES
IMPATIENT = Pace(silence_s=0.5, grace_s=60, bytes_per_s=1000)


def blocks(*sent: bytes, pause_s: float = 0.0, ends: bool = True) -> Any:
    """Make what receives these blocks; without an end it waits for more for ever."""
    left = list(sent)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause_s)
        if not left:
            if not ends:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or not ends}

    return receive


async def read(
    receive: Any,
    length: int | None,
    *,
    body_memory: BodyMemory | None = None,
    max_bytes: int = LARGE,
    pace: Pace = IMPATIENT,
) -> bytes:
    headers = (
        {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
    )
    async with body_of(
        receive,
        headers,
        max_bytes=max_bytes,
        body_memory=body_memory or BodyMemory(),
        account=1,
        pace=pace,
    ) as body:
        return body


@pytest.mark.parametrize("length", [4, None])
async def test_a_body_is_read_whole(length: int | None) -> None:
    assert await read(blocks(b"ab", b"", b"cd"), length) == b"abcd"


async def test_a_request_without_a_body_is_not_waited_for() -> None:
    async with body_of(
        blocks(ends=False), {}, max_bytes=9, body_memory=BodyMemory(), account=None
    ) as body:
        assert body == b""


@pytest.mark.parametrize(("sent", "length"), [([b"x" * 10], 10), ([b"x" * 5] * 2, None)])
async def test_a_body_larger_than_the_route_takes_is_refused(
    sent: Sequence[bytes], length: int | None
) -> None:
    assert len(await read(blocks(*sent), length, max_bytes=10)) == 10
    with pytest.raises(BodyTooLarge):
        await read(blocks(*sent), length, max_bytes=9)


@pytest.mark.parametrize("length", ["", "-1", "1_0", "x", "9" * 30])
async def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    with pytest.raises(BodyTooLarge):
        async with body_of(
            blocks(b"x"),
            {"content-length": length},
            max_bytes=9,
            body_memory=BodyMemory(),
            account=1,
        ):
            pass


async def test_a_body_that_falls_silent_is_given_up() -> None:
    with pytest.raises(BodyTooSlow):
        await read(blocks(b"a", ends=False), 10)


async def test_a_process_that_was_frozen_does_not_blame_the_client() -> None:
    asyncio.get_running_loop().call_later(0.01, time.sleep, 1.7)
    assert await read(blocks(b"a", pause_s=0.6), 1) == b"a"
    asyncio.get_running_loop().call_later(0.01, time.sleep, 1.7)
    with pytest.raises(BodyTooSlow):
        await read(blocks(b"a", ends=False), 10)


async def test_a_body_that_trickles_is_given_up_and_one_that_flows_is_not() -> None:
    trickles = blocks(*[b"a"] * 100, pause_s=0.02)
    flows = blocks(*[b"a" * 100] * 20, pause_s=0.02)
    with pytest.raises(BodyTooSlow):
        await read(trickles, 100, pace=Pace(silence_s=60, grace_s=0.1, bytes_per_s=10**6))
    patient = Pace(silence_s=60, grace_s=60, bytes_per_s=1)
    assert len(await read(flows, 2000, pace=patient)) == 2000


async def test_a_client_that_goes_away_in_the_middle_is_noticed() -> None:
    with pytest.raises(Malformed):
        await read(blocks(), 10)


@pytest.mark.parametrize("length", [LARGE, None])
async def test_large_bodies_have_bounded_room_together_and_small_ones_are_free(
    length: int | None,
) -> None:
    body_memory = BodyMemory(max_bytes=2 * LARGE, max_account_bytes=LARGE, timeout_s=0.1)
    sent = (b"x" * SMALL_BYTES, b"x" * SMALL_BYTES)
    async with AsyncExitStack() as others:
        await others.enter_async_context(body_memory.held(LARGE, "one"))
        with pytest.raises(Overloaded):
            async with body_memory.held(1, "one"):
                pass
        await others.enter_async_context(body_memory.held(LARGE, "two"))
        with pytest.raises(Overloaded):
            await read(blocks(*sent), length, body_memory=body_memory)
        assert await read(blocks(sent[0]), SMALL_BYTES, body_memory=body_memory) == sent[0]
        assert await read(blocks(sent[0]), None, body_memory=body_memory) == sent[0]
    assert await read(blocks(*sent), length, body_memory=body_memory) == b"".join(sent)


async def test_whoever_waits_for_room_gets_it_when_it_becomes_free() -> None:
    body_memory = BodyMemory(max_bytes=LARGE, timeout_s=10)
    async with body_memory.held(LARGE, "one"):
        waiting = asyncio.create_task(read(blocks(b"x" * LARGE), LARGE, body_memory=body_memory))
        await asyncio.sleep(0)
        assert not waiting.done()

    assert len(await waiting) == LARGE


async def test_a_route_open_to_everybody_reads_no_large_body(hub: Hub) -> None:
    for path in ("/auth/token", "/auth/refresh", "/categories/convert"):
        for size, status in ((64 * 1024, 400), (64 * 1024 + 1, 413)):
            got, _, body = await hub.request("POST", path, body=b" " * size)
            assert got == status, (path, body)
