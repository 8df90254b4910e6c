"""What a marketplace's order becomes: the fields of a head and of its rows, purely."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from saluhall.channel import RemoteAddress, RemoteOrder, RemoteOrderRow
from saluhall.domain.orders.model import OrderStatus
from saluhall.domain.orders.product_info import image_of, product_info_from_facts

_CENT = Decimal("0.01")


class Attention(StrEnum):
    """Why a person should look at an order."""

    UNMATCHED = "unmatched"  # a row is of nothing that the hub has listed
    OVERSOLD = "oversold"  # a row was bought after the last piece had gone


class Marketplace(Struct, frozen=True, kw_only=True):
    """Where orders come from, as partners read it."""

    label: str
    site: str
    country: str


def head_from_order(order: RemoteOrder, *, market: Marketplace, shop: int) -> dict[str, Any]:
    """Write the fields of a head; without an address to ship to, the buyer's own counts."""
    is_paid = order.paid_at is not None
    return {
        "remote_id": order.remote_id,
        "remote_modified": order.modified_at,
        "shop": shop,
        "code": order.remote_id,
        "marketplace_code": market.label,
        "channel_code": market.site,
        "marketplace_country": market.country,
        "date_order": order.created_at,
        "status": OrderStatus.ACCEPTED if is_paid else OrderStatus.STANDBY,
        "date_payment": order.paid_at,
        "currency": order.currency,
        "price": order.total + order.shipping_price,
        "shipping_price": order.shipping_price,
        "shipping_code": order.shipping_code,
        "payment_code": order.payment_code,
        "marketplace_fee": order.payment_fee,
        "buyer_user_id": order.buyer.user_id,
        "buyer_email": order.buyer.email,
        **_person(order.buyer, order.buyer, ""),
        **_person(order.ship_to or order.buyer, order.buyer, "_dd"),
    }


def _person(place: RemoteAddress, buyer: RemoteAddress, ending: str) -> dict[str, str]:
    fields = {
        "name": place.name or buyer.name,
        "address1": place.line1,
        "address2": place.line2,
        "zip": place.zip,
        "city": place.city,
        "country": place.country,
        "phone": place.phone or buyer.phone,
    }
    return {f"buyer_{name}{ending}": value for name, value in fields.items()}


class Match(Struct, frozen=True, kw_only=True):
    """What a row was found to be of: a listing of ours and its product, with the product's columns and its catalog's."""

    listing_id: UUID
    product_id: UUID
    facts: Mapping[str, Any]


def row_from_order(
    order: RemoteOrder, row: RemoteOrderRow, match: Match | None, *, is_first: bool
) -> dict[str, Any]:
    """Write the fields of a row; the order's shipping stands in its first."""
    total = row.unit_price * row.quantity
    facts = match.facts if match else None
    vat = row.vat_rate or (facts["vat_percent"] if facts else Decimal(0))
    return {
        "product_id": row.external_id,
        "transaction_id": f"{order.remote_id}-{row.external_id}",
        "title": row.title or (facts["title"] if facts else ""),
        "quantity": row.quantity,
        "price": row.unit_price,
        "price_total": total,
        "shipping_price": order.shipping_price if is_first else Decimal(0),
        "shipping_code": order.shipping_code,
        "vat_perc": vat,
        "product_tax": tax_in(total, vat),
        **_product_fields(match, row),
    }


def _product_fields(match: Match | None, row: RemoteOrderRow) -> dict[str, Any]:
    """Write what is known of a matched product; of nothing, nothing."""
    if match is None:
        nothing = dict.fromkeys(("sku", "ean", "brand", "mpn", "image_url"), "")
        return {
            **nothing,
            "product": None,
            "price_cost": Decimal(0),
            "weight": Decimal(0),
            "product_info": {},
        }
    facts = match.facts
    return {
        "product": match.product_id,
        "sku": f"{facts['catalog_number']}_{facts['sku']}",
        "ean": facts["ean"],
        "brand": facts["brand"],
        "mpn": facts["mpn"],
        "image_url": image_of(facts),
        "price_cost": facts["cost"],
        "weight": facts["weight_kg"] or Decimal(0),
        "product_info": product_info_from_facts(facts, unit_price=row.unit_price),
    }


def tax_in(total: Decimal, vat_perc: Decimal) -> Decimal:
    """Tell how much of an amount is VAT."""
    return (total * vat_perc / (100 + vat_perc)).quantize(_CENT, rounding=ROUND_HALF_UP)
