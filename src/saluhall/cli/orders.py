"""saluhall order list, show, ship, cancel, pay, refund, tag and match."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.failures import WrongUsage
from saluhall.cli.order_views import show_order, show_orders
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings, show
from saluhall.cli.values import check_name, number_from_text
from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders import fulfilments, matching, operations, queries, refunds, tags
from saluhall.domain.orders.details_model import OrderDetails
from saluhall.domain.orders.fulfilments import Parcel
from saluhall.domain.orders.model import Order, OrderStatus
from saluhall.storage import Transaction

order = App(name="order", help="List, ship, cancel, refund, tag and match orders.")
OrderId = Annotated[int, Parameter(help="The order's id as `list` shows it.")]
StatusName = Literal["pending", "paid", "shipped", "cancelled"]
Reason = Annotated[str | None, Parameter(help="Why; the marketplace gets it where it takes one.")]
_UNITS = re.compile(r"(\d{1,10})=(\d{1,9})", re.ASCII)


@order.command(name="list")
def list_orders(
    *,
    account: Account,
    status: Annotated[StatusName | None, Parameter(help="Only orders in this status.")] = None,
    attention: Annotated[
        bool,
        Parameter(
            negative="",
            help="Only orders in progress with a line that is oversold or matches no product.",
        ),
    ] = False,
    limit: Annotated[int, Parameter(help="How many are listed at most.")] = 1000,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List an account's orders, newest first."""
    if limit < 1:
        raise WrongUsage("--limit takes a number from 1")

    async def do(tx: Transaction, principal: Principal) -> list[Order]:
        return await queries.list_orders(
            tx,
            principal=principal,
            status=None if status is None else OrderStatus(status),
            attention=attention,
            limit=limit,
        )

    show_orders(for_account(read_settings(data_dir), account, do), as_json=as_json)


@order.command(name="show")
def show_one(
    order: OrderId, /, *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show an order with its lines, parcels and refunds, and what its marketplace was notified of."""

    async def do(tx: Transaction, principal: Principal) -> OrderDetails:
        return await queries.get_order(tx, principal=principal, order_id=order)

    show_order(for_account(read_settings(data_dir), account, do), as_json=as_json)


@order.command(name="ship")
def ship(
    order: OrderId,
    /,
    *,
    account: Account,
    carrier: Annotated[str | None, Parameter(help="Who carries the parcel.")] = None,
    tracking: Annotated[str | None, Parameter(help="The parcel's number at its carrier.")] = None,
    line: Annotated[
        tuple[str, ...],
        Parameter(
            help="Units of a line that are in the parcel, as ID=UNITS; once for each line. Without: all that is open.",
            negative="",
        ),
    ] = (),
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Ship an order, or units of it, in a parcel; the marketplace is notified."""
    for name, text in (("--carrier", carrier), ("--tracking", tracking)):
        if text is not None:
            check_name(name, text)
    parcel = Parcel(
        order_id=order,
        carrier=carrier or "",
        tracking=tracking or "",
        lines=_units_from_texts(line),
    )

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        found = await fulfilments.ship(tx, principal=principal, parcel=parcel, now=now())
        return {"order_id": order, "parcel_id": found}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@order.command(name="cancel")
def cancel(
    order: OrderId,
    /,
    *,
    account: Account,
    reason: Reason = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Cancel an order: what is not shipped returns to stock, and the marketplace is notified."""
    _check_reason(reason)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await operations.cancel(tx, principal=principal, order_id=order, reason=reason, now=now())
        return {"order_id": order, "status": OrderStatus.CANCELLED}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@order.command(name="pay")
def pay(
    order: OrderId, /, *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Note that an order was paid; the marketplace is notified where it takes that. What is shipped stays so."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        status = await operations.pay(tx, principal=principal, order_id=order, now=now())
        return {"order_id": order, "status": status}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@order.command(name="refund")
def refund(
    order: OrderId,
    amount: Annotated[str, Parameter(help="How much, in the order's currency.")],
    /,
    *,
    account: Account,
    reason: Reason = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Note that money went back to the buyer; the marketplace is notified where it takes that."""
    _check_reason(reason)
    wanted = number_from_text("AMOUNT", amount)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        made = await refunds.refund(
            tx,
            principal=principal,
            order_id=order,
            amount=wanted,
            reason=reason or "",
            now=now(),
        )
        return {"order_id": order, "refund_id": made}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@order.command(name="tag")
def tag(
    order: OrderId,
    /,
    *,
    account: Account,
    add: Annotated[
        tuple[str, ...], Parameter(help="A tag to add; once for each.", negative="")
    ] = (),
    remove: Annotated[
        tuple[str, ...], Parameter(help="A tag to remove; once for each.", negative="")
    ] = (),
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add tags to an order and remove others; print those that it has then."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        kept = await tags.change_tags(
            tx, principal=principal, order_id=order, add=add, remove=remove, now=now()
        )
        return {"order_id": order, "tags": kept}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@order.command(name="match")
def match(
    order: OrderId,
    line: Annotated[int, Parameter(help="The line's id as `show` shows it.")],
    /,
    *,
    account: Account,
    sku: Annotated[str, Parameter(help="The product's SKU.")],
    catalog: Annotated[int, Parameter(help="The number as `catalog list` shows it.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say of which product an order line is that matched none: its units are taken from stock."""

    async def do(tx: Transaction, principal: Principal) -> OrderDetails:
        await matching.match(
            tx,
            principal=principal,
            order_id=order,
            line_id=line,
            sku=sku,
            catalog=catalog,
            now=now(),
        )
        return await queries.get_order(tx, principal=principal, order_id=order)

    show_order(for_account(read_settings(data_dir), account, do), as_json=as_json)


def _check_reason(reason: str | None) -> None:
    if reason is not None:
        check_name("--reason", reason)


def _units_from_texts(texts: Sequence[str]) -> Mapping[int, int]:
    """Read `ID=UNITS` of each line. Raises WrongUsage."""
    units: dict[int, int] = {}
    for text in texts:
        found = _UNITS.fullmatch(text)
        if found is None:
            raise WrongUsage(f"--line takes ID=UNITS such as 12=1, not {text!r}")
        line_id = int(found[1])
        if line_id in units:
            raise WrongUsage(f"--line names the line {line_id} twice")
        units[line_id] = int(found[2])
    return units
