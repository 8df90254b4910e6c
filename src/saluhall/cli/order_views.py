"""Orders as the command line shows them: one JSON object, or tables for a person."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import asdict

from saluhall.cli.session import show
from saluhall.cli.tables import show_table, shown
from saluhall.domain.orders.details_model import OrderDetails
from saluhall.domain.orders.model import Order, OrderLine


def show_orders(orders: Sequence[Order], *, as_json: bool) -> None:
    """Print a list of orders."""
    if as_json:
        show({"orders": [_listed(order) for order in orders]}, as_json=True)
        return
    headings = ("order", "number", "channel", "status", "placed", "buyer", "total", "lines", "tags", "attention")  # fmt: skip
    show_table(headings, map(_cells, orders))


def show_order(details: OrderDetails, *, as_json: bool) -> None:
    """Print an order with its lines, parcels, refunds, and what its channel was notified of."""
    order = details.order
    head = {name: value for name, value in _listed(order).items() if name != "lines"}
    if as_json:
        lines = [_line(line) for line in order.lines]
        happened = {
            "parcels": [_parcel(each.id, asdict(each)) for each in details.parcels],
            "refunds": [_parcel(each.id, asdict(each)) for each in details.refunds],
            "updates": [asdict(each) for each in details.updates],
        }
        show({**head, "lines": lines, **happened}, as_json=True)
        return
    show(head, as_json=False)
    _section(
        "Lines",
        ("line", "SKU", "catalog", "title", "units", "shipped", "cancelled", "refunded", "total", "fee", "net"),
        (
            (x.id, x.sku or None, x.catalog, x.title, x.quantity, x.shipped, x.cancelled, x.refunded, x.total, x.fee, x.net)
            for x in order.lines
        ),
    )  # fmt: skip
    _section(
        "Parcels",
        ("carrier", "tracking", "shipped", "units by line"),
        ((x.carrier or None, x.tracking or None, x.shipped_at, x.lines) for x in details.parcels),
    )
    _section(
        "Refunds",
        ("amount", "reason", "refunded", "its id there"),
        (
            (f"{x.amount} {x.currency}", x.reason or None, x.refunded_at, x.external_id)
            for x in details.refunds
        ),
    )
    _section(
        "Notifications of the channel",
        ("kind", "state", "attempts", "answer", "next", "since", "settled"),
        (
            (x.kind, x.state, x.attempts, x.answer or None, x.due_at, x.created_at, x.settled_at)
            for x in details.updates
        ),
    )


def _section(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    found = list(rows)
    sys.stdout.write(f"\n{title}{'' if found else ': none'}\n")
    if found:
        show_table(headings, found)


def _listed(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "number": order.number,
        "channel": order.channel,
        "connection_id": order.connection_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "currency": order.currency,
        "total": order.total,
        "buyer": order.buyer,
        "lines": [
            {"sku": x.sku, "quantity": x.quantity, "shipped": x.shipped, "cancelled": x.cancelled}
            for x in order.lines
        ],
        "tags": order.tags,
        "attention": order.attention,
    }


def _line(line: OrderLine) -> dict[str, Any]:
    facts = asdict(line)
    return {"line_id": facts.pop("id"), **facts}


def _parcel(row_id: object, facts: dict[str, Any]) -> dict[str, Any]:
    facts.pop("id")
    return {"id": row_id, **facts}


def _cells(order: Order) -> tuple[object, ...]:
    lines = "\n".join(f"{line.quantity} x {line.sku or line.title}" for line in order.lines)
    return (
        order.id,
        order.number,
        order.channel,
        order.status,
        order.placed_at,
        order.buyer,
        f"{order.total} {order.currency}",
        shown(lines),
        order.tags,
        order.attention,
    )
