"""A connection offers what its policy selects: new products, changed ones, and all of them when the policy changes."""

from decimal import Decimal
from uuid import UUID

import pytest

from saluhall.capabilities import Format
from saluhall.domain.listings import operations, policies
from saluhall.domain.offers import operations as offers
from saluhall.domain.offers.model import Policy, ProductFilter, Selection
from saluhall.storage import Database
from tests.domain.shop import Account, patch

OFFERS = """
  select p.sku, o.id, o.wanted, o.format, o.is_by_policy, o.quantity from offers o join products p on p.id = o.product_id
   where o.account_id = %(account_id)s order by p.sku, o.id
"""


class Selling(Account):
    """An account with one connection and its policy."""

    connection: UUID

    async def choose(
        self,
        products: Selection,
        *,
        chosen: ProductFilter | None = None,
        format: Format | None = None,  # noqa: A002 - the word of the field
    ) -> None:
        """Set the policy and let everything follow, as the command does."""
        policy = Policy(products=products, filter=chosen or ProductFilter(), format=format)
        async with self.db.transaction() as tx:
            await offers.set_policy(
                tx,
                principal=self.principal,
                connection_id=self.connection,
                policy=policy,
                now=self.now,
            )
        account_id, key, last = self.principal.account_id, None, None
        while True:
            async with self.db.transaction() as tx:
                key = await policies.select_products(
                    tx,
                    account_id=account_id,
                    connection_id=self.connection,
                    after=key,
                    now=self.now,
                )
            if key is None:
                break
        while True:
            async with self.db.transaction() as tx:
                last = await policies.follow_policy(
                    tx,
                    account_id=account_id,
                    connection_id=self.connection,
                    after=last,
                    now=self.now,
                )
            if last is None:
                break

    async def offered(self) -> list[str]:
        return [row["sku"] for row in await self.rows(OFFERS) if row["wanted"] == "live"]

    async def sell(self, sku: str, **fields: object) -> None:
        await self.put(sku, **{"title": sku, "price": Decimal(100), "quantity": 1, **fields})


@pytest.fixture
async def selling(db: Database) -> Selling:
    account = await Selling.open(db)
    assert isinstance(account, Selling)
    account.connection = await account.connect()
    return account


@pytest.mark.parametrize(
    ("chosen", "selected"),
    [
        (ProductFilter(), ["A", "B", "C"]),
        (ProductFilter(categories=("lamps",)), ["A"]),
        (ProductFilter(categories=("Home > Lamps", "nothing")), ["B"]),
        (ProductFilter(categories=("Home",)), ["B"]),
        (ProductFilter(tags=("old", "rare")), ["A", "B"]),
        (ProductFilter(min_price=Decimal(50)), ["B", "C"]),
        (ProductFilter(max_price=Decimal(50)), ["A", "B"]),
        (ProductFilter(min_price=Decimal(20), max_price=Decimal(90)), ["B"]),
        (ProductFilter(has_images=True), ["C"]),
        (ProductFilter(tags=("old",), has_images=True), []),
    ],
)
async def test_a_filter_selects_by_all_its_parts(
    selling: Selling, chosen: ProductFilter, selected: list[str]
) -> None:
    await selling.sell("A", price=Decimal(10), category="lamps", tags=["old"])
    await selling.sell("B", price=Decimal(50), category1="Home", category2="Lamps", tags=["rare"])
    await selling.sell("C", image_urls=["https://img.example/1.jpg"])

    await selling.choose(Selection.FILTER, chosen=chosen)

    assert await selling.offered() == selected


async def test_a_filter_of_catalogs_selects_by_their_numbers(selling: Selling) -> None:
    await selling.sell("A")
    [row] = await selling.rows("select number from catalogs where account_id = %(account_id)s")
    await selling.choose(Selection.FILTER, chosen=ProductFilter(catalogs=(row["number"],)))

    assert await selling.offered() == ["A"]


async def test_written_products_are_offered_and_their_offers_ended_by_the_policy(
    selling: Selling,
) -> None:
    await selling.choose(Selection.FILTER, chosen=ProductFilter(max_price=Decimal(100)))
    await selling.sell("A")
    await selling.sell("B", price=Decimal(101))
    first = await selling.offered()
    await selling.sell("A", price=Decimal(102))
    await selling.sell("B", price=Decimal(99))
    second = await selling.offered()
    await selling.sell("A", price=Decimal(98))

    assert (first, second, await selling.offered()) == (["A"], ["B"], ["A", "B"])
    listed = await selling.rows("select state from listings where account_id = %(account_id)s")
    assert {row["state"] for row in listed} <= {"pending", "ended"}


async def test_a_policy_that_selects_nothing_ends_its_own_offers_only(selling: Selling) -> None:
    await selling.sell("A", auto_publish=True)
    await selling.sell("B")
    await selling.choose(Selection.ALL)
    both = await selling.offered()
    await selling.choose(Selection.NONE)

    assert both == ["A", "B"]
    assert await selling.offered() == ["A"]


async def test_a_policy_never_offers_again_what_the_seller_has_ended(selling: Selling) -> None:
    await selling.sell("A")
    await selling.choose(Selection.ALL)
    [offer] = await selling.rows(OFFERS)
    async with selling.db.transaction() as tx:
        await offers.end(
            tx, account_id=selling.principal.account_id, offer_id=offer["id"], now=selling.now
        )
    await selling.choose(Selection.ALL)
    await selling.sell("A", price=Decimal(7))

    assert await selling.offered() == []


async def test_another_format_of_the_policy_moves_its_offers_to_that_format(
    selling: Selling,
) -> None:
    await selling.sell("A", quantity=4)
    await selling.choose(Selection.ALL, format=Format.AUCTION)
    await selling.choose(Selection.ALL, format=Format.FIXED)
    [auction, fixed] = await selling.rows(OFFERS)

    assert (auction["format"], auction["wanted"]) == ("auction", "ended")
    assert (fixed["format"], fixed["wanted"], fixed["quantity"]) == ("fixed", "live", 4)


async def test_products_that_are_added_in_bulk_are_offered_at_once(selling: Selling) -> None:
    await selling.choose(Selection.ALL)
    [row] = await selling.rows("select number from catalogs where account_id = %(account_id)s")
    async with selling.db.transaction() as tx:
        await operations.create_products(
            tx,
            principal=selling.principal,
            catalogs=[row["number"]] * 2,
            products=[patch("A", price=Decimal(10)), patch("B", price=Decimal(20))],
            now=selling.now,
        )

    assert await selling.offered() == ["A", "B"]
    assert len(await selling.rows("select from listings where account_id = %(account_id)s")) == 2
