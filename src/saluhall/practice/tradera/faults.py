"""Trouble on order: wrong statuses, slow answers, lost connections."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from msgspec import Meta, Struct

FIRST_ANSWER = 200


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of trouble; without `times` it stays until the faults are replaced."""

    path: str
    method: str = "*"
    status: Annotated[int, Meta(ge=0, le=599)] | None = None
    times: Annotated[int, Meta(ge=0)] | None = None
    delay_s: Annotated[float, Meta(ge=0, le=300)] = 0
    drop: bool = False
    body: str | None = None

    def __post_init__(self) -> None:
        if 0 < (self.status or 0) < FIRST_ANSWER:
            raise ValueError("status must be 200 to 599, or null")

    def hits(self, method: str, path: str) -> bool:
        """Return whether a call meets this trouble: same path, a glob, or a prefix ending in /."""
        if self.method.upper() not in ("*", method):
            return False
        if self.path.endswith("/") and path.startswith(self.path):
            return True
        return path == self.path or fnmatchcase(path, self.path)


@dataclass(slots=True)
class _Left:
    fault: Fault
    times: int | None


class Faults:
    """The ordered trouble; of several that fit a call, the first that is left is taken."""

    def __init__(self) -> None:
        self._left: list[_Left] = []

    def replace(self, faults: list[Fault]) -> None:
        """Order this trouble and cancel all other."""
        self._left = [_Left(fault, fault.times) for fault in faults]

    def take(self, method: str, path: str) -> Fault | None:
        """Use up one occurrence of the trouble a call meets."""
        for left in self._left:
            if left.times != 0 and left.fault.hits(method, path):
                left.times = None if left.times is None else left.times - 1
                return left.fault
        return None
