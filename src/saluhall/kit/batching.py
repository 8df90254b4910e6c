"""Batch concurrent work: while one batch runs, the next one is collected. A single submission runs at once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MAX_SIZE = 100


class Batcher(Generic[T, R]):
    """Runs `work` on batches of at most `max_size`; it returns a result or an error for each value, in order, or raises one for all.

    Two values with the same `key` are never in one batch. A batch runs in a context of its own: what it logs belongs to all of it, not to
    the first value. A value that is cancelled before its batch begins is left out.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        *,
        key: Callable[[T], Hashable] | None = None,
        max_size: int = MAX_SIZE,
    ) -> None:
        self._work = work
        self._key = key
        self._max_size = max_size
        self._pending: list[tuple[T, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether no batch runs and none is pending."""
        return self._worker is None or self._worker.done()

    async def submit(self, value: T) -> R:
        """Add a value to the next batch and return its result. Raises the error that `work` returns for it."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._pending.append((value, future))
        if self.is_idle:
            self._worker = asyncio.create_task(self._run_batches(), context=Context())
        return await future

    async def _run_batches(self) -> None:
        while batch := self._next_batch():
            results: Sequence[R | Exception]
            try:
                results = await self._work([value for value, _ in batch])
            except Exception as error:  # noqa: BLE001 - every submission of the batch raises it
                results = [error] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():
                    continue  # its submission was cancelled meanwhile
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    def _next_batch(self) -> list[tuple[T, asyncio.Future[R]]]:
        """Return the next batch, in the order of submission."""
        batch: list[tuple[T, asyncio.Future[R]]] = []
        left: list[tuple[T, asyncio.Future[R]]] = []
        keys: set[Hashable] = set()
        for each in self._pending:
            value, future = each
            key = self._key(value) if self._key else id(future)
            if future.done():
                continue
            if len(batch) == self._max_size or key in keys:
                left.append(each)
            else:
                keys.add(key)
                batch.append(each)
        self._pending = left
        return batch
