"""Log an outage once when it begins and once when it ends, with its length and its failures; count the open ones."""

from collections.abc import Callable

import structlog
from msgspec import Struct

from saluhall.kit.clock import steady_s

_log = structlog.get_logger(__name__)


class _Open(Struct):
    """An outage that has begun; `works_since` is the first success after the last failure."""

    began_s: float
    failed_s: float
    failures: int = 1
    works_since: float | None = None


class Outages:
    """The outages of one kind in this process, by name: which channel, which endpoint; "" where there is only one.

    An outage ends with the first success after which nothing fails for `quiet_s` seconds.
    """

    def __init__(
        self,
        kind: str,
        *,
        began: str = "unavailable",
        quiet_s: float = 5.0,
        clock: Callable[[], float] = steady_s,
    ) -> None:
        self.kind = kind
        self._words = kind.replace("_", " ")
        self._began = began
        self._quiet_s = quiet_s
        self._clock = clock
        self._open: dict[str, _Open] = {}
        _ALL.append(self)

    def failed(self, error: str, *, name: str = "", **facts: object) -> None:
        """Note a failure; log it when it is the first."""
        now = self._clock()
        known = self._open.get(name)
        if known is not None:
            known.failed_s, known.works_since = now, None
            known.failures += 1
            return
        self._open[name] = _Open(now, now)
        self._count()
        _log.warning(
            f"{self._words} {self._began}", **self._facts(name), **facts, error=error or "no reason"
        )

    def succeeded(self, *, name: str = "") -> None:
        """Note a success, which costs nothing while there is no outage."""
        if not self._open or (known := self._open.get(name)) is None:
            return
        known.works_since = known.works_since or self._clock()
        self._end_if_quiet(name, known)

    def dismiss(self, *, name: str) -> None:
        """End an outage of something that nobody uses any longer."""
        if name in self._open:
            self._end(name, self._open[name], "not used any longer")

    def settle(self) -> None:
        """End the outages after which nothing has failed for long enough."""
        for name, known in list(self._open.items()):
            if known.works_since is not None:
                self._end_if_quiet(name, known)

    def _end_if_quiet(self, name: str, known: _Open) -> None:
        if self._clock() - known.failed_s >= self._quiet_s:
            self._end(name, known, "available again")

    def _end(self, name: str, known: _Open, what: str) -> None:
        del self._open[name]
        self._count()
        ended_s = self._clock() if known.works_since is None else known.works_since
        _log.warning(
            f"{self._words} {what}",
            **self._facts(name),
            failures=known.failures,
            duration_s=round(ended_s - known.began_s, 3),
        )

    def _facts(self, name: str) -> dict[str, str]:
        return {"name": name} if name else {}

    def _count(self) -> None:
        from saluhall.kit.metrics import OUTAGES  # noqa: PLC0415 - see note_call

        OUTAGES.labels(self.kind).set(len(self._open))


_ALL: list[Outages] = []
DATABASE = Outages("database", quiet_s=1.0)
QUEUE = Outages("queue")
IMAGE_STORE = Outages("image_store")
CHANNELS = Outages("channel")
CALLS = Outages("calls", began="used up")
ENDPOINTS = Outages("endpoint")


KINDS = tuple(outages.kind for outages in _ALL)


# The marketplace answers, whatever it says.
_ANSWERS = frozenset({"ok", "refused", "denied", "wrong_keys", "not_there"})


def note_call(channel: str, outcome: str, *, error: str = "") -> None:
    """Count a call to a marketplace, one of CALL_OUTCOMES; too many calls are no outage, they are `calls used up`."""
    # Metrics look at the environment once, when they are read: `serve` sets it later than it reads this.
    from saluhall.kit.metrics import OUTBOUND_CALLS  # noqa: PLC0415

    OUTBOUND_CALLS.labels(channel, outcome).inc()
    if outcome in _ANSWERS:
        CHANNELS.succeeded(name=channel)
    elif outcome != "limited":
        CHANNELS.failed(error or outcome, name=channel)


def settle_outages() -> None:
    """End what is over, whatever its kind; called every few seconds."""
    for outages in _ALL:
        outages.settle()
