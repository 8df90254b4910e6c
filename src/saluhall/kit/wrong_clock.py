"""Notice that a machine's clock is wrong. It harms nothing here: the hub's time is the database's (decision 0025)."""

from datetime import timedelta

import structlog
from prometheus_client import Gauge

from saluhall.kit.clock import HUB_CLOCK

_TOLERATED = timedelta(seconds=2)
_log = structlog.get_logger(__name__)


class WrongClock:
    """Compares the machine's clock with the hub's time, and warns once for each jump."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._warned_of = timedelta()

    def look(self) -> None:
        """Look once."""
        ahead = HUB_CLOCK.machine_is_ahead_by()
        self._gauge.set(ahead.total_seconds())
        if abs(ahead - self._warned_of) <= _TOLERATED:
            return
        self._warned_of = ahead if abs(ahead) > _TOLERATED else timedelta()
        if self._warned_of:
            _log.warning(
                "the clock of this machine is wrong, the database's is used: set the clock, by NTP for example",
                ahead_s=round(ahead.total_seconds(), 3),
            )
