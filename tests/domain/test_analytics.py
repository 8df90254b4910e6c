"""What an account sold: which sales count, in which month, to the öre."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from saluhall.channel_orders import RemoteRefund
from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.accounts import currencies
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import BadCurrency, BadTimeZone
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.analytics import queries
from saluhall.domain.analytics.model import Analytics, Revenue
from saluhall.domain.listings import deletions
from saluhall.domain.listings import operations as listings
from saluhall.domain.orders import operations as orders
from saluhall.domain.orders import refunds
from saluhall.domain.orders.model import OrderStatus, StatusChange
from saluhall.domain.products.model import Status
from saluhall.storage import Database
from tests.domain.selling import NOW, Seller, order, row
from tests.domain.shop import patch

COUNTED = """
  select coalesce(sum(orders) filter (where state = 'paid'), 0)::bigint as orders,
         coalesce(sum(units) filter (where state = 'paid'), 0)::bigint as units,
         coalesce(sum(gross) filter (where state = 'paid'), 0) as gross,
         coalesce(sum(refunded) filter (where state = 'paid'), 0) as refunded,
         coalesce(sum(fee) filter (where state = 'paid'), 0) as fee,
         coalesce(sum(gross) filter (where state = 'pending'), 0) as pending
    from sales where account_id = %(account_id)s
