"""Translate Tradera's orders into the hub's, purely."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from saluhall.channel_orders import RemoteAddress, RemoteOrder, RemoteOrderLine
from saluhall.channels.tradera.countries import country_from_name
from saluhall.channels.tradera.items import instant_from_text, url_from_id
from saluhall.channels.tradera.settings import CURRENCY, ITEM_PAGE
from saluhall.channels.tradera.wire_orders import (
    Sale,
    SellerOrder,
    SellerOrderItem,
    SellerOrderPayment,
    SellerOrderUser,
    ShipTo,
)


def order_from_wire(order: SellerOrder, page: str = ITEM_PAGE) -> RemoteOrder:
    """Read an order. Any payment means paid: Tradera has none until then. Raises ValueError when its dates cannot be read."""
    created_at = _instant(order.createdDate, "createdDate")
    modified_at = _instant(order.lastUpdatedDate, "lastUpdatedDate")
    if (at := created_at or modified_at) is None:
        raise ValueError("it has neither createdDate nor lastUpdatedDate")
    payments = order.sellerOrderPayments or []
    return RemoteOrder(
        external_id=str(order.orderId),
        placed_at=at,
        changed_at=modified_at or at,
        currency=CURRENCY,
        total=Decimal(order.subTotal + (order.shippingCost or 0)),
        shipping_price=Decimal(order.shippingCost or 0),
        shipping_method=_text(order.shippingType),
        payment_method=next((t for p in payments if (t := _text(p.paymentType))), ""),
        fee=Decimal(sum(p.paymentCost or 0 for p in payments)),
        paid_at=_paid_at(payments, fallback=modified_at or at),
        buyer=_buyer(order.buyer or SellerOrderUser()),
        ship_to=None if order.shipTo is None else _place(order.shipTo),
        lines=[_line(item, page) for item in order.items or ()],
    )


def sales_of_order(order: SellerOrder, sales: Sequence[Sale]) -> list[Sale]:
    """Find an order's transactions: same item, same buyer; of several the one made nearest to the order."""
    made_at = instant_from_text(order.createdDate)
    buyer = order.buyer.userId if order.buyer else None
    found = []
    for item in order.items or ():
        same = [s for s in sales if s.item and s.item.id == item.itemId and _is_buyer(s, buyer)]
        if same:
            found.append(min(same, key=lambda sale: (_apart(sale, made_at), sale.id)))
    return found


def _is_buyer(sale: Sale, buyer: int | None) -> bool:
    return sale.buyer is not None and sale.buyer.id == buyer


def _apart(sale: Sale, made_at: datetime | None) -> timedelta:
    at = instant_from_text(sale.date)
    return abs(at - made_at) if at and made_at else timedelta.max


def _paid_at(payments: Sequence[SellerOrderPayment], *, fallback: datetime) -> datetime | None:
    if not payments:
        return None
    return max((at for p in payments if (at := instant_from_text(p.paidDate))), default=fallback)


def _line(item: SellerOrderItem, page: str) -> RemoteOrderLine:
    return RemoteOrderLine(
        listing_id=str(item.itemId),
        own_references=[_text(r) for r in item.ownReferences or () if isinstance(r, str)],
        title=_text(item.title),
        quantity=item.quantity,
        unit_price=Decimal(item.unitPrice),
        tax_percent=Decimal(item.vatRate or 0),
        url=url_from_id(str(item.itemId), page),
    )


def _buyer(buyer: SellerOrderUser) -> RemoteAddress:
    name = f"{_text(buyer.firstName)} {_text(buyer.lastName)}".strip()
    return RemoteAddress(
        user_id=_text(buyer.alias) or ("" if buyer.userId is None else str(buyer.userId)),
        name=name,
        line1=_text(buyer.addressLine1),
        line2=_text(buyer.addressLine2),
        zip=_text(buyer.zipCode),
        city=_text(buyer.city),
        country=country_from_name(_text(buyer.countryName)),
        email=_text(buyer.email),
        phone=_text(buyer.phone),
    )


def _place(ship_to: ShipTo) -> RemoteAddress:
    return RemoteAddress(
        name=_text(ship_to.name),
        line1=_text(ship_to.addressLine1),
        line2=_text(ship_to.addressLine2),
        zip=_text(ship_to.zipCode),
        city=_text(ship_to.city),
        country=country_from_name(_text(ship_to.countryName)),
    )


def _instant(text: str | None, name: str) -> datetime | None:
    instant = instant_from_text(text)
    if text and instant is None:
        raise ValueError(f"{name} cannot be read: {text!r}")
    return instant


def _text(text: str | None) -> str:
    """Return the text without the one character that no database keeps."""
    return (text or "").replace("\0", "").strip()
