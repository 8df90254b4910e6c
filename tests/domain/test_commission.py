"""The operator's part of sales by a deal: of which months, to the hundredth."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from saluhall.domain.analytics.model import Analytics, Inventory, Revenue
from saluhall.domain.partner_business import operations, queries
from saluhall.domain.partner_business.commission import commission_of, with_commission
from saluhall.domain.partner_business.model import Amounts, Deal, DealKind
from saluhall.storage import Database
from tests.domain.selling import NOW, Seller, order, row


def deal(bps: int | None, first_month: str | None = "2026-03") -> Deal:
    return Deal(
        kind=DealKind.DIRECT_COMMISSION,
        amounts=Amounts(commission_bps=bps),
        since=datetime(2026, 3, 9, tzinfo=UTC),
        first_month=first_month,
    )


def month(name: str, gross: str, fee: str = "0") -> Revenue:
    return Revenue(
        name=name,
        orders=1,
        units=1,
        gross=Decimal(gross),
        refunded=Decimal(0),
        fee=Decimal(fee),
        pending=Decimal(9),
    )


@pytest.mark.parametrize(
    ("bps", "gross", "commission"),
    [
        (1000, "950", "95.00"),
        (250, "99.99", "2.50"),
        (1, "49.99", "0.00"),
        (1, "50", "0.01"),  # a half is rounded up
        (10_000, "7", "7.00"),
        (0, "950", "0.00"),
        (None, "950", "0.00"),
    ],
)
def test_a_commission_is_in_hundredths_of_a_percent(
    bps: int | None, gross: str, commission: str
) -> None:
    assert commission_of(deal(bps), gross=Decimal(gross)) == Decimal(commission)


def test_the_fee_has_the_commission_from_the_month_on_in_which_the_deal_began() -> None:
    found = Analytics(
        currency="SEK",
        inventory=Inventory(),
        unconverted=[],
        months=[month("2026-02", "100"), month("2026-03", "200", "5"), month("2026-04", "300")],
        categories=[],
        total=month("", "2600", "7"),
    )

    shown = with_commission(found, deal(1000), gross_during=Decimal(500))

    assert [m.fee for m in shown.months] == [0, 25, 30]
    assert [m.net for m in shown.months] == [100, 175, 270]
    assert [shown.total.fee, shown.total.net] == [57, 2543]
    assert with_commission(found, deal(None), gross_during=Decimal(500)) == found
    assert with_commission(found, deal(1000, None), gross_during=Decimal(500)) == found


async def test_a_granted_commission_is_taken_of_paid_sales_alone(db: Database) -> None:
    seller = await Seller.open(db)
    tradera = await seller.connect()
    await seller.receive(tradera, order("A", [row("1", price=950)], paid=True))
    await seller.receive(tradera, order("B", [row("2", price=70)]))
    async with db.transaction() as tx:
        await operations.grant(
            tx,
            principal=seller.principal,
            kind=DealKind.DIRECT_COMMISSION,
            amounts=Amounts(commission_bps=500),
            now=NOW,
        )
    async with db.statement() as tx:
        found = await queries.analytics_of_account(
            tx, principal=seller.principal, default_currency="SEK", now=NOW
        )

    of_the_marketplace = Decimal(1)
    assert found.total.fee == of_the_marketplace + Decimal("47.5")
    assert found.months[-1].fee == of_the_marketplace + Decimal("47.5")
