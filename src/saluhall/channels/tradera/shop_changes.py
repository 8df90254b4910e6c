"""What a change of shop items asks Tradera for, and what it answers, purely."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import UNSET, structs

from saluhall.channel import Change, Rejected, Unavailable
from saluhall.channels.tradera.translate import quantity_from_units
from saluhall.channels.tradera.wire import Item, QueuedRequestResponse, ShopItemData

Failures = dict[str, Exception]
"""What failed, by external id."""

GONE = "The item is no longer on Tradera"
SILENT = "Tradera did not say what became of the change"
NAMELESS = "Tradera refused some of the changes and did not say which"

# Our field of a shop item, and where it is in an item that is read.
_SHOWN_AS = {
    "title": "shortDescription",
    "description": "longDescription",
    "categoryId": "categoryId",
    "itemAttributes": "itemAttributes",
    "vat": "vat",
}


def changed_content(whole: ShopItemData, item: Item) -> tuple[ShopItemData, bool]:
    """Leave out what the item shows already; return whether its images are others. Tradera keeps what is left out."""
    has_same_images = set(whole.ownReferences or ()) <= set(item.ownReferences or ())
    same = {
        ours: UNSET
        for ours, theirs in _SHOWN_AS.items()
        if getattr(item, theirs) == getattr(whole, ours)
    }
    if whole.shippingCondition is UNSET and item.shippingCondition:
        same["shippingCondition"] = ""  # type: ignore[assignment] # what is left out would stay
    if has_same_images:
        same["ownReferences"] = UNSET
    return structs.replace(whole, price=UNSET, absoluteQuantity=UNSET, **same), not has_same_images


def quantity_from_change(change: Change, item: Item) -> int:
    """Return how many are to be for sale: units that the hub believes unsold and that are gone are not offered again. Raises Rejected."""
    wanted = quantity_from_units(change.quantity or 0)
    if change.known_quantity is None or item.remainingQuantity is None:
        return wanted
    unseen = max(0, change.known_quantity - item.remainingQuantity)
    return max(0, wanted - unseen)


def each_number(
    changes: Sequence[Change], number: Callable[[Change], int]
) -> tuple[dict[str, int], Failures]:
    """Work out a number for each change; return the numbers, and what Tradera cannot take."""
    numbers: dict[str, int] = {}
    failures: Failures = {}
    for change in changes:
        try:
            numbers[change.external_id] = number(change)
        except Rejected as error:
            failures[change.external_id] = error
    return numbers, failures


def unqueued(
    sent: Mapping[str, int],
    queued: Sequence[QueuedRequestResponse] | None,
    errors: Sequence[Any] | None,
) -> tuple[dict[str, int], Failures]:
    """Return the requests to look after, by external id, and what failed at once."""
    requests = {str(each.itemId): each.requestId for each in queued or ()}
    failures = refusals(sent, errors)
    silent = sent.keys() - requests.keys() - failures.keys()
    return requests, failures | dict.fromkeys(silent, Unavailable(SILENT, unclear=True))


def refusals(sent: Mapping[str, int], errors: Sequence[Any] | None) -> Failures:
    """Read which of the changes were refused; when that cannot be read, none of them is certain."""
    failures: Failures = {}
    for error in errors or ():
        external_id = _id_of(error)
        if external_id not in sent:
            return dict.fromkeys(sent, Unavailable(NAMELESS, unclear=True))
        sentence = error.get("errorMessage")
        failures[external_id] = Rejected(
            f"Tradera refused: {sentence}" if sentence else "Tradera refused the change"
        )
    return failures


def _id_of(error: object) -> str:
    if not isinstance(error, Mapping):
        return ""
    item = error.get("item")
    return str(item.get("id") if isinstance(item, Mapping) else error.get("itemId", ""))