"""


def figures(revenue: Revenue) -> tuple[object, ...]:
    return revenue.orders, revenue.units, revenue.gross, revenue.fee, revenue.pending


def shown(*values: object) -> str:
    return " ".join(map(str, values))


async def asked(seller: Seller, now: datetime = NOW) -> Analytics:
    async with seller.db.statement() as tx:
        return await queries.analytics_of_account(
            tx, principal=seller.principal, default_currency="SEK", now=now
        )


async def month_of(seller: Seller, at: datetime, *, now: datetime) -> str:
    """Sell something at an instant; return in which month it is counted."""
    before = {month.name: month.gross for month in (await asked(seller, now)).months}
    await sell(seller, f"AT-{at.isoformat()}", at=at, price=7)
    months = (await asked(seller, now)).months
    [name] = [month.name for month in months if month.gross != before[month.name]]
    return name


async def sell(seller: Seller, sku: str, *, price: object, at: datetime = NOW, **item: Any) -> None:
    """Sell a unit outside of any marketplace."""
    product = patch(sku=sku, title=sku, price=Decimal(str(price)), **item)
    async with seller.db.transaction() as tx:
        await listings.put_products(
            tx, principal=seller.principal, catalog=RHEO, products=[product], now=at
        )
    await set_status(seller, sku, Status.SOLD, at=at)


async def set_status(seller: Seller, sku: str, status: Status, *, at: datetime = NOW) -> None:
    async with seller.db.transaction() as tx:
        await listings.set_status(
            tx, principal=seller.principal, catalog=RHEO, sku=sku, status=status, now=at
        )


async def set_rate(seller: Seller, currency: str, rate: str) -> None:
    async with seller.db.transaction() as tx:
        await currencies.set_rate(
            tx, principal=seller.principal, currency=currency, rate=Decimal(rate), now=NOW
        )


async def change_order(seller: Seller, order_id: int, status: OrderStatus) -> None:
    change = StatusChange(index=0, order_id=order_id, status=status)
    async with seller.db.transaction() as tx:
        assert not await orders.change_status(
            tx, principal=seller.principal, changes=[change], now=NOW
        )


async def test_without_sales_there_are_twelve_months_of_nothing(db: Database) -> None:
    found = await asked(await Seller.open(db))

    assert [month.name for month in found.months] == [
        "2025-12", *(f"2026-{n:02}" for n in range(1, 12))
    ]  # fmt: skip
    assert {figures(part) for part in (*found.months, found.total)} == {(0, 0, 0, 0, 0)}
    assert found.categories == []


@pytest.mark.parametrize(
    ("at", "month"),
    [
        ("2025-12-31T22:59:59Z", "2025-12"),  # Stockholm: 23:59:59
        ("2025-12-31T23:00:00Z", "2026-01"),  # a new year there, not yet in UTC
        ("2026-03-31T21:59:59Z", "2026-03"),  # summer time began on the 29th
        ("2026-03-31T22:00:00Z", "2026-04"),
        ("2026-10-31T22:59:59Z", "2026-10"),  # and ended on the 25th
        ("2026-10-31T23:00:00Z", "2026-11"),
    ],
)
async def test_a_month_begins_by_the_clock_of_the_account(
    db: Database, at: str, month: str
) -> None:
    seller = await Seller.open(db)

    assert await month_of(seller, datetime.fromisoformat(at), now=NOW) == month


async def test_the_newest_month_too_begins_by_the_clock_of_the_account(db: Database) -> None:
    seller = await Seller.open(db)
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert (await asked(seller, new_year)).months[-1].name == "2027-01"
    assert (await asked(seller, new_year - timedelta(hours=1))).months[-1].name == "2026-12"


async def test_another_clock_makes_other_months_of_the_past_too(db: Database) -> None:
    seller = await Seller.open(db)
    await sell(seller, "NEW-YEAR", price=100, at=datetime(2026, 1, 1, 4, tzinfo=UTC))

    async with db.transaction() as tx:
        await analytics.set_time_zone(
            tx, principal=seller.principal, time_zone="America/New_York", now=NOW
        )
    found = await asked(seller)

    assert [m.name for m in found.months if m.gross] == ["2025-12"]
    assert found.total.gross == 100


@pytest.mark.parametrize("name", ["Nowhere/City", "europe/stockholm", "../etc/passwd", "", "CEST"])
async def test_an_unknown_time_zone_is_refused(db: Database, name: str) -> None:
    seller = await Seller.open(db)

    async with db.transaction() as tx:
        with pytest.raises(BadTimeZone):
            await analytics.set_time_zone(tx, principal=seller.principal, time_zone=name, now=NOW)
        with pytest.raises(BadTimeZone):
            await accounts.create_account(
                tx, name="x", username="x", password="x", time_zone=name, now=NOW
            )


async def test_an_order_is_pending_until_it_is_paid_and_counts_nothing_once_cancelled(
    db: Database,
) -> None:
    seller = await Seller.open(db)
    tradera = await seller.connect()
    await seller.receive(tradera, order("A", [row("1", price=100), row("2", price=20, quantity=2)]))
    await seller.receive(tradera, order("B", [row("3", price=7)], paid=True))
    first, second = [head["id"] for head in await seller.orders()]

    total = (await asked(seller)).total
    assert figures(total) == (1, 1, 7, 1, 140)
    assert total.net == 6

    await change_order(seller, first, OrderStatus.PAID)
    total = (await asked(seller)).total
    assert figures(total) == (2, 4, 147, 2, 0)

    await change_order(seller, first, OrderStatus.SHIPPED)
    assert (await asked(seller)).total == total

    await change_order(seller, second, OrderStatus.CANCELLED)
    assert figures((await asked(seller)).total) == (1, 3, 140, 1, 0)


async def test_a_line_that_comes_later_is_added_once(db: Database) -> None:
    seller = await Seller.open(db)
    tradera = await seller.connect()
    rows = [row("1", price=100)]
    await seller.receive(tradera, order("A", rows, paid=True))
    later = order("A", [*rows, row("2", price=11)], paid=True, later=timedelta(minutes=5))
    await seller.receive(tradera, later)
    await seller.receive(tradera, later)

    assert figures((await asked(seller)).total) == (1, 2, 111, 1, 0)


async def test_a_sale_in_another_currency_is_counted_by_itself_until_the_account_sets_a_rate(
    db: Database,
) -> None:
    seller = await Seller.open(db)
    tradera = await seller.connect()
    await seller.receive(tradera, order("A", [row("1", price=100)], paid=True, currency="EUR"))
    await seller.receive(tradera, order("B", [row("2", price=30)], currency="EUR"))
    await sell(seller, "EURO", price=50, currency="EUR")
    await sell(seller, "KRONA", price=3)

    found = await asked(seller)
    assert (found.currency, figures(found.total)) == ("SEK", (1, 1, 3, 0, 0))
    [left] = found.unconverted
    assert shown(left.currency, left.orders, left.gross, left.pending) == "EUR 2 150 30"

    await set_rate(seller, "EUR", "11.505")
    found = await asked(seller)
    assert found.unconverted == []
    assert figures(found.total) == (3, 3, Decimal("1728.75"), Decimal("11.51"), Decimal("345.15"))


async def test_another_currency_of_the_account_has_rates_of_its_own(db: Database) -> None:
    seller = await Seller.open(db)
    await sell(seller, "EURO", price=50, currency="EUR")
    await sell(seller, "KRONA", price=3)
    await set_rate(seller, "EUR", "11")

    async with db.transaction() as tx:
        removed = await currencies.set_currency(
            tx, principal=seller.principal, currency="EUR", now=NOW
        )
        with pytest.raises(BadCurrency):
            await currencies.set_rate(
                tx, principal=seller.principal, currency="EUR", rate=Decimal(1), now=NOW
            )
    found = await asked(seller)

    assert removed == ["EUR"]
    assert shown(found.currency, found.total.gross) == "EUR 50.00"
    assert [shown(each.currency, each.gross) for each in found.unconverted] == ["SEK 3"]


async def test_what_is_cancelled_or_refunded_of_an_order_is_no_revenue(db: Database) -> None:
    seller = await Seller.open(db)
    tradera = await seller.connect()
    three = row("1", price=100, quantity=3)
    await seller.receive(
        tradera, order("A", [three, row("2", price=50)], paid=True, fee=Decimal(7))
    )
    one_less = replace(three, cancelled=1, refunded=1, refunded_amount=Decimal(100))
    back = RemoteRefund(external_id="R1", amount=Decimal(100), refunded_at=NOW)
    news = order(
        "A", [one_less, row("2", price=50)], paid=True, fee=Decimal(7), refunds=[back],
        later=timedelta(minutes=5),
    )  # fmt: skip
    await seller.receive(tradera, news)

    total = (await asked(seller)).total
    assert figures(total) == (1, 3, 250, 7, 0)
    assert [total.refunded, total.net] == [0, 243]

    [head] = await seller.orders()
    async with db.transaction() as tx:
        await refunds.refund(
            tx,
            principal=seller.principal,
            order_id=head["id"],
            amount=Decimal(20),
            reason="",
            now=NOW,
        )
    total = (await asked(seller)).total
    assert [total.gross, total.refunded, total.net] == [250, 20, 223]


async def test_sales_of_many_at_the_same_time_are_added_once_each(db: Database) -> None:
    seller = await Seller.open(db)
    tradera = await seller.connect()
    batches = [[order(f"{n}", [row(f"{n}", price=n + 1)], paid=True)] * 3 for n in range(8)]

    await asyncio.gather(
        *(seller.receive(tradera, *batch) for batch in batches),
        *(seller.receive(tradera, *batch) for batch in batches),
        *(sell(seller, f"D{n}", price=100) for n in range(8)),
    )

    assert figures((await asked(seller)).total) == (16, 16, 836, 8, 0)


async def test_a_sale_that_is_withdrawn_is_not_counted(db: Database) -> None:
    seller = await Seller.open(db)
    await sell(seller, "A", price=100)
    await sell(seller, "B", price=10)
    await set_status(seller, "A", Status.NOT_LISTED)
    assert (await asked(seller)).total.gross == 10

    await set_status(seller, "A", Status.SOLD)
    assert (await asked(seller)).total.gross == 110


async def test_a_sale_stays_when_its_item_is_deleted(db: Database) -> None:
    seller = await Seller.open(db)
    await sell(seller, "A", price=100, category="fashion")
    async with db.transaction() as tx:
        await deletions.delete_product(
            tx, principal=seller.principal, catalog=RHEO, sku="A", now=NOW
        )

    found = await asked(seller)
    assert [(c.name, *figures(c)) for c in found.categories] == [("fashion", 1, 1, 100, 0, 0)]
    assert found.inventory.sold == 0


async def test_categories_are_the_ten_with_the_highest_revenue(db: Database) -> None:
    seller = await Seller.open(db)
    for n in range(12):
        for unit in range(2):
            await sell(seller, f"{n}-{unit}", price=n + 1, category=f"slug{n:02}")
    await sell(seller, "NONE", price=1000)

    found = [(c.name, *figures(c)) for c in (await asked(seller)).categories]

    expected = [(f"slug{n:02}", 2, 2, 2 * (n + 1), 0, 0) for n in range(11, 2, -1)]
    assert found == [("other", 1, 1, 1000, 0, 0), *expected]


async def test_money_is_exact_whatever_is_added(db: Database) -> None:
    seller, dice = await Seller.open(db), random.Random(5)  # noqa: S311 - repeatable on purpose
    prices = [Decimal(dice.randint(100, 10**12 - 1)) / 100 for _ in range(60)]
    for n, price in enumerate(prices):
        await sell(seller, f"P{n}", price=price)

    found = await asked(seller)
    assert found.total.gross == sum(prices) == found.months[-1].gross


async def test_the_kept_sums_are_those_of_adding_everything_up(db: Database) -> None:
    dice = random.Random(11)  # noqa: S311 - as above
    seller = await Seller.open(db)
    tradera = await seller.connect()
    await set_rate(seller, "EUR", "1")
    for n in range(40):
        at, currency = NOW - timedelta(days=dice.randint(0, 300)), dice.choice(["SEK", "EUR"])
        lines = [
            row(f"{n}-{k}", price=dice.randint(1, 900), quantity=dice.randint(1, 3))
            for k in range(dice.randint(1, 3))
        ]
        facts: dict[str, Any] = {"at": at, "paid": dice.random() < 0.5, "currency": currency}
        await seller.receive(tradera, order(f"O{n}", lines, **facts))
        if dice.random() < 0.3:
            fewer = [replace(line, cancelled=n % 2, refunded_amount=Decimal(1)) for line in lines]
            later = order(f"O{n}", fewer, later=timedelta(hours=1), **facts)
            await seller.receive(tradera, later)
        await sell(seller, f"D{n}", price=dice.randint(1, 500), at=at, currency=currency)
        if dice.random() < 0.3:
            await set_status(seller, f"D{dice.randint(0, n)}", Status.NOT_LISTED)
        if dice.random() < 0.4:
            head = dice.choice(await seller.orders())
            if head["status"] in {"pending", "paid"}:
                await change_order(
                    seller, head["id"], dice.choice([OrderStatus.CANCELLED, OrderStatus.PAID])
                )

        [counted] = await seller.rows(COUNTED)
        found = await asked(seller)
        assert found.total == Revenue(name="", **counted)
        assert sum(month.gross for month in found.months) == counted["gross"]
        assert sum(month.orders for month in found.months) == counted["orders"]
        assert sum(category.gross for category in found.categories) == counted["gross"]
    assert (await asked(seller)).total.refunded > 0


async def test_an_account_never_counts_the_sales_of_another(db: Database) -> None:
    anna, eve = await Seller.open(db), await Seller.open(db)
    await sell(anna, "A", price=100)

    found = await asked(eve)
    assert figures(found.total) == (0, 0, 0, 0, 0)
    assert found.inventory.sold == 0
