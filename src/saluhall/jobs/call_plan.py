"""What the call budget of a channel leaves room for, as one pass over one connection sees it."""

import math
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.channel import OutOfBudget, Purpose
from saluhall.domain.connections import queries as connections
from saluhall.domain.connections.model import BudgetState, Connection
from saluhall.domain.connections.operations import check, left_for, refusal
from saluhall.domain.listings.steps import LAST_PRIORITY, PRIORITY, Step
from saluhall.jobs.run import Run
from saluhall.storage import Transaction

WIDTH = 16
_CHECK_TOGETHER = timedelta(seconds=0.1)
_CHECK_TOGETHER_SPARINGLY = timedelta(seconds=5)
_FEW_CALLS = 60
_MANY_CALLS = 2000  # more than a connection can make before the budget is read again
_READ_EVERY = timedelta(seconds=1)
_CALLS_TO_PUBLISH = 4  # create, an image, commit, check
# What the calls of a step are for, and how many the cheapest one takes; in the order of priorities.
_COST: dict[Step, tuple[Purpose, int]] = {
    Step.END: (Purpose.END, 1),
    Step.LOWER_QUANTITY: (Purpose.END, 1),
    Step.CHANGE_PRICE: (Purpose.PRICE, 1),
    Step.RAISE_QUANTITY: (Purpose.PRICE, 1),
    Step.CHECK: (Purpose.CHECK, 1),
    Step.PUBLISH: (Purpose.PUBLISH, _CALLS_TO_PUBLISH),
    Step.REVISE: (Purpose.PUBLISH, 1),
}


class CallPlan:
    """The room for work. It only plans: each call is counted, and refused, by the budget itself.

    `publishing` are listings being published, with calls that the budget has not counted yet; `is_sparing` when few calls are left or
    less than half of the budget; `is_tight` when it does not allow all kinds of work, and `refusal` says why; `is_spent` when a call
    found that it allows none.
    """

    def __init__(self, run: Run, connection: Connection) -> None:
        self._run = run
        self._channel = connection.channel
        self._limit = run.channels[connection.channel].calls_per_day(run.env)
        self._ample_until: datetime | None = None
        self.publishing: set[UUID] = set()
        self.is_sparing = False
        self.is_tight = False
        self.is_spent = False
        self.refusal: OutOfBudget | None = None

    async def read(self, tx: Transaction) -> tuple[int | None, int]:
        """Return the last priority that the budget allows (None: it allows no work), and how many listings at once."""
        now = self._run.clock()
        if self._ample_until is not None and now < self._ample_until:
            return LAST_PRIORITY, WIDTH
        state = await connections.budget_of_channel(tx, self._channel, now=now)
        last = None
        for step, (purpose, calls) in _COST.items():
            try:
                check(state, limit=self._limit, purpose=purpose, calls=calls, now=now)
            except OutOfBudget as error:
                self.refusal = error
                break
            last = PRIORITY[step]
        left = left_for(Purpose.END, state, limit=self._limit)
        self.is_sparing = self.is_sparing or left < max(_FEW_CALLS, self._limit / 2)
        is_ample = not self.is_sparing and left > _MANY_CALLS and last == LAST_PRIORITY
        self._ample_until = now + _READ_EVERY if is_ample else None
        return self._with_room(last, state, now=now)

    def _with_room(
        self, last: int | None, state: BudgetState, *, now: datetime
    ) -> tuple[int | None, int]:
        left = left_for(Purpose.PUBLISH, state, limit=self._limit)
        room = left // _CALLS_TO_PUBLISH - len(self.publishing)
        may_publish = last is not None and last >= PRIORITY[Step.PUBLISH]
        if may_publish and room <= 0:
            last, may_publish = PRIORITY[Step.CHECK], False
            self.refusal = refusal(state, limit=self._limit, now=now)
        self.is_tight = self.is_tight or not may_publish
        return last, room if may_publish else WIDTH

    def first_pause(self, proposed: timedelta) -> timedelta:
        """Return how long to wait after the first check found no decision."""
        return max(proposed, _CHECK_TOGETHER_SPARINGLY) if self.is_sparing else proposed

    def check_in(self, pause: timedelta) -> timedelta:
        """Return when to check a submission: at the next moment at which others are checked too; such moments are rare to be sparing."""
        now = self._run.clock().timestamp()
        together = _CHECK_TOGETHER_SPARINGLY if self.is_sparing else _CHECK_TOGETHER
        together_s = together.total_seconds()
        due = math.ceil((now + pause.total_seconds()) / together_s) * together_s
        return timedelta(seconds=due - now)
