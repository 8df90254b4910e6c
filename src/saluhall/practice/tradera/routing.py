"""What a route is: a method, a path, who may call it, and a plain function that responses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar

from multidict import MultiMapping

from saluhall.practice.tradera.errors import Denied
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Seller
from saluhall.practice.tradera.request_parsing import decode, int_of

T = TypeVar("T")
SMALL, LARGE = 1024 * 1024, 8 * 1024 * 1024
SHOP = 65 * 1024 * 1024  # twelve images of 4 MB inside a shop item


class Who(Enum):
    """What a route authenticates."""

    APP = "an application"
    SELLER = "an application, for a seller"
    CONTROL = "anybody who turns the knobs"


class Nothing(Enum):
    """The answer without a body."""

    NOTHING = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, read and let in."""

    market: Market
    now: datetime
    query: MultiMapping[str]
    match: Mapping[str, str]
    body: bytes
    authenticated: Seller | None = None

    @property
    def seller(self) -> Seller:
        """Give the seller that the call is made for. Raises Denied."""
        if self.authenticated is None:
            raise Denied("This call needs a user")
        return self.authenticated

    def id_in_path(self, name: str) -> int:
        """Read a number out of the path."""
        return int_of(self.match[name])

    def read(self, shape: type[T]) -> T:
        """Read the body. Raises Refused."""
        return decode(self.body, shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of a route table."""

    method: str
    path: str
    answer: Callable[[Call], object]
    who: Who = Who.SELLER
    limit: int = SMALL
