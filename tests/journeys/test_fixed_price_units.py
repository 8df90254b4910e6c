"""Several units of a product, at fixed prices and at several connections: all are sold, none is sold twice."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from saluhall.capabilities import Format
from saluhall.domain.connections import operations as connections
from saluhall.domain.listings import operations
from saluhall.domain.offers import queries
from saluhall.domain.offers.model import ListedOffer
from saluhall.kit.clock import utc_now
from saluhall.kit.secrets import Vault
from tests.dialects.sellrapido.products_client import ProductsClient
from tests.hub import Hub, Shop
from tests.shop import SECRET_KEY

WITHIN_S = 30


class Seller:
    """A shop with a client of Sellrapido's API that sends its products, and with one or two connections."""

    def __init__(self, shop: Shop, client: ProductsClient, connection_ids: list[UUID]) -> None:
        self.shop = shop
        self.client = client
        self.connection_ids = connection_ids

    @classmethod
    async def open(cls, hub: Hub, *, is_twice: bool = False) -> "Seller":
        shop = await hub.open_selling_shop()
        [row] = await shop.rows("select id from connections where account_id = %(account_id)s")
        found = [row["id"]]
        if is_twice:
            found.append(await _connect_again(shop))
        return cls(shop, await ProductsClient.of(shop), found)

    async def add(self, quantity: int) -> str:
        """Add a product; return its SKU, which is its title too."""
        sku = f"UNITS {uuid4().hex}"
        row = self.client.row(sku, title=sku, price1=100, quantity=quantity)
        await self.client.added(row)
        return sku

    async def offer(self, sku: str, connection_id: UUID) -> None:
        async with self.shop.hub.db.transaction() as tx:
            await operations.create_offer(
                tx,
                principal=self.shop.principal,
                connection_id=connection_id,
                catalog=self.client.catalog,
                sku=sku,
                format=Format.FIXED,
                now=utc_now(),
            )

    async def offers(self, sku: str) -> list[ListedOffer]:
        async with self.shop.hub.db.statement() as tx:
            return await queries.list_offers(tx, principal=self.shop.principal, sku=sku)

    async def confirmed(self, sku: str) -> list[int | None]:
        """What the hub knows to be on the marketplace, offer by offer."""
        return [each.listing.quantity if each.listing else None for each in await self.offers(sku)]

    async def there(self, sku: str) -> dict[int, int]:
        """The units that the marketplace shows now, by listing."""
        items = await self.shop.hub.market.items_of([sku])
        return {item["itemId"]: item["quantity"] for item in items if not item["ended"]}

    async def stock(self, sku: str) -> int:
        [row] = await self.shop.rows(
            "select quantity from products where account_id = %(account_id)s and sku = %(sku)s",
            sku=sku,
        )
        return int(row["quantity"])

    async def buy(self, item_id: int, quantity: int = 1) -> None:
        body = {"buyer": f"buyer-{quantity}", "quantity": quantity}
        await self.shop.hub.market.control("POST", f"/items/{item_id}/buy", body)


async def _connect_again(shop: Shop) -> UUID:
    """Connect a second login of the account."""
    user_id = shop.user_id + 500_000
    await shop.hub.market.seller(user_id, "tok")
    async with shop.hub.db.transaction() as tx:
        return await connections.connect(
            tx,
            principal=shop.principal,
            channel="tradera",
            user_id=str(user_id),
            token="tok",
            expires_at=None,
            options={},
            vault=Vault(SECRET_KEY),
            now=utc_now(),
        )


async def until(
    look: Callable[[], Awaitable[object]], wanted: object, *, within_s: float = WITHIN_S
) -> None:
    """Wait until something is as wanted."""
    deadline = time.monotonic() + within_s
    while (found := await look()) != wanted:
        assert time.monotonic() < deadline, f"wanted {wanted}, still {found}"
        await asyncio.sleep(0.05)


async def test_a_product_of_sellrapido_offered_with_ten_units_stays_live_with_nine_after_a_sale(
    hub: Hub,
) -> None:
    seller = await Seller.open(hub)
    sku = await seller.add(10)
    where = ("--connection", str(seller.connection_ids[0]), "--catalog", str(seller.client.catalog))
    account = ("--account", seller.shop.principal.account_name)
    made = await hub.cli("offer", "create", *account, *where, "--sku", sku, "--format", "fixed")
    await until(lambda: seller.confirmed(sku), [10])
    [item_id] = await seller.there(sku)

    await seller.buy(item_id)
    await until(lambda: seller.stock(sku), 9)
    await seller.shop.settle()

    assert await seller.there(sku) == {item_id: 9}
    [offer] = await seller.offers(sku)
    assert offer.listing is not None
    assert (str(offer.offer_id), offer.wanted, offer.quantity) == (made["offer_id"], "live", 9)
    assert (offer.listing.state, offer.listing.quantity, offer.listing.units_sold) == ("live", 9, 1)
    assert offer.listing.external_id == str(item_id)


async def test_two_connections_share_the_units_of_a_product(hub: Hub) -> None:
    seller = await Seller.open(hub, is_twice=True)
    sku = await seller.add(3)
    for connection_id in seller.connection_ids:
        await seller.offer(sku, connection_id)
    await until(lambda: seller.confirmed(sku), [3, 3])
    first, second = await seller.there(sku)

    await seller.buy(first, 2)
    await until(lambda: seller.there(sku), {first: 1, second: 1})
    await seller.buy(second)
    await until(lambda: seller.stock(sku), 0)
    await until(lambda: seller.there(sku), {})
    await seller.client.changed(seller.client.change(sku, quantity=2))
    await until(lambda: _shown(seller, sku), [2, 2])

    assert await seller.shop.failures(sku) == []


async def test_sales_and_changes_in_any_order_never_sell_a_unit_that_is_not_there(
    hub: Hub,
) -> None:
    seller = await Seller.open(hub, is_twice=True)
    chance = random.Random(12)  # noqa: S311 - the same orders every time
    sku, stock = await seller.add(6), 6
    for connection_id in seller.connection_ids:
        await seller.offer(sku, connection_id)
    await until(lambda: _shown(seller, sku), [6, 6])

    for left in (chance.randint(1, 4), 0):
        items = list(await seller.there(sku))
        actions = [seller.buy(chance.choice(items)) for _ in range(stock - left)]
        price = seller.client.change(sku, price1=chance.randint(50, 90))
        actions.append(seller.client.changed(price))
        chance.shuffle(actions)
        await asyncio.gather(*actions)
        stock = left
        await until(lambda: seller.stock(sku), stock)
        await until(lambda: _shown(seller, sku), [stock, stock] if stock else [])

    sold = [each.listing.units_sold for each in await seller.offers(sku) if each.listing]
    assert sum(sold) == 6
    assert await seller.shop.failures(sku) == []


async def _shown(seller: Seller, sku: str) -> list[int]:
    return sorted((await seller.there(sku)).values())
