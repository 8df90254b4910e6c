from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.dialects.rheo import translate
from saluhall.domain.listings.model import EndedReason, ListedProduct, State
from saluhall.domain.products.model import Kind, Outcome, Product, Status, Stored

PRODUCT_ID = UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6")


def listed(state: State | None = None, **more: Any) -> ListedProduct:
    now = datetime(2026, 5, 27, tzinfo=UTC)
    facts: dict[str, Any] = {
        "id": PRODUCT_ID,
        "sku": "A-1",
        "kind": Kind.ITEM,
        "parent_sku": None,
        "status": Status.ACTIVE,
        "title": "Backspegel",
        "description": None,
        "price": Decimal("950.00"),
        "currency": "SEK",
        "shipping_cost": None,
        "shipping_strategy": "integrated",
        "weight_kg": None,
        "image_urls": (),
        "extras": {},
        "auto_publish": True,
        "ai_enhancement": False,
        "created_at": now,
        "updated_at": now,
    }
    known = {key: more.pop(key) for key in tuple(more) if key in facts}
    return ListedProduct(product=Product(**{**facts, **known}), state=state, **more)


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (listed(), None),
        (listed(State.PENDING, is_wanted=True, pending=True), "pending_sync"),
        (listed(State.SUBMITTED, is_wanted=True), "pending_sync"),
        (listed(State.PENDING, is_wanted=True, error="expired"), "sync_error"),
        (listed(State.SUBMITTED, is_wanted=True, error="expired"), "sync_error"),
        (listed(State.LIVE, is_wanted=True, pending=True), "active"),
        (listed(State.LIVE, is_wanted=True, error="has bids"), "active"),
        (listed(State.LIVE, is_wanted=False, pending=True), "pending_sync"),
        (listed(State.ENDED, ended_reason=EndedReason.SOLD_OUT), "sold"),
        (listed(State.ENDED, ended_reason=EndedReason.EXPIRED), "ended"),
        (listed(State.REJECTED, is_wanted=True, error="no"), "sync_error"),
    ],
)
def test_the_state_of_a_listing_becomes_a_tradera_status(seen: ListedProduct, status: str) -> None:
    told = translate.status_from_listed(seen, "https://hub.example")

    assert told.traderaStatus == status
    assert told.traderaError == seen.error


def test_an_item_is_told_in_the_printed_order() -> None:
    seen = listed(
        State.LIVE,
        is_wanted=True,
        external_id="398271634",
        external_url="https://www.tradera.com/item/398271634",
        parent_sku="P-1",
        extras={
            "metadata": '{"b" : 1.0}',
            "domain": {"domain": "books", "isbn": "9789113"},
        },
    )

    assert msgspec.json.encode(translate.status_from_listed(seen, "https://hub.example")) == (
        b'{"externalId":"A-1","rheoItemId":"3fa85f64-5717-4562-b3fc-2c963f66afa6",'
        b'"rheoStatus":"active","traderaStatus":"active","traderaAdId":"398271634",'
        b'"traderaAdUrl":"https://www.tradera.com/item/398271634","price":950,'
        b'"title":"Backspegel","type":"item","parentExternalId":"P-1","metadata":{"b" : 1.0},'
        b'"traderaError":null,"images":[],"extendedAttributes":{"domain":"books","external_reference":"A-1",'
        b'"source":"integration","schema_version":"1.0.0","isbn":"9789113"}}'
    )


@pytest.mark.parametrize(
    ("ad_id", "url", "told"),
    [
        (None, None, None),
        ("12", None, None),
        ("12", "https://sandbox.example/12", "https://sandbox.example/12"),
        ("pending-7", "https://www.tradera.com/item/7", None),
    ],
)
def test_an_ad_has_a_page_once_it_stands(ad_id: str | None, url: str | None, told: str) -> None:
    seen = listed(State.LIVE, external_id=ad_id, external_url=url)

    assert translate.status_from_listed(seen, "https://hub.example").traderaAdUrl == told


@pytest.mark.parametrize(
    ("amount", "text"),
    [("950.00", b"950"), ("950.10", b"950.1"), ("0", b"0"), ("9999999999.99", b"9999999999.99")],
)
def test_money_is_the_shortest_number(amount: str, text: bytes) -> None:
    assert msgspec.json.encode(translate.number_from_decimal(Decimal(amount))) == text


@given(st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2))
def test_money_goes_out_and_comes_back_unchanged(amount: Decimal) -> None:
    number = msgspec.json.decode(msgspec.json.encode(translate.number_from_decimal(amount)))

    assert translate._exact(number) == amount


def test_the_message_tells_a_create_from_an_update() -> None:
    created, updated = (
        translate.accepted_from_outcome(Stored(outcome, "A", PRODUCT_ID))
        for outcome in (Outcome.CREATED, Outcome.UPDATED)
    )

    assert created.message == "Item is being processed in the background."
    assert updated.message != created.message
    assert created.itemId == updated.itemId == str(PRODUCT_ID)
