"""Re-encode strangers' images in processes of their own: a bad image costs its process, and nobody else anything."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Hashable
from contextlib import suppress

import msgspec
import structlog

from saluhall.kit.fair_slots import FairSlots
from saluhall.kit.image_child import OUT_OF_MEMORY, REQUEST, RESPONSE, Head
from saluhall.kit.images import BadImage, Encoded

CPU_S = 10
MEMORY_MB = 512
# A process that waits for a busy processor uses none: this is for one that hangs.
TIMEOUT_S = 60.0
# The libraries end the process at once where memory that they must have is refused.
_OUT_OF_MEMORY = {OUT_OF_MEMORY, -signal.SIGABRT, -signal.SIGTRAP}
# Each thread of a library would reserve 64 MB of addresses, which count as memory: whether an image is allowed would be chance.
_ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}
_IMAGES_PER_PROCESS = 1000  # the libraries' memory comes apart with time
_MIN_PROCESSES = 3  # one account never has the last
_log = structlog.get_logger(__name__)


class ImageProcessLost(Exception):
    """The process ended or hung for a reason that may be another than the image; trying later is fine."""


class ImagePool:
    """Processes that re-encode images, started when they are needed and replaced when they end.

    An image may take `cpu_s` seconds of processor time and `memory_mb` megabytes.
    """

    def __init__(
        self, processes: int | None = None, *, cpu_s: int = CPU_S, memory_mb: int = MEMORY_MB
    ) -> None:
        self._cpu_s = cpu_s
        self._memory_mb = memory_mb
        self._slots = FairSlots(processes or max(_MIN_PROCESSES, (os.cpu_count() or 1) + 1))
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._closed = False

    async def reencode(
        self, raw: bytes, *, account: Hashable, max_bytes: int, max_pixels: int, max_side: int
    ) -> Encoded:
        """Decode an image and encode it again within the limits; accounts that used little time go first.

        Raises BadImage, also when the image needs too much time or memory, and ImageProcessLost.
        """
        limits = REQUEST.pack(len(raw), max_bytes, max_pixels, max_side)
        async with self._slots.slot(account):
            child = self._idle.pop() if self._idle else await self._start()
            self._busy.add(child)
            try:
                return await child.reencode(limits, raw)
            finally:
                self._busy.discard(child)
                if child.is_ready and not self._closed:
                    self._idle.append(child)
                else:
                    await child.kill()

    async def _start(self) -> "_Child":
        limits = (str(self._cpu_s), str(self._memory_mb * 1024 * 1024))
        command = (sys.executable, "-m", "saluhall.kit.image_child", *limits)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**os.environ, **_ONE_ARENA}
        )
        return _Child(process)

    async def close(self) -> None:
        """End every process, also one that works."""
        self._closed = True
        children, self._idle = [*self._idle, *self._busy], []
        await asyncio.gather(*(child.kill() for child in children))


class _Child:
    """One process; `is_ready` says whether it waits for another image."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._images = 0
        self.is_ready = True

    async def reencode(self, limits: bytes, raw: bytes) -> Encoded:
        """Have one image done. Raises BadImage, ImageProcessLost."""
        self._images += 1
        self.is_ready = False
        try:
            async with asyncio.timeout(TIMEOUT_S):
                head, data = await self._ask(limits, raw)
        except TimeoutError as error:
            raise ImageProcessLost("the image was not done in time") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise await self._cause_of_end() from error
        self.is_ready = self._images < _IMAGES_PER_PROCESS
        if head.error is not None:
            raise BadImage(head.error)
        return Encoded(data, head.media_type, head.width, head.height, head.sha256)

    async def _ask(self, limits: bytes, raw: bytes) -> tuple[Head, bytes]:
        requests, responses = self._process.stdin, self._process.stdout
        assert requests is not None  # noqa: S101 - asked for at the start
        assert responses is not None  # noqa: S101 - asked for at the start
        requests.writelines((limits, raw))
        await requests.drain()
        [size] = RESPONSE.unpack(await responses.readexactly(RESPONSE.size))
        head = msgspec.json.decode(await responses.readexactly(size), type=Head)
        return head, await responses.readexactly(head.size)

    async def _cause_of_end(self) -> BadImage | ImageProcessLost:
        code = await self._process.wait()
        _log.warning("an image process ended", exit_code=code)
        if code in _OUT_OF_MEMORY:
            return BadImage("The image needs too much memory to decode")
        if code == -signal.SIGXCPU:
            return BadImage("The image needs too much processor time to decode")
        return ImageProcessLost(f"the image process ended ({code})")

    async def kill(self) -> None:
        """End the process, whatever it does."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
