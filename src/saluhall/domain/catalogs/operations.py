"""What is done with catalogs."""

from datetime import datetime

from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import store
from saluhall.domain.catalogs.model import CatalogTaken
from saluhall.kit.ids import new_id
from saluhall.storage import Conflict, Transaction


async def create_catalog(
    tx: Transaction, *, by: Principal, name: str, code: str, now: datetime
) -> int:
    """Add a catalog to an account; return the number by which the partner APIs know it. Raises CatalogTaken."""
    catalog_id = new_id()
    try:
        return await store.add(
            tx, by.account_id, catalog_id=catalog_id, code=code, name=name, now=now
        )
    except Conflict as error:
        raise CatalogTaken(f"the account has a catalog {code!r} already") from error
