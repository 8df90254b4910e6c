"""What a story is made of: writes of sellers, what buyers and time do at the marketplace, and trouble."""

from typing import Literal

from msgspec import Struct

CallFault = Literal[
    "drop_before", "drop_after", "status_500", "lost_500", "status_302", "garbage", "truncated", "delay", "late"
]  # fmt: skip
Victim = Literal["worker", "second_worker", "api", "postgres", "backend", "hub"]
Deed = Literal["kill", "stop", "restart"]


class Put(Struct, frozen=True, kw_only=True):
    """Create an item that is to be listed, or change its title and price."""

    shop: int
    sku: str
    title: str
    price: int
    images: int = 0  # named when the item is created only


class PutBatch(Struct, frozen=True, kw_only=True):
    """Create several items with one request."""

    shop: int
    puts: tuple[Put, ...]


class ChangePrice(Struct, frozen=True, kw_only=True):
    """Change a price through one of the partner APIs."""

    shop: int
    sku: str
    price: int
    dialect: Literal["rheo", "sellrapido"]


class SetStatus(Struct, frozen=True, kw_only=True):
    """Mark an item as sold elsewhere, or take it off."""

    shop: int
    sku: str
    status: Literal["sold", "not_listed"]


class Delete(Struct, frozen=True, kw_only=True):
    """Delete an item."""

    shop: int
    sku: str


class Restock(Struct, frozen=True, kw_only=True):
    """Say that there is one again, if the hub shows that the item is sold."""

    shop: int
    sku: str


class Bid(Struct, frozen=True, kw_only=True):
    """Bid on the live listing at this place (0 to 1) of the marketplace's list."""

    place: float
    above: int


class BidOn(Struct, frozen=True, kw_only=True):
    """Bid on the live listing of an item, if there is one."""

    shop: int
    sku: str
    above: int


class Advance(Struct, frozen=True, kw_only=True):
    """Turn the marketplace's clock forward: what ends on the way ends, sold when it has bids."""

    days: float


class Queue(Struct, frozen=True, kw_only=True):
    """How long the marketplace thinks about a submission from now on."""

    polls: int


class CallTrouble(Struct, frozen=True, kw_only=True):
    """A share of the calls to the marketplace meets a fault for a while."""

    fault: CallFault
    share: float
    for_s: float


class HookTrouble(Struct, frozen=True, kw_only=True):
    """The receiver answers 500 to a share of the webhooks for a while."""

    share: float
    for_s: float


class ProcessTrouble(Struct, frozen=True, kw_only=True):
    """A process is killed, stopped for a while, or asked to stop and started again."""

    deed: Deed
    victim: Victim
    for_s: float = 0
    pick: float = 0  # which one, where there are several


class WrongClock(Struct, frozen=True, kw_only=True):
    """The second worker is started again with a clock that is wrong by so many seconds."""

    offset_s: int


Write = Put | PutBatch | ChangePrice | SetStatus | Delete | Restock
Sale = Bid | BidOn | Advance | Queue
Trouble = CallTrouble | HookTrouble | ProcessTrouble | WrongClock
Move = Write | Sale | Trouble


class Scene(Struct, frozen=True):
    """A move and the second at which it is made."""

    at_s: float
    move: Move


def name_of(move: Move) -> str:
    """Name a move for the report."""
    match move:
        case ChangePrice(dialect=dialect):
            return f"ChangePrice {dialect}"
        case SetStatus(status=status):
            return f"SetStatus {status}"
        case ProcessTrouble(deed=deed, victim=victim):
            return f"{deed} {victim}"
        case CallTrouble(fault=fault):
            return f"calls {fault}"
        case _:
            return type(move).__name__
