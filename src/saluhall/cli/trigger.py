"""saluhall trigger."""

import asyncio
import time
from typing import Annotated, Final

from cyclopts import Parameter

from saluhall.bootstrap import now
from saluhall.cli.catalogs import SYSTEM_CATALOG
from saluhall.cli.dialects import Dialect, webhook_of
from saluhall.cli.failures import Refused
from saluhall.cli.practice_sale import NoPractice, sell
from saluhall.cli.session import Account, AsJson, DataDir, prepared, read_settings, show
from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections import queries as connection_queries
from saluhall.domain.events.model import Event, EventType, text_from_event_id
from saluhall.domain.events.queries import list_events_of_sku
from saluhall.domain.listings import samples
from saluhall.domain.listings.model import ListedProduct
from saluhall.domain.products.model import ProductNotFound
from saluhall.domain.webhooks import queries
from saluhall.kit.http import Outbound
from saluhall.plugins import load_channels
from saluhall.settings import Settings
from saluhall.storage import Database

_LOOK_EVERY_S: Final = 0.2
_MAX_WAIT_S: Final = 30.0


def trigger(
    event_type: Annotated[
        str,
        Parameter(
            help="item.created, item.images_ready, item.sold, listing.created, listing.ended or listing.failed."
        ),
    ],
    *,
    account: Account,
    sku: Annotated[str | None, Parameter(help="The product the event is about.")] = None,
    dialect: Dialect = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Send a signed event of an account's own data to its endpoints.

    item.sold of a product that is live at a practice server is a real sale there: the auction gets a bid and ends. Every other event
    is a test: it goes to all endpoints that ask for its type, its data says "test": true, and nothing else changes.
    """
    wanted, *_ = webhook_of(dialect).vocabulary.types_of([event_type])
    try:
        made = asyncio.run(_trigger(read_settings(data_dir), account, wanted, sku))
    except ProductNotFound as error:
        raise Refused(f"account {account} has no item {sku}") from error
    show({"eventType": event_type, **made}, as_json=as_json)


async def _trigger(
    settings: Settings, account: str, event_type: EventType, sku: str | None
) -> dict[str, object]:
    async with prepared(settings) as db:
        async with db.transaction() as tx:
            principal = await principal_of_account(tx, account)
        made, note = "practice", ""
        try:
            event = await _sold(db, principal, event_type, sku)
        except NoPractice as reason:
            made, note = "test", str(reason)
            async with db.transaction() as tx:
                event = await samples.record_test_event(
                    tx,
                    principal=principal,
                    catalog=SYSTEM_CATALOG,
                    event_type=event_type,
                    sku=sku,
                    now=now(),
                )
        async with db.transaction() as tx:
            endpoints = await queries.list_endpoints(tx, principal=principal)
    answer: dict[str, object] = {
        "eventId": text_from_event_id(event.id),
        "externalId": event.sku,
        "made": made,
        "endpoints": sum(e.is_on and event_type in e.event_types for e in endpoints),
    }
    return {**answer, "note": note} if note else answer


async def _sold(
    db: Database, principal: Principal, event_type: EventType, sku: str | None
) -> Event:
    """Sell a product at a practice server and wait until the hub has recorded it. Raises NoPractice, ProductNotFound."""
    if event_type is not EventType.LISTING_SOLD:
        raise NoPractice("a test event: only item.sold is made at a practice server")
    async with db.transaction() as tx:
        live = await samples.find_live(tx, principal=principal, catalog=SYSTEM_CATALOG, sku=sku)
        known = await connection_queries.list_connections(tx, principal=principal)
    practising = [
        (connection.id, base)
        for connection in known
        if (card := load_channels().get(connection.channel))
        and (base := card.practice_of((live and live.external_url) or ""))
    ]
    if live is None or live.external_id is None or not practising:
        raise NoPractice("a test event: nothing of the account is live at a practice server")
    began = now()
    http = Outbound()
    try:
        await sell(http, practising[0][1], live.external_id)
    finally:
        await http.close()
    async with db.transaction() as tx:
        for connection_id, _ in practising:
            await connections.poll_by(tx, principal.account_id, connection_id, at=began, now=began)
    return await _recorded(db, principal, live)


async def _recorded(db: Database, principal: Principal, live: ListedProduct) -> Event:
    deadline = time.monotonic() + _MAX_WAIT_S
    while time.monotonic() < deadline:
        async with db.transaction() as tx:
            events = await list_events_of_sku(
                tx,
                principal=principal,
                sku=live.product.sku,
                product_id=live.product.id,
                limit=20,
            )
        for event in events:
            if (
                event.type is EventType.LISTING_SOLD
                and event.data.get("external_id") == live.external_id
            ):
                return event
        await asyncio.sleep(_LOOK_EVERY_S)
    raise NoPractice(
        f"{live.product.sku} was sold at the practice server, but the hub has not read it within {_MAX_WAIT_S:.0f} s"
        " (is a worker running, and are calls left?): a test event"
    )
