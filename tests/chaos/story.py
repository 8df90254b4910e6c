"""A story from a seed: the same seed, length and pace give the same moves at the same seconds. Pure."""

from random import Random
from typing import Literal, get_args

from msgspec import Struct

from tests.chaos.moves import (
    Advance,
    Bid,
    BidOn,
    CallFault,
    CallTrouble,
    ChangePrice,
    Deed,
    Delete,
    HookTrouble,
    Move,
    ProcessTrouble,
    Put,
    PutBatch,
    Queue,
    Restock,
    Scene,
    SetStatus,
    Victim,
    Write,
    WrongClock,
)

SHOPS = 3
_HIGHEST_PRICE = 900
_STORM_S = 2.0
_FAULTS: tuple[CallFault, ...] = get_args(CallFault)
# Who is hit how, and how often beside the others.
_DEEDS: dict[tuple[Deed, Victim], int] = {
    ("kill", "worker"): 4,
    ("kill", "second_worker"): 4,
    ("kill", "api"): 4,
    ("kill", "hub"): 2,
    ("kill", "postgres"): 2,
    ("kill", "backend"): 2,
    ("stop", "worker"): 5,
    ("stop", "second_worker"): 5,
    ("stop", "api"): 2,
    ("stop", "postgres"): 4,
    ("stop", "backend"): 2,
    ("restart", "second_worker"): 3,
    ("restart", "hub"): 2,
}
Life = Literal["live", "off", "deleted"]


class _Item(Struct):
    """How an item lives after all that is told of it, which reaches to this second."""

    life: Life
    told_until: float = -1


class Pace(Struct, frozen=True, kw_only=True):
    """How much happens: pauses in seconds between moves of a kind, each a little longer or shorter by chance."""

    write_s: float = 0.5
    bid_s: float = 2.0
    storm_s: float = 30.0
    call_trouble_s: float = 7.0
    process_trouble_s: float = 9.0
    longest_stop_s: float = 13.0
    with_wrong_clocks: bool = True


def tell(seed: int, *, seconds: float, pace: Pace) -> list[Scene]:
    """Make a story, in the order of its seconds."""
    return _Teller(Random(seed), seconds, pace).story()  # noqa: S311 - not a secret


