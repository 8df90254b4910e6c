"""Two sales of one piece: the one recorded first is the sale, the other one is oversold and somebody is told."""

from datetime import timedelta
from decimal import Decimal

import pytest

from saluhall.channel import Progress, RemoteListing, RemoteState
from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import events, operations, outcomes, submissions
from saluhall.domain.listings.events import Seen, Updated, WentLive
from saluhall.domain.listings.model import DueListing
from saluhall.domain.listings.record import claim_due, next_step, record
from saluhall.domain.listings.steps import Step
from saluhall.domain.products.model import Status
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from tests.domain.selling import Seller, order, row
from tests.domain.shop import patch

LEASE = timedelta(minutes=3)


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def mark_sold(seller: Seller) -> None:
    async with seller.db.transaction() as tx:
        await operations.set_status(
            tx,
            principal=seller.principal,
            catalog=RHEO,
            sku="A",
            status=Status.SOLD,
            now=seller.now,
        )


async def told(seller: Seller) -> list[str]:
    """Which events a partner hears, the oldest first."""
    found = await seller.rows(
        "select type, data from events where account_id = %(account_id)s and split_part(type, '.', 1) not in ('order', 'offer')"
        " and type not in ('product.created', 'stock.changed') order by id"
    )
    return [f"{each['type']} {each['data'].get('channel', 'rheo')}" for each in found]


@pytest.mark.parametrize("seen_first", [True, False])
async def test_a_sale_of_what_the_seller_sold_elsewhere_is_one_sale_and_a_failure(
    seller: Seller, *, seen_first: bool
) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A"), "620")
    await mark_sold(seller)

    if seen_first:
        await seller.see_sold(connection, "620")
    await seller.receive(connection, order("1", [row("620", listing=listing)]))
    if not seen_first:
        await seller.see_sold(connection, "620")

    assert await told(seller) == ["product.sold rheo", "listing.oversold tradera"]
    [head] = await seller.orders()
    assert head["attention"] == ["oversold"]
    product = await seller.product("A")
    assert (product["status"], product["quantity"]) == ("sold", 0)
    assert (await seller.listings())["620"][1] == "sold"


