"""Words that people put on orders to find them again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders import tags_store
from saluhall.domain.orders.model import OrderNotFound, TagRefused
from saluhall.storage import Transaction

MAX_TAGS: Final = 20  # of one order
MAX_LENGTH: Final = 50  # characters
_SEPARATORS: Final = frozenset(";,")  # of lists of tags, where partners read and write them


async def change_tags(
    tx: Transaction,
    *,
    principal: Principal,
    order_id: int,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    now: datetime,
) -> tuple[str, ...]:
    """Add tags to an order and remove others; return those that it has then. Raises OrderNotFound, TagRefused.

    Adding a tag that it has and removing one that it has not change nothing.
    """
    for tag in add:
        _check(tag)
    both = next((tag for tag in add if tag in remove), None)
    if both is not None:
        raise TagRefused(f"the tag {both!r} is to be added and removed at once")
    before = await tags_store.lock(tx, principal.account_id, order_id)
    if before is None:
        raise OrderNotFound(order_id)
    after = tuple(dict.fromkeys(tag for tag in (*before, *add) if tag not in remove))
    if len(after) > MAX_TAGS:
        raise TagRefused(f"an order has at most {MAX_TAGS} tags; it would have {len(after)}")
    if after != before:
        await tags_store.write(tx, principal.account_id, order_id, after, now=now)
    return after


def _check(tag: str) -> None:
    is_good = (
        0 < len(tag) <= MAX_LENGTH
        and tag == tag.strip()
        and tag.isprintable()
        and not _SEPARATORS & set(tag)
    )
    if not is_good:
        raise TagRefused(
            f"a tag is 1 to {MAX_LENGTH} printable characters without ';' and ',', and without spaces at its ends; "
            f"{tag!r} is not"
        )
