"""How long to wait before something that failed is tried again."""

from datetime import timedelta

from msgspec import Struct

_MAX_EXPONENT = 100  # past it every delay is `max`, and a float would overflow


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """A growing pause after each failure in a row. Each kind of work has one such constant, beside its use.

    After failure n (the first is 1) the delay is `steps[n - 1]` as long as there are steps, then `min(max, base * factor ** k)` with
    k = 0, 1, 2, ... Jitter moves it by up to that part of it, either way. `attempts` counts all attempts, the first included;
    None means without end.
    """

    base: timedelta
    max: timedelta
    factor: float = 2.0
    attempts: int | None = None
    jitter: float = 0.0
    steps: tuple[timedelta, ...] = ()

    def delay(self, attempt: int, *, chance: float = 0.5) -> timedelta:
        """Return the pause after this many failed attempts; `chance` (0 to 1) chooses a place within the jitter."""
        if attempt <= len(self.steps):
            even = self.steps[max(attempt, 1) - 1]
        else:
            exponent = min(max(attempt - len(self.steps), 1) - 1, _MAX_EXPONENT)
            base_s, max_s = self.base.total_seconds(), self.max.total_seconds()
            even = timedelta(seconds=min(max_s, base_s * self.factor**exponent))
        return even * (1 - self.jitter + 2 * self.jitter * chance)

    def is_last(self, attempt: int) -> bool:
        """Return whether no attempt follows this one."""
        return self.attempts is not None and attempt >= self.attempts