async def test_a_seller_who_says_sold_after_the_marketplace_did_says_nothing_new(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A"), "620")
    await seller.see_sold(connection, "620")

    await mark_sold(seller)
    await seller.receive(connection, order("1", [row("620", listing=listing)]))

    assert await told(seller) == ["listing.sold tradera"]
    assert [head["attention"] for head in await seller.orders()] == [[]]


# While it is being published ------------------------------------------------------------------------------------------------


async def claim(seller: Seller, connection: Connection) -> list[DueListing]:
    async with seller.db.transaction() as tx:
        return await claim_due(
            tx, seller.principal.account_id, connection.id, worker=new_id(), limit=9, lease=LEASE, now=seller.now
        )  # fmt: skip


async def save(seller: Seller, listing: DueListing, progress: Progress, *, submit: bool) -> None:
    owner = seller.principal.account_id
    async with seller.db.statement() as tx:
        await submissions.save_progress(
            tx, owner, [(listing, progress)], lease=LEASE, now=seller.now
        )
    if submit:
        async with seller.db.statement() as tx:
            handed_in = [(listing, progress, timedelta())]
            await submissions.submitted(tx, owner, handed_in, now=seller.now)


async def offer_again(seller: Seller, quantity: int) -> None:
    [catalog] = await seller.rows("select number from catalogs where account_id = %(account_id)s")
    async with seller.db.transaction() as tx:
        [stored] = await operations.change_products(
            tx,
            principal=seller.principal,
            catalogs=[catalog["number"]],
            changes=[patch("A", quantity=quantity)],
            now=seller.now,
        )
    assert stored.problem is None


@pytest.mark.parametrize("comes", ["before the commit", "after it", "when it is live"])
async def test_a_sale_of_an_earlier_publication_ends_the_one_that_is_under_way(
    seller: Seller, comes: str
) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A"), "620")
    await seller.receive(connection, order("1", [row("620", listing=listing)]))
    await offer_again(seller, 1)
    [again] = await claim(seller, connection)
    assert (again.listing.external_id, again.listing.progress) == (None, Progress())
    progress = Progress(external_id="621", may_be_live=True)
    late = order("2", [row("620", listing=listing)])

    await save(seller, again, progress, submit=comes != "before the commit")
    if comes == "when it is live":
        [asked] = await claim(seller, connection)
        async with seller.db.transaction() as tx:
            lives = [(asked, WentLive(external_id="621", url="u", at=seller.now))]
            await outcomes.went_live(tx, seller.principal.account_id, lives, now=seller.now)
    await seller.receive(connection, late)
    if comes == "before the commit":
        await save(seller, again, progress, submit=True)

    assert (await seller.listings())["621"][0] == "ended"
    [due] = await claim(seller, connection)
    assert next_step(due) is (Step.END if comes == "when it is live" else Step.CHECK)
    assert due.listing.external_id == "621"


# Published first --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["live", "submitted", "pending"])
@pytest.mark.parametrize("end", ["sold", "ended", "order"])
async def test_what_was_published_is_told_as_published_before_it_is_over(
    seller: Seller, state: str, end: str
) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A"), "620", state=state)
    progress = '{"external_id": "620", "may_be_live": true}'
    await seller.run(
        "update listings set progress = %(progress)s::jsonb where account_id = %(account_id)s",
        progress=progress,
    )

    if end == "order":
        await seller.receive(connection, order("1", [row("620", listing=listing)]))
    else:
        there = RemoteListing(
            external_id="620", state=RemoteState(end), sale_price=Decimal(950), url="u"
        )
        async with seller.db.transaction() as tx:
            await outcomes.observe(tx, connection, [there], now=seller.now)

    over = "listing.ended tradera" if end == "ended" else "listing.sold tradera"
    published = [] if state == "live" else ["listing.published tradera"]
    assert await told(seller) == [*published, over]
    assert (await seller.listings())["620"][1] == ("ended" if end == "ended" else "sold")


# The price of an unclear answer -------------------------------------------------------------------------------------------------


async def test_after_a_lost_answer_the_wanted_price_is_asked_for_again_though_it_was_confirmed_before(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    product = await seller.stock("A")
    await seller.list_at(connection, product, "620")

    async def want(price: int) -> DueListing:
        async with seller.db.transaction() as tx:
            await operations.change_price(
                tx,
                principal=seller.principal,
                catalog=RHEO,
                sku="A",
                price=Decimal(price),
                now=seller.now,
            )
        return (await claim(seller, connection))[0]

    first = await want(800)
    async with seller.db.transaction() as tx:
        await record(tx, first, events.UpdateUnclear(reason="no answer"), now=seller.now)
    second = await want(950)  # what was confirmed before
    assert next_step(second) is Step.CHANGE_PRICE
    async with seller.db.transaction() as tx:
        await record(tx, second, Updated(price=Decimal(950)), now=seller.now)

    looks = []
    for shown in (800, 950):
        seller.now += timedelta(minutes=10)
        [due] = await claim(seller, connection)
        looks.append(next_step(due))
        async with seller.db.transaction() as tx:
            seen = Seen(price=Decimal(shown), is_look=True)
            await record(tx, due, seen, now=seller.now)
        if shown == 800:  # the lost call took effect late
            [due] = await claim(seller, connection)
            assert (next_step(due), due.offer.price) == (Step.CHANGE_PRICE, Decimal(950))
            async with seller.db.transaction() as tx:
                await record(tx, due, Updated(price=Decimal(950)), now=seller.now)
    assert looks == [Step.LOOK] * 2
    seller.now += timedelta(days=1)
    assert await claim(seller, connection) == []
