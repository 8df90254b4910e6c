"""Images of strangers in processes of their own: limits of time and memory, and the order of turns."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pyvips

from saluhall.kit.fair_slots import FairSlots
from saluhall.kit.image_pool import ImagePool, ImageProcessLost
from saluhall.kit.images import BadImage, Encoded, reencode
from tests.images import jpeg

LIMITS = {"max_bytes": 4_000_000, "max_pixels": 100_000_000, "max_side": 2048}


@pytest.fixture
async def pool() -> AsyncIterator[ImagePool]:
    """Three processes, of which each image may take a second and 128 MB."""
    started = ImagePool(3, cpu_s=1, memory_mb=128)
    yield started
    await started.close()


async def encoded(pool: ImagePool, raw: bytes, *, account: str = "one") -> Encoded:
    return await pool.reencode(raw, account=account, **LIMITS)


def children() -> list[int]:
    return [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
        if b"image_child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def slow_image() -> bytes:
    """Make a small transparent image with values that repeat often: compressing it as PNG takes more than two seconds."""
    noise = pyvips.Image.gaussnoise(2048, 2048, sigma=1, seed=1).cast("uchar")
    image = noise.bandjoin([noise, noise, noise]).copy(interpretation="srgb")
    return bytes(image.pngsave_buffer(compression=0))


def interlaced_image() -> bytes:
    """Make an image that cannot be decoded line by line, and takes 150 MB at once."""
    return bytes(pyvips.Image.black(7000, 7000, bands=3).pngsave_buffer(interlace=True))


async def test_an_image_is_the_same_as_when_it_is_encoded_here(pool: ImagePool) -> None:
    raw = jpeg("here and there")

    assert await encoded(pool, raw) == reencode(raw, **LIMITS)


async def test_a_bad_image_is_refused_in_the_same_words(pool: ImagePool) -> None:
    with pytest.raises(BadImage, match="no image we can read"):
        await encoded(pool, b"not an image")


async def test_an_image_that_takes_too_long_is_refused_and_others_are_not(pool: ImagePool) -> None:
    with pytest.raises(BadImage, match="too much processor time"):
        await encoded(pool, slow_image())

    assert (await encoded(pool, jpeg("after it"))).width > 0


async def test_an_image_that_takes_too_much_memory_is_refused_and_others_are_not(
    pool: ImagePool,
) -> None:
    with pytest.raises(BadImage, match="too much memory"):
        await encoded(pool, interlaced_image())

    assert (await encoded(pool, jpeg("after it"))).width > 0


async def test_a_process_that_is_killed_is_replaced(pool: ImagePool) -> None:
    await encoded(pool, jpeg("before"))
    [child] = children()
    os.kill(child, signal.SIGKILL)

    with pytest.raises(ImageProcessLost):
        await encoded(pool, jpeg("during"))

    assert (await encoded(pool, jpeg("after"))).width > 0


async def test_an_image_that_nobody_waits_for_any_more_is_not_taken_for_the_next(
    pool: ImagePool,
) -> None:
    await encoded(pool, jpeg("before"))
    waiting = asyncio.create_task(encoded(pool, slow_image()))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    raw = jpeg("after")
    assert await encoded(pool, raw) == reencode(raw, **LIMITS)


async def test_a_closed_pool_leaves_no_process() -> None:
    pool = ImagePool(3)
    await asyncio.gather(*(encoded(pool, jpeg("some")) for _ in range(3)))
    await pool.close()

    assert children() == []


async def test_one_account_never_holds_the_last_slot() -> None:
    slots = FairSlots(3)
    entered: list[str] = []
    leave = asyncio.Event()

    async def work(account: str) -> None:
        async with slots.slot(account):
            entered.append(account)
            await leave.wait()

    tasks = [asyncio.create_task(work("many")) for _ in range(5)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(work("one")))
    await asyncio.sleep(0)
    assert entered == ["many", "many", "one"]

    leave.set()
    await asyncio.gather(*tasks)
    assert len(entered) == 6


async def test_the_account_that_used_the_least_time_goes_first() -> None:
    now = 0.0
    slots = FairSlots(2, clock=lambda: now)
    entered: list[str] = []

    async def work(account: str, seconds: float) -> None:
        nonlocal now
        async with slots.slot(account):
            entered.append(account)
            now += seconds
            await asyncio.sleep(0)

    await work("slow", 8)
    await work("quick", 1)
    async with slots.slot("another"), slots.slot("yet another"):
        waiting = [asyncio.create_task(work(who, 0)) for who in ("slow", "quick", "new")]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert entered == ["slow", "quick", "new", "quick", "slow"]


async def test_time_used_long_ago_no_longer_counts() -> None:
    now = 0.0
    slots = FairSlots(2, clock=lambda: now)
    async with slots.slot("one"):
        now += 8

    now += 60

    assert slots.used_s("one") == pytest.approx(2)


async def test_a_slot_that_nobody_waits_for_any_more_goes_to_the_next() -> None:
    slots = FairSlots(1)

    async def hold(account: str) -> str:
        async with slots.slot(account):
            return account

    async with slots.slot("first"):
        gone, stays = asyncio.create_task(hold("gone")), asyncio.create_task(hold("stays"))
        await asyncio.sleep(0)
        gone.cancel()
    assert await stays == "stays"
    assert gone.cancelled()
