"""saluhall catalog create, list and remove."""

from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings, show
from saluhall.cli.tables import show_rows
from saluhall.cli.values import check_name
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations, queries
from saluhall.domain.catalogs.model import Catalog, CatalogType
from saluhall.storage import Transaction

SYSTEM_CATALOG = "RHEO"  # every account has it: the items of Rheo's API
catalog = App(name="catalog", help="Create, list and remove catalogs.")


@catalog.command(name="create")
def create_catalog(
    name: Annotated[str, Parameter(help="The catalog's name.")],
    *,
    account: Account,
    code: Annotated[str, Parameter(help="The code by which the APIs know the catalog.")] = "CUSTOM",
    type: Annotated[  # noqa: A002 - the word of the option
        Literal["data_entry", "supplier", "custom", "marketplace"],
        Parameter(help="Where its products come from."),
    ] = "data_entry",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a catalog to an account."""
    check_name("name", name)
    check_name("--code", code)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        number = await operations.create_catalog(
            tx, principal=principal, name=name, code=code, type=CatalogType(type), now=now()
        )
        return {"catalog_id": number}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@catalog.command(name="list")
def list_catalogs(*, account: Account, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List an account's catalogs and how many products each has."""

    async def do(tx: Transaction, principal: Principal) -> list[Catalog]:
        return await queries.list_catalogs(tx, principal=principal)

    rows = [_row(each) for each in for_account(read_settings(data_dir), account, do)]
    columns = {"catalog_id": "catalog", "name": "name", "code": "code", "type": "type", "products": "products",
               "created_at": "created"}  # fmt: skip
    show_rows("catalogs", rows, columns, as_json=as_json)


def _row(catalog: Catalog) -> dict[str, object]:
    fields = msgspec.structs.asdict(catalog)
    return {"catalog_id": fields.pop("number"), **fields}


@catalog.command(name="remove")
def remove_catalog(
    catalog: Annotated[int, Parameter(help="The catalog's number as `list` shows it.")],
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove a catalog that has no products."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        removed = await operations.remove_catalog(
            tx, principal=principal, number=catalog, system_code=SYSTEM_CATALOG
        )
        return {"removed": removed.number, "name": removed.name, "code": removed.code}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)
