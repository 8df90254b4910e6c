"""An endpoint gets the events that its dialect has words for, in that dialect's words, whichever dialects are installed beside it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import ip_network

import pytest
from msgspec import structs

from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.dialects.rheo.webhooks import envelope_from_event
from saluhall.domain.accounts.model import Principal
from saluhall.domain.events.model import Event, EventType, new_event
from saluhall.domain.recording import operations as recording
from saluhall.domain.webhooks import operations
from saluhall.domain.webhooks.model import UnknownEventType, Vocabulary
from saluhall.jobs.deliver_webhooks import DELIVER_WEBHOOKS
from saluhall.jobs.keyed_worker import KeyRun
from saluhall.jobs.run import Run, WebhookFormat
from saluhall.jobs.slots import Slots
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from saluhall.kit.ids import new_id
from saluhall.practice.partner import Partner

ACME = Vocabulary(
    dialect="acme",
    words={EventType.PRODUCT_CREATED: "new", EventType.STOCK_CHANGED: "stock"},
    on_request={EventType.PRICE_CHANGED: "price"},
    usual=("new",),
)


def no_headers(_: Sequence[str], __: Event, ___: datetime, ____: bytes) -> Mapping[str, str]:
    return {}


def format_of(words: Vocabulary) -> WebhookFormat:
    if words is VOCABULARY:
        return WebhookFormat(word=words.word_of, body=envelope_from_event, headers=no_headers)
    return WebhookFormat(
        word=words.word_of, body=lambda e: words.word_of(e.type).encode(), headers=no_headers
    )


async def test_each_endpoint_gets_its_dialects_words_and_the_log_shows_them(
    run: Run, partner: Partner
) -> None:
    run = structs.replace(
        run,
        webhook_formats={v.dialect: format_of(v) for v in (ACME, VOCABULARY)},
        http=Outbound(allow=[ip_network("127.0.0.0/8")], ca_file=partner.ca_file),
        slots=Slots(DELIVER_WEBHOOKS.size),
    )
    principal, now = Principal(account_id=new_id(), account_name="shop"), utc_now()
    async with run.db.transaction() as tx:
        for words in (ACME, VOCABULARY, structs.replace(ACME, dialect="gone")):
            await operations.set_main_endpoint(
                tx, principal=principal, url=f"{partner.url}/{principal.account_id}/{words.dialect}",
                subscription=words.subscription([]), http=run.http, vault=run.vault, now=now,
            )  # fmt: skip
        happened = (EventType.PRODUCT_CREATED, EventType.STOCK_CHANGED, EventType.PRICE_CHANGED)
        account_id = principal.account_id
        events = [new_event(account_id, t, product_id=new_id(), sku=t, now=now) for t in happened]
        await recording.record(tx, events, now=now)

    for key in [key for job, key in tx.wake_ups if job == "deliver_webhooks"]:
        opened = await DELIVER_WEBHOOKS.open(run, key)
        assert opened is not None
        await KeyRun(run, DELIVER_WEBHOOKS, opened).work_off()
    await run.http.close()

    got = [
        (r.path.rsplit("/", 1)[1], r.body) for r in partner.received if str(account_id) in r.path
    ]
    assert sorted(body for dialect, body in got if dialect == "acme") == [b"new", b"stock"]
    [item] = [json.loads(body) for dialect, body in got if dialect == "rheo"]
    assert item["eventType"] == "item.created"
    async with run.db.statement() as tx:
        logged = await tx.all(
            lambda row: (row["event_type"], row["success"], row["error"]),
            "select event_type, success, error from delivery_attempts where account_id = %s",
            [account_id],
        )
    missing = "the dialect gone of this endpoint is not installed"
    assert {each for each in logged if each[1]} == {
        ("new", True, None), ("stock", True, None), ("item.created", True, None)
    }  # fmt: skip
    assert {each[2] for each in logged if not each[1]} == {missing}


def test_words_and_types_are_translated_both_ways() -> None:
    failed = VOCABULARY.subscription(["listing.failed", "item.sold"])
    assert set(failed.types) >= {EventType.LISTING_REJECTED, EventType.LISTING_OVERSOLD}
    assert VOCABULARY.words_of(failed.types) == ["listing.failed", "item.sold"]
    everything = ACME.subscription([])
    assert (everything.is_all, set(everything.types)) == (True, set(ACME.words))
    with pytest.raises(UnknownEventType, match=r"unknown event types: x; there are new, stock"):
        ACME.subscription(["new", "x"])
