"""An account that sells through several connections, straight through the domain: what is live, what was ordered, what is left."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from saluhall.channel import Progress, RemoteListing, RemoteState
from saluhall.channel_orders import RemoteAddress, RemoteOrder, RemoteOrderLine
from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections import queries
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import operations, outcomes, record, submissions
from saluhall.domain.listings.events import WentLive
from saluhall.domain.orders import intake
from saluhall.domain.orders.mapping import Marketplace
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Vault
from saluhall.storage import Database
from tests.domain.shop import patch

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = timedelta(minutes=3)
WORKER = new_id()
MARKET = Marketplace(label="Tradera", site="Sweden", country="SWE")
EVA = RemoteAddress(
    user_id="eva",
    name="Eva Ek",
    line1="Storgatan 1",
    line2="2 tr",
    zip="411 05",
    city="Göteborg",
    country="SWE",
    email="eva@example.com",
    phone="070-1740605",
)


class Seller:
    """An account; `now` is whatever the test says."""

    def __init__(self, db: Database, principal: Principal) -> None:
        self.db = db
        self.principal = principal
        self.now = NOW

    @classmethod
    async def open(cls, db: Database) -> "Seller":
        name = new_id().hex
        async with db.transaction() as tx:
            account_id = await accounts.create_account(
                tx, name=name, username=name, password="p", now=NOW
            )
            principal = Principal(account_id=account_id, account_name=name)
            await catalogs.create_catalog(tx, principal=principal, name=RHEO, code=RHEO, now=NOW)
        return cls(db, principal)

    async def connect(self, user_id: str = "1") -> Connection:
        async with self.db.transaction() as tx:
            connection_id = await connections.connect(
                tx,
                principal=self.principal,
                channel="tradera",
                user_id=user_id,
                token="t",
                expires_at=None,
                options={},
                vault=Vault("k"),
                now=self.now,
            )
            found = await queries.find_connection(tx, self.principal.account_id, connection_id)
        assert found is not None
        return found

    async def stock(self, sku: str, *, quantity: int = 1, **columns: Any) -> UUID:
        """Put a product with so many pieces; further columns are set as they are."""
        async with self.db.transaction() as tx:
            product = patch(sku=sku, title=f"Part {sku}", price=Decimal(950))
            [outcome] = await operations.put_products(
                tx, principal=self.principal, catalog=RHEO, products=[product], now=self.now
            )
        assert outcome.product_id is not None
        wanted = {"quantity": quantity, **columns}
        names = ", ".join(f"{name} = %({name})s" for name in wanted)
        await self.run(
            f"update products set {names} where account_id = %(account_id)s and id = %(id)s",
            id=outcome.product_id,
            **wanted,
        )
        return outcome.product_id

    async def list_at(
        self, connection: Connection, product_id: UUID, external_id: str, *, state: str = "live"
    ) -> UUID:
        """Publish a product at a connection as far as `state`, whatever else of it is live already."""
        offer_id = await self.offer(connection, product_id)
        await self._list_anyway(offer_id)
        async with self.db.transaction() as tx:
            due = await record.claim_due(
                tx,
                self.principal.account_id,
                connection.id,
                worker=WORKER,
                limit=9,
                lease=LEASE,
                now=self.now,
            )
        [one] = [each for each in due if each.offer.id == offer_id]
        await self.run(
            "update listings set claimed_by = null, due_at = %(now)s where account_id = %(account_id)s and id = any(%(ids)s)",
            ids=[each.listing.id for each in due if each is not one],
            now=self.now,
        )
        if state == "pending":
            await self.run(
                "update listings set external_id = %(external)s, claimed_by = null where account_id = %(account_id)s and id = %(id)s",
                external=external_id,
                id=one.listing.id,
            )
            return one.listing.id
        progress = Progress(external_id=external_id, may_be_live=True)
        async with self.db.statement() as tx:
            saved = [(one, progress)]
            await submissions.save_progress(
                tx, self.principal.account_id, saved, lease=LEASE, now=self.now
            )
        if state == "submitted":
            async with self.db.statement() as tx:
                await submissions.submitted(
                    tx, self.principal.account_id, [(one, progress, timedelta())], now=self.now
                )
        elif state == "live":
            live = WentLive(external_id=external_id, url="", at=self.now)
            async with self.db.transaction() as tx:
                await record.record(tx, one, live, now=self.now)
        return one.listing.id

    async def offer(self, connection: Connection, product_id: UUID) -> UUID:
        """Offer a product at a connection."""
        [product] = await self.rows(
            "select c.number, p.sku from products p join catalogs c on c.id = p.catalog_id where p.id = %(id)s",
            id=product_id,
        )
        async with self.db.transaction() as tx:
            return await operations.create_offer(
                tx,
                principal=self.principal,
                connection_id=connection.id,
                catalog=product["number"],
                sku=product["sku"],
                now=self.now,
            )

    async def _list_anyway(self, offer_id: UUID) -> None:
        """Give an offer a unit that may not be there: tests begin with more listings than units."""
        await self.run(
            "update offers set quantity = 1 where account_id = %(account_id)s and id = %(id)s",
            id=offer_id,
        )
        await self.run(
            """
            insert into listings (account_id, id, offer_id, product_id, connection_id, format, state, due_at, created_at,
                                  updated_at)
            select account_id, new_ulid(), id, product_id, connection_id, format, 'pending', %(now)s, %(now)s, %(now)s
              from offers where account_id = %(account_id)s and id = %(id)s and listing_id is null
            """,
            id=offer_id,
            now=self.now,
        )
        await self.run(
            """
            update offers o set listing_id = l.id from listings l
             where o.account_id = %(account_id)s and o.id = %(id)s and l.offer_id = o.id and o.listing_id is null
            """,
            id=offer_id,
        )

    async def receive(self, connection: Connection, *orders: RemoteOrder) -> None:
        async with self.db.transaction() as tx:
            await intake.receive(tx, connection, orders, market=MARKET, now=self.now)

    async def see_sold(self, connection: Connection, external_id: str) -> None:
        """Look at the marketplace and see that a listing is sold."""
        there = RemoteListing(
            external_id=external_id, state=RemoteState.SOLD, sale_price=Decimal(950)
        )
        async with self.db.transaction() as tx:
            await outcomes.observe(tx, connection, [there], now=self.now)

    async def run(self, sql: str, **params: Any) -> None:
        async with self.db.transaction() as tx:
            await tx.run(sql, {"account_id": self.principal.account_id, **params})

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        async with self.db.statement() as tx:
            return await tx.all(dict, sql, {"account_id": self.principal.account_id, **params})

    async def orders(self) -> list[dict[str, Any]]:
        return await self.rows("select * from orders where account_id = %(account_id)s order by id")

    async def order_lines(self) -> list[dict[str, Any]]:
        return await self.rows(
            "select * from order_lines where account_id = %(account_id)s order by id"
        )

    async def product(self, sku: str) -> dict[str, Any]:
        [found] = await self.rows(
            "select * from products where account_id = %(account_id)s and sku = %(sku)s", sku=sku
        )
        return found

    async def listings(self) -> dict[str, tuple[str, str, int, bool]]:
        """Show each listing by its external id: what is wanted, what is, priority, whether it is due."""
        found = await self.rows(
            """
            select l.external_id, l.priority, l.due_at,
                   case when o.wanted = 'live' and o.quantity > 0 and p.status in ('draft', 'active')
                             and not p.delete_wanted then 'live' else 'ended' end as wanted,
                   case when l.ended_reason = 'sold_out' then 'sold' else l.state end as state
              from listings l
              join offers o on o.account_id = l.account_id and o.id = l.offer_id
              join products p on p.account_id = l.account_id and p.id = l.product_id
             where l.account_id = %(account_id)s
            """
        )
        return {
            row["external_id"]: (
                row["wanted"],
                row["state"],
                row["priority"],
                row["due_at"] is not None,
            )
            for row in found
        }

    async def sales_told(self) -> list[dict[str, Any]]:
        """What item.sold said, oldest first."""
        found = await self.rows(
            "select data from events where account_id = %(account_id)s and type = 'listing.sold' order by id"
        )
        return [row["data"] for row in found]


def row(
    external_id: str,
    *,
    listing: UUID | None = None,
    quantity: int = 1,
    price: int = 4,
    vat: int = 0,
) -> RemoteOrderLine:
    return RemoteOrderLine(
        listing_id=external_id,
        own_references=["not ours", *([str(listing)] if listing else [])],
        title=f"Sold {external_id}",
        quantity=quantity,
        unit_price=Decimal(price),
        tax_percent=Decimal(vat),
    )


def order(
    external_id: str,
    lines: Sequence[RemoteOrderLine],
    *,
    at: datetime = NOW,
    later: timedelta = timedelta(),
    paid: bool = False,
    **changes: Any,
) -> RemoteOrder:
    facts: dict[str, Any] = {
        "external_id": external_id,
        "placed_at": at,
        "changed_at": at + later,
        "currency": "SEK",
        "total": sum((r.unit_price * r.quantity for r in lines), Decimal(5)),
        "shipping_price": Decimal(5),
        "shipping_method": "PostNord",
        "payment_method": "TraderaPay" if paid else "",
        "fee": Decimal(1),
        "paid_at": at + later if paid else None,
        "buyer": EVA,
        "ship_to": None,
        "lines": lines,
    }
    return RemoteOrder(**{**facts, **changes})
