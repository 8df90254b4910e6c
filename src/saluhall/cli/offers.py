"""saluhall offer create, end and list."""

from typing import Annotated
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.capabilities import Format
from saluhall.cli.policy_options import FormatName
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings, show
from saluhall.cli.tables import show_table
from saluhall.cli.values import number_from_text
from saluhall.domain.accounts.model import Principal
from saluhall.domain.listings import operations
from saluhall.domain.offers import queries
from saluhall.domain.offers.model import ListedOffer
from saluhall.storage import Transaction

offer = App(name="offer", help="Offer products at connections, one by one.")


@offer.command(name="create")
def create_offer(
    *,
    account: Account,
    connection: Annotated[UUID, Parameter(help="The id as `connection list` shows it.")],
    catalog: Annotated[int, Parameter(help="The number as `catalog list` shows it.")],
    sku: Annotated[str, Parameter(help="The product's SKU in that catalog.")],
    format: Annotated[  # noqa: A002 - the word of the option
        FormatName | None, Parameter(help="How it is sold; else as the policy says.")
    ] = None,
    price: Annotated[
        str | None, Parameter(help="Its price there, whatever the policy's rule says.")
    ] = None,
    max_quantity: Annotated[
        int | None, Parameter(help="How many units are shown there at most.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Offer a product at a connection; an offer of this format that exists is changed, and wanted again."""
    amount = None if price is None else number_from_text("--price", price)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        offer_id = await operations.create_offer(
            tx,
            principal=principal,
            connection_id=connection,
            catalog=catalog,
            sku=sku,
            format=None if format is None else Format(format),
            price=amount,
            max_quantity=max_quantity,
            now=now(),
        )
        return {"offer_id": offer_id}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@offer.command(name="end")
def end_offer(
    offer: Annotated[UUID, Parameter(help="The offer's id as `list` shows it.")],
    /,
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End an offer: its listing is ended on the marketplace."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        return {
            "offer_id": await operations.end_offer(
                tx, principal=principal, offer_id=offer, now=now()
            )
        }

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@offer.command(name="list")
def list_offers(
    *,
    account: Account,
    sku: Annotated[str | None, Parameter(help="Only offers of products with this SKU.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List an account's offers, each with its newest listing."""

    async def do(tx: Transaction, principal: Principal) -> list[ListedOffer]:
        return await queries.list_offers(tx, principal=principal, sku=sku)

    found = for_account(read_settings(data_dir), account, do)
    if as_json:
        show({"offers": [msgspec.structs.asdict(each) for each in found]}, as_json=True)
    else:
        headings = ("offer", "channel", "catalog", "SKU", "format", "wanted", "price", "units",
                    "listing", "there", "units there", "sold", "error")  # fmt: skip
        show_table(headings, map(_cells, found))


def _cells(each: ListedOffer) -> tuple[object, ...]:
    price = None if each.price is None else f"{each.price} {each.currency}"
    there = each.listing
    listing = (
        (None,) * 5
        if there is None
        else (there.state, there.price, there.quantity, there.units_sold, there.error)
    )
    return (each.offer_id, each.channel, each.catalog_id, each.sku, each.format, each.wanted, price,
            each.quantity, *listing)  # fmt: skip
