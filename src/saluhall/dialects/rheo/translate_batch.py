"""Translate batches: each item by itself, so that a bad one does not hold up the others."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from saluhall.dialect import Malformed, refuse
from saluhall.dialects.rheo import checks
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.translate import patch_from_item
from saluhall.dialects.rheo.wire_lists import BatchAnswer, BatchItem, Rejected
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import ParentNotFound, SkuRepeated, Stored
from saluhall.kit import validation

MAX_ITEMS: Final = 500
_REASONS: Final[dict[type[Exception], str]] = {
    ParentNotFound: "parentExternalId: No item found with this external ID",
    SkuRepeated: "externalId: Given before in this batch; the first one counts",
}


class _Batch(Struct, frozen=True):
    items: list[Raw]


class _AnyBatch(Struct, frozen=True):
    items: list[Any]


_decoder: Final = msgspec.json.Decoder(_Batch)


class Read(Struct, frozen=True):
    """A batch as read: the products that are in order, and why the other items are not; each with its place."""

    products: list[tuple[int, ProductPatch]]
    rejected: list[tuple[int, Rejected]]


def batch_from_body(body: bytes) -> Read:
    """Read the body of a batch. Raises Malformed, and Invalid when it is no list of at most 500 items."""
    items = _items(body)
    products: list[tuple[int, ProductPatch]] = []
    rejected: list[tuple[int, Rejected]] = []
    for place, raw in enumerate(items):
        try:
            products.append((place, _product(raw)))
        except (validation.ValidationFailed, validation.Unreadable) as error:
            reason = (
                str(error)
                if isinstance(error, validation.ValidationFailed)
                else f"Malformed: {error}"
            )
            rejected.append((place, Rejected(externalId=_name(raw, place), reason=reason)))
    return Read(products, rejected)


def answer_from_outcomes(batch: Read, outcomes: Sequence[Stored]) -> BatchAnswer:
    """Answer a batch; errors are in the order of its items."""
    refused = [
        (place, Rejected(externalId=outcome.sku, reason=_REASONS[type(outcome.problem)]))
        for (place, _), outcome in zip(batch.products, outcomes, strict=True)
        if outcome.problem is not None
    ]
    errors = [rejected for _, rejected in sorted([*batch.rejected, *refused], key=_place)]
    accepted = len(outcomes) - len(refused)
    return BatchAnswer(accepted=accepted, rejected=len(errors), errors=errors)


def _items(body: bytes) -> list[Raw]:
    try:
        items = _decoder.decode(body).items
    except msgspec.ValidationError:
        read(body, _AnyBatch)  # says what is wrong with it
        raise
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if len(items) > MAX_ITEMS:
        refuse("items", f"Must contain at most {MAX_ITEMS} entries")
    return items


def _product(raw: Raw) -> ProductPatch:
    """Read an item. Raises ValidationFailed, Unreadable."""
    check = checks.ItemCheck()
    item = validation.decode(bytes(raw), BatchItem, check=check, ignore=checks.ignored_of_item)
    return patch_from_item(item, check.domain, external_id=item.externalId)


def _name(raw: Raw, place: int) -> str:
    """Name an item that cannot be taken: by its external id, or by its place where that is not to be had."""
    try:
        plain = validation.plain_from_json(bytes(raw))
    except validation.Unreadable:
        plain = None
    name = plain.get("externalId") if isinstance(plain, dict) else None
    is_one = isinstance(name, str) and not list(checks.problems_of_id(name))
    return str(name) if is_one else f"items.{place}"


def _place(named: tuple[int, Rejected]) -> int:
    return named[0]
