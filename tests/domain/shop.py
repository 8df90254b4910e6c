"""One account with its catalog, straight through the domain."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.connections import operations as connections
from saluhall.domain.listings import deletions, operations, queries
from saluhall.domain.listings.model import ListedProduct
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import Stored
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Vault
from saluhall.storage import Database, Transaction

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def patch(sku: str, **fields: Any) -> ProductPatch:
    return ProductPatch(sku=sku, default_currency="SEK", **fields)


class Account:
    """An account; `now` is whatever the test says."""

    def __init__(self, db: Database, principal: Principal) -> None:
        self.db = db
        self.principal = principal
        self.now = NOW

    @classmethod
    async def open(cls, db: Database) -> "Account":
        name = new_id().hex
        async with db.transaction() as tx:
            account_id = await accounts.create_account(
                tx, name=name, username=name, password="p", now=NOW
            )
            principal = Principal(account_id=account_id, account_name=name)
            await catalogs.create_catalog(tx, principal=principal, name=RHEO, code=RHEO, now=NOW)
        return cls(db, principal)

    async def connect(self) -> UUID:
        async with self.db.transaction() as tx:
            return await connections.connect(
                tx,
                principal=self.principal,
                channel="tradera",
                user_id="1",
                token="t",
                expires_at=None,
                options={},
                vault=Vault("k"),
                now=self.now,
            )

    def later(self, by: timedelta) -> None:
        self.now += by

    async def put(self, sku: str, **fields: Any) -> Stored:
        [outcome] = await self.put_all([patch(sku, **fields)])
        return outcome

    async def put_all(self, products: Sequence[ProductPatch]) -> list[Stored]:
        async with self.db.transaction() as tx:
            return await self.put_in(tx, products)

    async def put_in(self, tx: Transaction, products: Sequence[ProductPatch]) -> list[Stored]:
        return await operations.put_products(
            tx,
            principal=self.principal,
            catalog=RHEO,
            products=products,
            offer_on="tradera",
            now=self.now,
        )

    async def get(self, sku: str) -> ListedProduct:
        async with self.db.statement() as tx:
            return await queries.get_listed_product(
                tx, principal=self.principal, catalog=RHEO, sku=sku
            )

    async def delete(self, sku: str) -> None:
        async with self.db.transaction() as tx:
            await deletions.delete_product(
                tx, principal=self.principal, catalog=RHEO, sku=sku, now=self.now
            )

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        async with self.db.statement() as tx:
            return await tx.all(dict, sql, {"account_id": self.principal.account_id, **params})
