"""Tradera's own categories: read once a day, and what an offer names is looked up before anything is created."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from saluhall.capabilities import Category
from saluhall.channel import OutOfBudget, Purpose, Rejected, Toolbox, Unavailable
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.transport import NotThere, Transport

FRESH_FOR = timedelta(days=1)
AFTER_FAILURE = timedelta(minutes=10)
_log = structlog.get_logger(__name__)


class Known(Struct, frozen=True):
    """The categories by id as they were read, none when they could not be; read again at `stale_at`."""

    by_id: dict[str, Category]
    stale_at: datetime


_known: dict[str, Known] = {}
_reading: dict[str, asyncio.Task[Known]] = {}


class Categories:
    """The categories of one Tradera, shared by all channels of this process."""

    def __init__(self, *, settings: Settings, toolbox: Toolbox) -> None:
        self._url = settings.url
        self._clock = toolbox.clock
        self._transport = Transport(settings=settings, login=None, toolbox=toolbox)

    async def check(self, category_id: int) -> None:
        """Raise Rejected when Tradera has no such category, or does not list in it. Raises OutOfBudget, Disconnected."""
        by_id = (await self._read()).by_id
        if not by_id:
            return  # they could not be read: Tradera checks them itself
        found = by_id.get(str(category_id))
        if found is None:
            raise Rejected(f"Tradera has no category {category_id}; choose another one")
        if not found.is_leaf:
            below = next(each for each in by_id.values() if each.parent_id == found.id)
            raise Rejected(
                f"Tradera lists nothing in category {found.id} ({found.name}) itself; choose one below it, "
                f"such as {below.id} ({below.name})"
            )

    async def _read(self) -> Known:
        known = _known.get(self._url)
        if known is not None and self._clock() < known.stale_at:
            return known
        if self._url not in _reading:
            task = asyncio.create_task(self._refresh())
            _reading[self._url] = task
            task.add_done_callback(lambda _: _reading.pop(self._url, None))
        return await asyncio.shield(_reading[self._url])

    async def _refresh(self) -> Known:
        before = _known.get(self._url)
        try:
            found = {category.id: category for category in await self.list()}
            known = Known(found, self._clock() + FRESH_FOR)
        except OutOfBudget:
            raise
        except (Unavailable, Rejected, NotThere) as error:
            _log.warning("Tradera's categories cannot be read", error=str(error))
            known = Known(before.by_id if before else {}, self._clock() + AFTER_FAILURE)
        _known[self._url] = known
        return known

    async def list(self) -> Sequence[Category]:
        """Read all categories from Tradera, parents first."""
        body = await self._transport.call("GET", "/v4/categories", Purpose.PUBLISH)
        try:
            return categories_from_tree(msgspec.json.decode(body))
        except (ValueError, UnicodeDecodeError) as error:
            raise Unavailable(f"Tradera's categories cannot be read: {error}") from error


def categories_from_tree(tree: object) -> list[Category]:
    """Read a tree in either spelling that is known of it: `categoryId`, `categoryName`, `subCategories`, or `id`, `name`, `category`."""
    return list(_walk(_branches(tree), None))


def _walk(branches: Sequence[dict[str, Any]], parent_id: str | None) -> Iterator[Category]:
    for branch in branches:
        below = _branches(branch)
        category_id = str(branch.get("categoryId", branch.get("id")))
        name = str(branch.get("categoryName", branch.get("name", "")))
        yield Category(id=category_id, name=name, parent_id=parent_id, is_leaf=not below)
        yield from _walk(below, category_id)


def _branches(tree: object) -> list[dict[str, Any]]:
    if isinstance(tree, dict):
        words = ("subCategories", "category", "categories")
        tree = next((tree[word] for word in words if tree.get(word)), [])
    return [each for each in tree if isinstance(each, dict)] if isinstance(tree, list) else []
