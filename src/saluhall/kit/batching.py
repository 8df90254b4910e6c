"""Do together what is asked for at the same time: while one lot is being done, the next one gathers. Nobody waits for company."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST = 100


class Together(Generic[T, R]):
    """Does lots of at most `most`; `work` gives a result or an error for each, in their order, or raises one for all.

    Two that `name` names alike are never in one lot. It works in a context of its own: what it logs belongs to all of a lot, not to
    the one who happened to come first. Who is cancelled before its lot begins is left out.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        *,
        name: Callable[[T], Hashable] | None = None,
        most: int = MOST,
    ) -> None:
        self._work = work
        self._name = name
        self._most = most
        self._asked: list[tuple[T, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is being done or waits."""
        return self._worker is None or self._worker.done()

    async def ask(self, what: T) -> R:
        """Have it done, with whatever else waits. Raises the error that `work` gives it."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._asked.append((what, answer))
        if self.is_idle:
            self._worker = asyncio.create_task(self._work_off(), context=Context())
        return await answer

    async def _work_off(self) -> None:
        while lot := self._take():
            results: Sequence[R | Exception]
            try:
                results = await self._work([what for what, _ in lot])
            except Exception as error:  # noqa: BLE001 - whoever asked is told
                results = [error] * len(lot)
            for (_, answer), result in zip(lot, results, strict=True):
                if answer.done():
                    continue  # whoever asked was cancelled meanwhile
                if isinstance(result, Exception):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)

    def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        """Take the next lot, the first come first."""
        lot: list[tuple[T, asyncio.Future[R]]] = []
        left: list[tuple[T, asyncio.Future[R]]] = []
        names: set[Hashable] = set()
        for each in self._asked:
            what, answer = each
            name = self._name(what) if self._name else id(answer)
            if answer.done():
                continue
            if len(lot) == self._most or name in names:
                left.append(each)
            else:
                names.add(name)
                lot.append(each)
        self._asked = left
        return lot