class _Teller:
    """Tells moment after moment. It knows of each item only what its sellers did; sales are the marketplace's affair."""

    def __init__(self, chance: Random, seconds: float, pace: Pace) -> None:
        self._chance = chance
        self._seconds = seconds
        self._pace = pace
        self._scenes: list[Scene] = []
        self._items: dict[tuple[int, str], _Item] = {}
        self._texts = 0

    def story(self) -> list[Scene]:
        kinds = (
            (self._pace.write_s, self._write),
            (self._pace.bid_s, self._bid),
            (self._pace.call_trouble_s, self._call_trouble),
            (self._pace.process_trouble_s, self._process_trouble),
            (self._pace.storm_s, self._storm),
        )
        moments = [(at, kind) for pause_s, kind in kinds for at in self._moments(pause_s)]
        for at, kind in sorted(moments, key=lambda moment: moment[0]):
            kind(at)
        return sorted(self._scenes, key=lambda scene: scene.at_s)

    def _moments(self, pause_s: float) -> list[float]:
        found = []
        at = pause_s * self._chance.uniform(0.2, 1)
        while at < self._seconds:
            found.append(at)
            at += pause_s * self._chance.uniform(0.5, 1.5)
        return found

    def _add(self, at: float, move: Move) -> None:
        at = round(min(at, self._seconds), 3)
        self._scenes.append(Scene(at, move))
        for item in _items_of(move):
            self._items[item].told_until = at

    def _soon(self, at: float) -> float:
        return at + self._chance.uniform(0, _STORM_S)

    def _known(self, life: Life, at: float) -> list[tuple[int, str]]:
        """List the items that live so and of which nothing is told already for later."""
        return [
            item
            for item, known in self._items.items()
            if known.life == life and known.told_until < at
        ]

    def _write(self, at: float) -> None:
        live = self._known("live", at)
        roll = self._chance.random()
        if len(live) < SHOPS or roll < 0.4:
            self._add(at, self._batch() if roll < 0.05 else self._create(at))
            return
        item = self._chance.choice(live)
        if roll < 0.7:
            self._add(at, self._change_price(item))
        elif roll < 0.78:
            self._add(at, self._put(item))
        elif roll < 0.86:
            self._add(at, self._take_off(item))
        elif roll < 0.94:
            self._add(at, self._delete(item))
        else:
            self._add(at, Restock(shop=item[0], sku=item[1]))

    def _bid(self, at: float) -> None:
        self._add(at, Bid(place=self._chance.random(), above=self._chance.randint(0, 90)))

    def _storm(self, at: float) -> None:
        """Within seconds: listings on their way, bids, deletes and changes of the same items, and all auctions end."""
        live = self._known("live", at)
        hit = self._chance.sample(live, min(len(live), 8))
        self._add(at, Queue(polls=self._chance.choice((0, 1, 1, 3))))
        for shop, sku in hit:
            bid = BidOn(shop=shop, sku=sku, above=self._chance.randint(0, 90))
            self._add(self._soon(at), bid)
            self._add(self._soon(at), self._blow((shop, sku)))
        for _ in range(4):
            soon = self._soon(at)
            self._add(soon, self._create(at))
        self._add(at + self._chance.uniform(0.7, 1.2) * _STORM_S, self._leap())

    def _leap(self) -> Advance:
        return Advance(days=round(self._chance.uniform(7.1, 25), 2))

    def _blow(self, item: tuple[int, str]) -> Write:
        roll = self._chance.random()
        if roll < 0.4:
            return self._delete(item)
        return self._change_price(item) if roll < 0.75 else self._take_off(item)

    def _create(self, at: float) -> Put:
        """Put a new item, or put one again that was deleted."""
        gone = self._known("deleted", at)
        if gone and self._chance.random() < 0.2:
            return self._put(self._chance.choice(gone))
        return self._put((self._chance.randrange(SHOPS), f"K{len(self._items)}"))

    def _batch(self) -> PutBatch:
        shop = self._chance.randrange(SHOPS)
        size = self._chance.randint(2, 5)
        return PutBatch(
            shop=shop, puts=tuple(self._put((shop, f"K{len(self._items)}")) for _ in range(size))
        )

    def _put(self, item: tuple[int, str]) -> Put:
        known = self._items.setdefault(item, _Item(life="deleted"))
        is_new = known.life == "deleted"
        known.life = "live"
        self._texts += 1
        return Put(
            shop=item[0],
            sku=item[1],
            title=f"{item[1]} text {self._texts}",
            price=self._price(),
            images=self._chance.choice((0, 1, 2)) if is_new else 0,
        )

    def _price(self) -> int:
        return self._chance.randint(10, _HIGHEST_PRICE)

    def _change_price(self, item: tuple[int, str]) -> ChangePrice:
        dialect: Literal["rheo", "sellrapido"] = self._chance.choice(("rheo", "sellrapido"))
        return ChangePrice(shop=item[0], sku=item[1], price=self._price(), dialect=dialect)

    def _take_off(self, item: tuple[int, str]) -> SetStatus:
        self._items[item].life = "off"
        status: Literal["sold", "not_listed"] = self._chance.choice(("sold", "not_listed"))
        return SetStatus(shop=item[0], sku=item[1], status=status)

    def _delete(self, item: tuple[int, str]) -> Delete:
        self._items[item].life = "deleted"
        return Delete(shop=item[0], sku=item[1])

    def _call_trouble(self, at: float) -> None:
        for_s = round(self._chance.uniform(2, 6), 2)
        share = round(self._chance.uniform(0.2, 0.8), 2)
        if self._chance.random() < 0.15:
            self._add(at, HookTrouble(share=share / 2, for_s=for_s))
            return
        fault = self._chance.choice(_FAULTS)
        self._add(at, CallTrouble(fault=fault, share=share, for_s=for_s))

    def _process_trouble(self, at: float) -> None:
        if self._pace.with_wrong_clocks and self._chance.random() < 0.08:
            self._add(at, WrongClock(offset_s=self._chance.choice((-300, -20, 20, 300, 0))))
            return
        deed, victim = self._chance.choices(list(_DEEDS), list(_DEEDS.values()))[0]
        for_s = self._chance.uniform(1, self._pace.longest_stop_s) if deed == "stop" else 0
        pick = round(self._chance.random(), 3)
        self._add(at, ProcessTrouble(deed=deed, victim=victim, for_s=round(for_s, 2), pick=pick))


def _items_of(move: Move) -> list[tuple[int, str]]:
    """List the items that a write names."""
    match move:
        case PutBatch(puts=puts):
            return [(put.shop, put.sku) for put in puts]
        case Put(shop=shop, sku=sku) | ChangePrice(shop=shop, sku=sku) | Delete(shop=shop, sku=sku):
            return [(shop, sku)]
        case SetStatus(shop=shop, sku=sku) | Restock(shop=shop, sku=sku):
            return [(shop, sku)]
        case _:
            return []
