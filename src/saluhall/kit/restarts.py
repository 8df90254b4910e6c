"""How long a process that ended stays away before it is started again."""

_SECOND_S = 1.0
_MAX_S = 10.0
_LIVED_S = 30.0


class Restarts:
    """The first time none, then a second, then twice as long each time, up to ten seconds.

    After a process that lived for a while it begins anew.
    """

    def __init__(self) -> None:
        self._next_s = 0.0

    def pause_s(self, *, lived_s: float) -> float:
        """Return the seconds to wait, after a process that lived so long."""
        if lived_s >= _LIVED_S:
            self._next_s = 0.0
        pause_s = self._next_s
        self._next_s = min(max(_SECOND_S, pause_s * 2), _MAX_S)
        return pause_s
