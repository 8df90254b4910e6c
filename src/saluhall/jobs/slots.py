"""Share a worker's slots: between accounts, and between the hosts and endpoints that an account calls (decision 0027)."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Hashable

from msgspec import Struct

from saluhall.kit.metrics import SLOTS_IN_USE

_REMEMBERED = 4096


class Pace(Struct, frozen=True, kw_only=True):
    """How many calls at once a host or an endpoint gets: `start` at first, up to `max_calls` as long as it answers.

    Slower than `slow_s` it gets half, down to `start`; failing it gets half, down to `min_calls`.
    """

    start: int
    max_calls: int
    min_calls: int
    slow_s: float

    def after(self, limit: float, *, seconds: float, has_failed: bool, is_full: bool) -> float:
        """Return the limit after a call; one that is not used does not grow."""
        if has_failed:
            return max(self.min_calls, limit / 2)
        if seconds > self.slow_s:
            return max(min(limit, self.start), limit / 2)
        return min(self.max_calls, limit + 1) if is_full else limit


class Place:
    """A host or an endpoint that an account calls. `is_slow`: the last call was slow, or failed."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._limit = float(pace.start)
        self._shrunk_at = float("-inf")
        self.busy = 0
        self.is_slow = False

    @property
    def limit(self) -> int:
        """Return how many calls it may have at once."""
        return int(self._limit)

    def end(self, *, began_at: float, now: float, has_failed: bool) -> None:
        """Note a call that ended. Those that were under way together make the limit smaller once."""
        self.busy -= 1
        seconds = now - began_at
        is_full = 4 * (self.busy + 1) >= self._limit
        after = self._pace.after(
            self._limit, seconds=seconds, has_failed=has_failed, is_full=is_full
        )
        self.is_slow = has_failed or seconds > self._pace.slow_s
        if after > self._limit:
            self._limit = after
        elif after < self._limit and began_at >= self._shrunk_at:
            self._limit, self._shrunk_at = after, now


class Size(Struct, frozen=True, kw_only=True):
    """The slots of one kind of work in a worker, and the pace at each place if it adapts."""

    slots: int
    pace: Pace | None = None


class Slots:
    """The slots of one kind of work.

    An account gets another one as long as it holds fewer than are free: alone it gets half of them, and however many accounts want
    all, some stay free for the next one. What is known to be slow gets half of all together. Of those that wait, who holds the fewest
    goes first.
    """

    def __init__(
        self, size: Size, *, name: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self._size = size
        self._metric = SLOTS_IN_USE.labels(name)
        self._used = 0
        self._held: Counter[Hashable] = Counter()
        self._places: dict[tuple[Hashable, Hashable], Place] = {}
        self._waiting: list[tuple[Share, asyncio.Event]] = []

    def share(self, account: Hashable, *, max_calls: int, place: Hashable = None) -> "Share":
        """Return what an account may use for one drain; with a place that adapts, at most what that place may have."""
        return Share(self, account, max_calls=max_calls, place=place)

    def room_of(self, account: Hashable) -> int:
        """Return how many more slots an account may take now."""
        free = self._size.slots - self._used
        return max(0, (free - self._held[account] + 1) // 2)

    def room_of_slow(self) -> int:
        """Return how many more slots what is known to be slow may take now."""
        slow = sum(place.busy for place in self._places.values() if place.is_slow)
        return max(0, self._size.slots // 2 - slow)

    def place(self, account: Hashable, name: Hashable) -> Place | None:
        """Return a place of an account, None when places of this kind do not adapt."""
        if self._size.pace is None:
            return None
        if (account, name) not in self._places:
            self._forget_idle()
            self._places[account, name] = Place(self._size.pace)
        return self._places[account, name]

    def places_of(self, account: Hashable) -> dict[Hashable, Place]:
        """Return the places of an account that are known."""
        return {name: place for (of, name), place in self._places.items() if of == account}

    def take(self, account: Hashable, count: int) -> None:
        """Take slots for an account, or give them back when `count` is negative."""
        self._used += count
        self._held[account] += count
        if not self._held[account]:
            del self._held[account]
        self._metric.set(self._used)
        if count < 0:
            self._wake()

    async def wait(self, share: "Share", stopping: asyncio.Event) -> None:
        """Wait until a share has room, or until the worker stops."""
        turn = asyncio.Event()
        self._waiting.append((share, turn))
        self._wake()
        events = [asyncio.ensure_future(event.wait()) for event in (turn, stopping)]
        try:
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for event in events:
                event.cancel()
            self._waiting = [each for each in self._waiting if each[1] is not turn]

    def _wake(self) -> None:
        """Wake as many as there are free slots, who holds the fewest first."""
        if not self._waiting:
            return
        free = self._size.slots - self._used
        ready = [each for each in self._waiting if not each[1].is_set() and each[0].room() > 0]
        for _, turn in sorted(ready, key=lambda each: self._held[each[0].account])[:free]:
            turn.set()

    def _forget_idle(self) -> None:
        if len(self._places) >= _REMEMBERED:
            self._places = {name: place for name, place in self._places.items() if place.busy}


class Share:
    """What one drain may use of the slots."""

    def __init__(
        self, slots: Slots, account: Hashable, *, max_calls: int, place: Hashable = None
    ) -> None:
        self.account = account
        self._slots = slots
        self._max_calls = max_calls
        self._place = None if place is None else slots.place(account, place)
        self._taken = 0

    def room(self) -> int:
        """Return how many more calls may begin now."""
        room = min(self._max_calls - self._taken, self._slots.room_of(self.account))
        if self._place is not None:
            room = min(room, self._place.limit - self._taken)
            if self._place.is_slow:
                room = min(room, self._slots.room_of_slow())
        return max(0, room)

    def take(self, count: int) -> None:
        """Take slots."""
        self._taken += count
        self._slots.take(self.account, count)

    def release(self, count: int = 1) -> None:
        """Give slots back."""
        if count:
            self._taken -= count
            self._slots.take(self.account, -count)

    async def wait(self, stopping: asyncio.Event) -> None:
        """Wait for room, or until the worker stops."""
        await self._slots.wait(self, stopping)

    def rooms(self) -> dict[Hashable, int]:
        """Return how many more calls may begin at each place that is known."""
        slow = self._slots.room_of_slow()
        return {
            name: min(max(0, place.limit - place.busy), slow if place.is_slow else place.limit)
            for name, place in self._slots.places_of(self.account).items()
        }

    def begin(self, place: Hashable) -> "PlacedCall":
        """Note that a call begins at a place; the call is to be ended."""
        return PlacedCall(self._slots.place(self.account, place), self._slots.clock)


class PlacedCall:
    """A call under way at a place, if places of this kind adapt."""

    def __init__(self, place: Place | None, clock: Callable[[], float]) -> None:
        self._place = place
        self._clock = clock
        self._began_at = clock()
        if place is not None:
            place.busy += 1

    def end(self, *, has_failed: bool) -> None:
        """Note that the call ended."""
        if self._place is not None:
            now = self._clock()
            self._place.end(began_at=self._began_at, now=now, has_failed=has_failed)
