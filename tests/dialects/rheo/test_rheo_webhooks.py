import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.dialects.rheo.webhooks import envelope_from_event, event_id, signed_headers
from saluhall.domain.events.model import Event, EventType
from saluhall.kit.secrets import new_webhook_secret

AT = datetime(2026, 5, 27, 16, 32, 0, 900_000, tzinfo=timezone(timedelta(hours=2)))
ITEM = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
ACCOUNT = "9b1f0000-0000-4000-8000-000000000001"


def event(happened: EventType, /, **data: Any) -> Event:
    return Event(
        id=UUID(int=1),
        account_id=UUID(ACCOUNT),
        type=happened,
        at=AT,
        product_id=UUID(ITEM),
        sku="ERP_PART_12345",
        data=data,
    )


def test_a_sale_reads_as_printed() -> None:
    sold = event(
        EventType.LISTING_SOLD,
        channel="tradera",
        sale_price="1100.00",
        currency="SEK",
        external_id="398271634",
        order_id="0191-7",
    )

    assert envelope_from_event(sold).decode() == (
        '{"eventId":"evt_00000000000000000000000001","eventType":"item.sold",'
        '"timestamp":"2026-05-27T14:32:00Z","data":{"externalId":"ERP_PART_12345",'
        f'"rheoItemId":"{ITEM}","platform":"tradera","salePrice":1100,"currency":"SEK",'
        '"traderaAdId":"398271634","orderId":"0191-7",'
        f'"account":{{"rheoUserId":"{ACCOUNT}"}}}}}}'
    )


@pytest.mark.parametrize(
    ("kind", "given", "extras"),
    [
        (
            EventType.LISTING_PUBLISHED,
            {"external_id": "12", "url": "https://www.tradera.com/item/12"},
            {"traderaAdId": "12", "traderaAdUrl": "https://www.tradera.com/item/12"},
        ),
        (EventType.LISTING_ENDED, {"external_id": "12", "sale_price": "5"}, {"traderaAdId": "12"}),
        (EventType.LISTING_REJECTED, {"error": "Expired", "url": None}, {"error": "Expired"}),
        (EventType.PRODUCT_CREATED, {"kind": "container"}, {"type": "container"}),
        (EventType.IMAGES_READY, {"images": 0}, {"imagesProcessed": 0}),
    ],
)
def test_a_type_adds_what_it_knows(
    kind: EventType, given: dict[str, Any], extras: dict[str, Any]
) -> None:
    envelope = json.loads(envelope_from_event(event(kind, **given)))

    assert envelope["eventType"] == VOCABULARY.words[kind]
    assert envelope["data"] == {
        "externalId": "ERP_PART_12345",
        "rheoItemId": ITEM,
        "platform": "rheo",
        "salePrice": 0,
        "currency": "SEK",
        **extras,
        "account": {"rheoUserId": ACCOUNT},
    }


def test_an_event_of_no_product_names_none() -> None:
    given = {"channel": "tradera", "error": "It expires."}
    whole = structs.replace(event(EventType.CONNECTION_EXPIRING, **given), product_id=None, sku="")

    data = json.loads(envelope_from_event(whole))["data"]

    assert (data["externalId"], data["rheoItemId"], data["platform"]) == ("", "", "tradera")
    assert data["error"] == "It expires."


def test_a_repeated_delivery_has_the_same_bytes() -> None:
    ended = event(EventType.LISTING_ENDED)

    assert envelope_from_event(ended) == envelope_from_event(ended)
    assert event_id(ended) == "evt_00000000000000000000000001"


@given(secret=st.builds(new_webhook_secret), body=st.binary(max_size=200))
def test_both_signatures_can_be_verified_by_anybody(secret: str, body: bytes) -> None:
    headers = signed_headers([secret], "evt_1", AT, body)

    rheo = hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest()
    assert headers["X-Rheo-Signature"] == f"sha256={rheo}"
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = b"evt_1." + str(int(AT.timestamp())).encode() + b"." + body
    standard = hmac.new(key, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(standard).decode()
    assert headers["webhook-id"] == "evt_1"
    assert headers["webhook-timestamp"] == "1779892320"
    assert headers["Content-Type"] == "application/json"


def test_a_signature_is_what_it_always_was() -> None:
    secret = "whsec_testkey1234567890abcdefghijklmnop"
    headers = signed_headers([secret], "evt_1", datetime.fromtimestamp(0, UTC), b"{}")

    # printf '{}' | openssl dgst -sha256 -hmac whsec_testkey1234567890abcdefghijklmnop
    assert (
        headers["X-Rheo-Signature"]
        == "sha256=8bf69de1059b057a0088d273580012dda9f6cb42a353d7c319298e075c21450a"
    )


def test_a_secret_that_is_no_base64_is_its_own_key() -> None:
    secret = "whsec_not base64!"
    headers = signed_headers([secret], "evt_1", datetime.fromtimestamp(5, UTC), b"{}")

    standard = hmac.new(secret.encode(), b"evt_1.5.{}", hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(standard).decode()
