"""The marketplace's memory: everything it knows, found by what it is asked for."""

import heapq
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count

from saluhall.practice.tradera.call_log import CallLog, Quota
from saluhall.practice.tradera.clock import Clock
from saluhall.practice.tradera.errors import Missing
from saluhall.practice.tradera.faults import Faults
from saluhall.practice.tradera.model import (
    Item,
    Kind,
    Order,
    QueuedRequest,
    Result,
    Seller,
    Token,
    Transaction,
)
from saluhall.practice.tradera.people import dice_of, person_of_id
from saluhall.practice.tradera.rules import AppSettings, Rules

SLACK = 1000  # how many outdated changes a seller's list may hold beyond one per item

Action = Callable[[datetime], object]


class Market:
    """One marketplace in memory; the same seed and the same calls give the same story."""

    def __init__(
        self,
        *,
        seed: int,
        rules: Rules | None = None,
        app_id: int | None = None,
        app_key: str | None = None,
    ) -> None:
        self.seed, self.app_id, self.app_key = seed, app_id, app_key
        self.opening_rules = self.rules = rules or Rules()
        self.app = AppSettings()
        self.clock, self.dice = Clock(), dice_of(seed, "market")
        self.calls, self.quota, self.faults = CallLog(), Quota(), Faults()
        self.sellers: dict[int, Seller] = {}
        self.items: dict[int, Item] = {}
        self.requests: dict[int, QueuedRequest] = {}
        self.orders: dict[int, Order] = {}
        self.transactions: dict[int, Transaction] = {}
        self.logins: dict[str, tuple[int, str] | None] = {}
        self.used_secrets: set[str] = set()
        self.next_results: deque[Result] = deque()
        self.item_ids = count(self.dice.randint(600_000_000, 699_999_999))
        self.request_ids = count(self.dice.randint(20_000_000, 29_999_999))
        self.order_ids = count(self.dice.randint(10_000_000, 19_999_999))
        self.transaction_ids = count(self.dice.randint(300_000_000, 399_999_999))
        self._versions = count(self.dice.randint(1_000_000_000, 1_999_999_999))
        self._due: list[tuple[datetime, int, Action]] = []
        self._turns = count()

    def reset(self) -> None:
        """Forget everything and begin the same story again."""
        fresh = Market(
            seed=self.seed, rules=self.opening_rules, app_id=self.app_id, app_key=self.app_key
        )
        self.__dict__.update(fresh.__dict__)

    def schedule(self, at: datetime, action: Action) -> None:
        """Have something done when the clock gets there."""
        heapq.heappush(self._due, (at, next(self._turns), action))

    def catch_up(self) -> datetime:
        """Do what has become due, in its order, and return the time."""
        now = self.clock.now()
        while self._due and self._due[0][0] <= now:
            at, _, action = heapq.heappop(self._due)
            action(at)
        return now

    def touch(self, item: Item) -> None:
        """Give a published item a new row version: something about it has changed."""
        if not item.is_published:
            return
        item.row_version = next(self._versions)
        changes = item.seller.changes
        changes.append((item.row_version, item.id))
        if len(changes) > 2 * len(item.seller.item_ids) + SLACK:
            changes[:] = [change for change in changes if self._is_latest(change)]

    def changed_since(self, seller: Seller, row_version: int) -> list[Item]:
        """List a seller's items with a higher row version, oldest change first."""
        start = bisect_right(seller.changes, row_version, key=lambda change: change[0])
        return [self.items[c[1]] for c in seller.changes[start:] if self._is_latest(c)]

    def _is_latest(self, change: tuple[int, int]) -> bool:
        return self.items[change[1]].row_version == change[0]

    def add_item(self, item: Item) -> None:
        """Keep an item, published or not."""
        self.items[item.id] = item
        item.seller.item_ids.append(item.id)

    def enrol(self, user_id: int, *, alias: str | None = None) -> Seller:
        """Find the seller with an id, or make it up; a given alias replaces the old one."""
        seller = self.sellers.get(user_id)
        if seller is None:
            seller = Seller(person=person_of_id(user_id, seed=self.seed, alias=alias))
            self.sellers[user_id] = seller
        elif alias:
            seller.person = replace(seller.person, alias=alias)
        return seller

    def seller_by_token(self, *, app_id: int, user_id: int, token: str) -> Seller | None:
        """Find the seller for whom an application holds this living token."""
        seller, now = self.sellers.get(user_id), self.clock.now()
        good = seller and any(_fits(t, app_id, token, now) for t in seller.tokens)
        return seller if good else None

    def published(self, item_id: int) -> Item:
        """Give a published item. Raises Missing."""
        item = self.items.get(item_id)
        if item is None or not item.is_published:
            raise Missing(f"Item {item_id} was not found")
        return item

    def own_item(self, seller: Seller, item_id: int) -> Item:
        """Give a seller's own published item. Raises Missing."""
        item = self.published(item_id)
        if item.seller is not seller:
            raise Missing(f"Item {item_id} was not found")
        return item

    def own_request(self, seller: Seller, request_id: int) -> QueuedRequest:
        """Give a seller's own request. Raises Missing."""
        request = self.requests.get(request_id)
        if request is None or request.item.seller is not seller:
            raise Missing(f"Request {request_id} was not found")
        return request

    def is_active(self, item: Item, now: datetime) -> bool:
        """Return whether buyers can see the item and act on it."""
        started = item.is_published and not item.is_ended and item.start_at <= now
        return started and (item.kind is not Kind.SHOP or item.quantity > 0)


def _fits(token: Token, app_id: int, text: str, now: datetime) -> bool:
    alive = token.expires_at is None or now < token.expires_at
    return alive and token.text == text and token.app_id in (None, app_id)
