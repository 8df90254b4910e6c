"""What sellers were promised: each write that was answered, folded into what must be true of each item."""

import time
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, field

Wanted = Literal["live", "sold", "not_listed", "deleted"]
Item = tuple[int, str]  # the shop and its id of the item


class Life(Struct, kw_only=True):
    """An item from the PUT that made it to the DELETE that ended it."""

    item_id: str
    title: str
    price: int
    images: int
    titles: set[str] = field(default_factory=set)
    wanted: Wanted = "live"
    restocked: int = 0
    was_kept: bool = False  # put again after its DELETE, and still the same item


class Ledger:
    """The lives of all items, and the writes that nobody has answered yet."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.traces: dict[Item, list[str]] = {}
        self.troubles: list[str] = []
        self.lives: dict[Item, list[Life]] = {}
        self.unanswered: dict[int, str] = {}
        self._writes = 0

    def trace(self, item: Item, what: str) -> None:
        """Note what happened to an item, for whoever looks for the cause of a violation."""
        at_s = time.monotonic() - self.begun
        self.traces.setdefault(item, []).append(f"{at_s:7.2f} {what}")

    def trouble(self, what: str) -> None:
        """Note what happened to all items alike."""
        self.troubles.append(f"{time.monotonic() - self.begun:7.2f} {what}")

    def begin(self, what: str) -> int:
        """Note that a write is on its way."""
        self._writes += 1
        self.unanswered[self._writes] = what
        return self._writes

    def answer(self, write: int) -> None:
        """Note that a write was answered."""
        del self.unanswered[write]

    @property
    def answered(self) -> int:
        """Count the writes that were answered."""
        return self._writes - len(self.unanswered)

    def put(self, item: Item, *, item_id: str, title: str, price: int, images: int) -> None:
        """An item was put: a new life, or new data of the one it has.

        After a DELETE it is a new life, unless the item is the same: then an order in progress must have kept it.
        """
        lives = self.lives.setdefault(item, [])
        is_gone = not lives or lives[-1].wanted == "deleted"
        if is_gone and lives and item_id == lives[-1].item_id:
            lives[-1].was_kept = True
        elif is_gone:
            lives.append(Life(item_id=item_id, title=title, price=price, images=images))
        life = lives[-1]
        life.title, life.price = title, price
        life.titles.add(title)

    def price(self, item: Item, price: int) -> None:
        """The price was changed."""
        self.lives[item][-1].price = price

    def want(self, item: Item, wanted: Wanted) -> None:
        """The item was marked as sold, taken off, or deleted."""
        self.lives[item][-1].wanted = wanted

    def restock(self, item: Item) -> None:
        """There is one again: it is offered again where it was."""
        life = self.lives[item][-1]
        life.wanted = "live"
        life.restocked += 1

    def current(self) -> Iterator[tuple[Item, Life]]:
        """Go through the last life of each item."""
        for item, lives in self.lives.items():
            yield item, lives[-1]
