"""Translate lists, containers and histories: pure functions."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import Raw

from saluhall.dialect import Invalid, Problem
from saluhall.dialects.rheo.cursors import BadCursor, Cursor, cursor_from_text, text_from_position
from saluhall.dialects.rheo.event_words import HISTORY, SALES
from saluhall.dialects.rheo.translate import listing_url, metadata_of, number_from_decimal
from saluhall.dialects.rheo.wire import MAX_ID
from saluhall.dialects.rheo.wire_lists import (
    ChildItem,
    Children,
    History,
    HistoryEvent,
    ItemList,
    ListItem,
    Summary,
)
from saluhall.domain.events.model import Event, EventType
from saluhall.domain.listings.page_model import Family, Filter, Listed, Page, Sums
from saluhall.domain.products.model import Product, Status

MAX_LISTED: Final = 1000
_USUALLY_LISTED: Final = 100
_MAX_NUMBER: Final = 18
_STATUSES: Final = ", ".join(f"'{status.value}'" for status in Status)
# Our names of what an event's data holds, and Rheo's.
_EXTRAS: Final[Mapping[str, str]] = {
    "external_id": "traderaAdId",
    "url": "traderaAdUrl",
    "kind": "type",
    "images": "imagesProcessed",
    "order_id": "orderId",
    "sale_price": "salePrice",
}
_OURS: Final = frozenset({EventType.PRODUCT_CREATED, EventType.IMAGES_READY, *SALES})
_UNSHOWN: Final = frozenset({"channel", "connection_id", "listing_id"})
_AMOUNTS: Final = frozenset({"price", "salePrice"})


def filter_from_query(query: Mapping[str, str]) -> Filter:
    """Read what a list is asked for. Raises Invalid, naming all that is wrong at once."""
    problems = [*_problems_of_texts(query), *_problems_of_words(query)]
    since = None
    if text := query.get("updated_since"):
        since = _instant(text)
        if since is None:
            problems.append(Problem("updated_since", "Must be an ISO 8601 date and time"))
    if problems:
        raise Invalid(problems)
    status, code = query.get("status"), query.get("catalogCode")
    return Filter(
        status=Status(status) if status else None,
        parent_sku=query.get("parent_external_id") or None,
        changed_since=since,
        code=(query["catalogSystem"], code) if code else None,
    )


def limit_from_query(
    query: Mapping[str, str], *, usual: int = _USUALLY_LISTED, max_count: int = MAX_LISTED
) -> int:
    """Read the limit; a larger one than `max_count` becomes that. Raises Invalid."""
    text = query.get("limit") or str(usual)
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_NUMBER
    if not is_number or int(text) < 1:
        raise Invalid([Problem("limit", "Must be a whole number of at least 1")])
    return min(int(text), max_count)


def cursor_from_query(query: Mapping[str, str], *, wanted: Filter) -> Cursor | None:
    """Read where a list continues, None at its beginning. Raises Invalid."""
    if not (text := query.get("cursor")):
        return None
    try:
        return cursor_from_text(text, wanted=wanted)
    except BadCursor as error:
        message = "Must be a nextCursor, given with the filters of the list that it is from"
        raise Invalid([Problem("cursor", message)]) from error


def list_from_page(page: Page, *, total: int, wanted: Filter) -> ItemList:
    """Show a page."""
    after = page.after
    return ItemList(
        items=[item_from_listed(listed) for listed in page.products],
        nextCursor=text_from_position(after, total=total, wanted=wanted) if after else None,
        total=total,
    )


def item_from_listed(listed: Listed) -> ListItem:
    """Show an item in a list."""
    return ListItem(
        externalId=listed.sku,
        rheoItemId=str(listed.id),
        status=listed.status,
        price=number_from_decimal(listed.price),
        title=listed.title,
        type=listed.kind,
        parentExternalId=listed.parent_sku,
        metadata=Raw(metadata_of(listed.extras)),
        traderaAdId=listed.external_id,
        traderaAdUrl=listing_url(listed.external_id, listed.external_url),
        updatedAt=_text(listed.changed_at),
    )


def children_from_family(family: Family, *, parent: Product) -> Children:
    """Show the children of a container."""
    return Children(
        parentExternalId=parent.sku,
        count=family.count,
        children=[
            ChildItem(
                externalId=child.sku,
                rheoItemId=str(child.id),
                title=child.title,
                status=child.status,
                price=number_from_decimal(child.price),
                type=child.kind,
            )
            for child in family.children
        ],
    )


def summary_from_sums(sums: Sums, *, parent: Product) -> Summary:
    """Show the children of a container, added up."""
    return Summary(
        externalId=parent.sku,
        childCount=sums.children,
        activeCount=sums.active,
        soldCount=sums.sold,
        draftCount=sums.draft,
        listedValue=number_from_decimal(sums.listed_value),
        soldValue=number_from_decimal(sums.sold_value),
        currency=sums.currency,
    )


def history_from_events(events: list[Event], *, product: Product) -> History:
    """Show what happened to an item."""
    return History(
        externalId=product.sku,
        rheoItemId=str(product.id),
        count=len(events),
        events=[
            HistoryEvent(
                eventType=HISTORY[event.type], data=_data(event), createdAt=_text(event.at)
            )
            for event in events
        ],
    )


def _data(event: Event) -> dict[str, Any]:
    is_image = event.type is EventType.IMAGE_REJECTED
    names = {**_EXTRAS, "url": "sourceUrl"} if is_image else _EXTRAS
    given = {name: value for name, value in event.data.items() if name not in _UNSHOWN}
    if event.type is EventType.PRICE_CHANGED and not isinstance(event.changes, Raw):
        given["price"] = event.changes["price"].after
    platform = event.data.get("channel") or ("rheo" if event.type in _OURS else None)
    if platform is not None:  # in the order in which PostgreSQL keeps keys
        facts = {**given, "platform": platform}
        given = dict(sorted(facts.items(), key=lambda item: (len(item[0]), item[0])))
    named = {names.get(name, name): value for name, value in given.items()}
    amounts = {name: number_from_decimal(Decimal(named[name])) for name in _AMOUNTS & named.keys()}
    return {**named, **amounts}


def _problems_of_texts(query: Mapping[str, str]) -> Iterator[Problem]:
    for name in ("parent_external_id", "catalogSystem", "catalogCode"):
        text = query.get(name, "")
        if "\0" in text:
            yield Problem(name, "Must not contain NUL characters")
        elif len(text) > MAX_ID:
            yield Problem(name, f"Must be at most {MAX_ID} characters")
    for name, other in (("catalogSystem", "catalogCode"), ("catalogCode", "catalogSystem")):
        if query.get(other) and not query.get(name):
            yield Problem(name, f"Required with {other}")


def _problems_of_words(query: Mapping[str, str]) -> Iterator[Problem]:
    status = query.get("status")
    if status and status not in set(Status):
        yield Problem("status", f"Must be one of {_STATUSES}")


def _instant(text: str) -> datetime | None:
    """Read an instant; a plus that was not encoded has become a blank, digits beyond the sixth are dropped."""
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(instant: datetime) -> str:
    """Write an instant to the millisecond, never rounded up: asked for again, it is still within."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
