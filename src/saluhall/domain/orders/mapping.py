"""What a channel's order becomes: the columns of an order and of its lines, and its status beside what is stored. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.channel_orders import RemoteAddress, RemoteOrder, RemoteOrderLine
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders.model import OrderStatus
from saluhall.kit.money import split

_CENT: Final = Decimal("0.01")
_RANK: Final[Mapping[OrderStatus, int]] = {
    OrderStatus.PENDING: 0,
    OrderStatus.PAID: 1,
    OrderStatus.CANCELLED: 2,
    OrderStatus.SHIPPED: 3,
}
# Of a product, what a line keeps of it as it was when it was sold.
_AS_IT_IS: Final = ("number", "catalog_number", "quantity", "delivery_days", "extras")
_TEXTS: Final = (
    "catalog_code", "catalog_name", "sku", "title", "ean", "mpn", "isbn", "brand", "category1", "category2", "category3",
    "condition_text",
)  # fmt: skip
_DECIMALS: Final = ("price", "shipping_cost", "vat_percent", "cost")
_PRICE_LISTS: Final = tuple(
    f"{name}{n}" for name in ("price", "shipping_cost") for n in range(2, 7)
)


class Marketplace(Struct, frozen=True, kw_only=True):
    """Where orders come from, as people call it."""

    label: str
    site: str
    country: str


class StoredOrder(Struct, frozen=True, kw_only=True):
    """An order that is stored: how far it is. `refunded` is what the channel has refunded."""

    id: int
    external_id: str
    external_changed_at: datetime | None
    status: OrderStatus
    previous_status: OrderStatus | None
    paid_at: datetime | None
    shipped_at: datetime | None
    cancelled_at: datetime | None
    refunded: Decimal


class Match(Struct, frozen=True, kw_only=True):
    """What a line was found to be of: a listing of ours and its product, with the product's columns and its catalog's."""

    listing_id: UUID
    product_id: UUID
    facts: Mapping[str, Any]


def status_from_remote(order: RemoteOrder) -> OrderStatus:
    """Return how far the channel says that an order is."""
    if order.cancelled_at is not None:
        return OrderStatus.CANCELLED
    if order.shipped_at is not None:
        return OrderStatus.SHIPPED
    return OrderStatus.PENDING if order.paid_at is None else OrderStatus.PAID


def progress_from_remote(order: RemoteOrder, stored: StoredOrder | None) -> dict[str, Any]:
    """Return the columns that say how far an order is; what the seller or the channel has said already is never set back."""
    there = status_from_remote(order)
    if stored is None:
        return {
            "status": there,
            "previous_status": None,
            "paid_at": order.paid_at,
            "shipped_at": order.shipped_at,
            "cancelled_at": order.cancelled_at,
        }
    is_further = _RANK[there] > _RANK[stored.status] and stored.status is not OrderStatus.CANCELLED
    return {
        "status": there if is_further else stored.status,
        "previous_status": stored.status if is_further else stored.previous_status,
        "paid_at": stored.paid_at or order.paid_at,
        "shipped_at": stored.shipped_at or (order.shipped_at if is_further else None),
        "cancelled_at": stored.cancelled_at or (order.cancelled_at if is_further else None),
    }


def order_from_remote(
    order: RemoteOrder, *, market: Marketplace, connection: Connection
) -> dict[str, Any]:
    """Return an order's columns; without an address to ship to, the buyer's own counts."""
    return {
        "external_id": order.external_id,
        "external_changed_at": order.changed_at,
        "connection_number": connection.number,
        "channel": market.label,
        "site": market.site,
        "site_country": market.country,
        "number": order.number or order.external_id,
        "placed_at": order.placed_at,
        "currency": order.currency,
        "total": order.total,
        "shipping_price": order.shipping_price,
        "shipping_method": order.shipping_method,
        "discount": order.discount,
        "fee": order.fee,
        "refunded": sum((refund.amount for refund in order.refunds), Decimal(0)),
        "payment_method": order.payment_method,
        "payment_reference": order.payment_reference,
        "carrier": order.carrier,
        "tracking": order.tracking,
        "cancel_reason": order.cancel_reason,
        "ship_by": order.ship_by,
        "deliver_by": order.deliver_by,
        "buyer_id": order.buyer.user_id,
        "buyer_email": order.buyer.email,
        "buyer_note": order.buyer_note,
        "buyer_vat_number": order.buyer.vat_number,
        "buyer_tax_code": order.buyer.tax_code,
        "is_business": order.is_business,
        **_address(order.buyer, order.buyer, "billing"),
        **_address(order.ship_to or order.buyer, order.buyer, "shipping"),
        "extras": order.extras,
    }


def _address(place: RemoteAddress, buyer: RemoteAddress, kind: str) -> dict[str, str]:
    fields = {
        "name": place.name or buyer.name,
        "line1": place.line1,
        "line2": place.line2,
        "zip": place.zip,
        "city": place.city,
        "region": place.region,
        "country": place.country,
        "phone": place.phone or buyer.phone,
    }
    return {f"{kind}_{name}": value for name, value in fields.items()}


def key_of_line(order: RemoteOrder, line: RemoteOrderLine) -> str:
    """Return by what a line is known again: the channel's id, or what was bought in which order."""
    return line.external_id or f"{order.external_id}-{line.listing_id}"


def with_fees_of_lines(order: RemoteOrder) -> RemoteOrder:
    """Return an order with its fee on its lines: where the channel names none of a line, the order's is split by their totals."""
    if not order.fee or not order.lines or any(line.fee for line in order.lines):
        return order
    fees = split(order.fee, [total_of_line(line) for line in order.lines])
    lines = [replace(line, fee=fee) for line, fee in zip(order.lines, fees, strict=True)]
    return replace(order, lines=lines)


def total_of_line(line: RemoteOrderLine) -> Decimal:
    """Return what a line costs, without shipping."""
    return line.unit_price * line.quantity - line.discount if line.total is None else line.total


def line_from_remote(
    order: RemoteOrder, line: RemoteOrderLine, match: Match | None, *, is_first: bool
) -> dict[str, Any]:
    """Return a line's columns; the order's shipping is in its first line."""
    total = total_of_line(line)
    facts = match.facts if match else None
    rate = line.tax_percent or (facts["vat_percent"] if facts else Decimal(0))
    return {
        "external_id": key_of_line(order, line),
        "listing_external_id": line.listing_id,
        "title": line.title or (facts["title"] if facts else ""),
        "quantity": line.quantity,
        **units_from_remote(order, line),
        "unit_price": line.unit_price,
        "total": total,
        "discount": line.discount,
        "tax_percent": rate,
        "tax": tax_in(total, rate) if line.tax is None else line.tax,
        "fee": line.fee,
        "shipping_price": order.shipping_price if is_first else Decimal(0),
        "shipping_method": order.shipping_method,
        "category_id": line.category_id,
        "category_name": line.category_name,
        "note": line.note,
        "extras": line.extras,
        **_product_columns(match, line),
    }


def units_from_remote(order: RemoteOrder, line: RemoteOrderLine) -> dict[str, Any]:
    """Return what became of a line's units as the channel knows it; of an order that is cancelled as a whole none is open."""
    is_over = status_from_remote(order) is OrderStatus.CANCELLED
    return {
        "units_shipped": line.shipped,
        "units_cancelled": line.quantity - line.shipped if is_over else line.cancelled,
        "units_refunded": line.refunded,
        "refunded": line.refunded_amount,
        "refunded_at": max((r.refunded_at for r in order.refunds), default=None) if line.refunded_amount else None,
    }  # fmt: skip


def _product_columns(match: Match | None, line: RemoteOrderLine) -> dict[str, Any]:
    """Return what a line keeps of a matched product; of nothing, the SKU that the channel names."""
    if match is None:
        return {
            "product_id": None, "catalog_number": None, "sku": line.sku, "product": None, "ean": "", "brand": "",
            "mpn": "", "image_url": "", "cost": Decimal(0), "weight_kg": Decimal(0),
        }  # fmt: skip
    return product_columns(match.product_id, match.facts)


def product_columns(product_id: UUID, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line keeps of its product, given the product's columns and its catalog's."""
    return {
        "product_id": product_id,
        "catalog_number": facts["catalog_number"],
        "sku": facts["sku"],
        "product": snapshot_of(facts),
        "ean": facts["ean"],
        "brand": facts["brand"],
        "mpn": facts["mpn"],
        "image_url": _image(facts),
        "cost": facts["cost"],
        "weight_kg": facts["weight_kg"] or Decimal(0),
    }


def snapshot_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line keeps of a product, given its columns and its catalog's: texts, and decimals with a decimal point.

    Further price lists are kept where there are any.
    """
    lists = {name: float(facts[name] or 0) for name in _PRICE_LISTS}
    return {
        **({"price_lists": lists} if any(lists.values()) else {}),
        **{name: facts[name] for name in _AS_IT_IS},
        **{name: facts[name] or "" for name in _TEXTS},
        **{name: float(facts[name] or 0) for name in _DECIMALS},
        "image_url": _image(facts),
    }


def _image(facts: Mapping[str, Any]) -> str:
    return next(iter(facts["image_urls"] or ()), "")


def tax_in(total: Decimal, percent: Decimal) -> Decimal:
    """Return how much of an amount is tax."""
    return (total * percent / (100 + percent)).quantize(_CENT, rounding=ROUND_HALF_UP)
