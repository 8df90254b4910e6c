"""What an order row says of the product it is of, as it stood at the sale; keys, order and kinds are those partners read."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

_NUMBERS = range(2, 7)


def product_info_from_facts(facts: Mapping[str, Any], *, unit_price: Decimal) -> dict[str, Any]:
    """Describe a product, given its columns and its catalog's, and what a unit was sold for."""
    extras = facts["extras"]
    return {
        "fieldConstraints": None,
        "product_id": facts["number"],
        **_catalog(facts),
        "sku": facts["sku"],
        "sku_noprefix": None,
        **_texts(facts, "ean", "mpn", "isbn", "brand"),
        **{f"catalog_category{n}": facts[f"category{n}"] for n in (1, 2, 3)},
        "url_image1": image_of(facts),
        "price1": float(facts["price"]),
        "price_shipping1": float(facts["shipping_cost"] or 0),
        "vat_perc": float(facts["vat_percent"]),
        "sku_variation": None,
        "ean_variation": "",
        "warehouse": "",
        "on_demand_days": int(extras.get("on_demand_days", 0)),
        "on_demand": bool(int(extras.get("on_demand", 0))),
        **{f"extra{n}": extras.get(f"extra{n}", "") for n in range(1, 10)},
        **{f"price{n}": float(facts[f"price{n}"]) for n in _NUMBERS},
        **{f"price_shipping{n}": float(facts[f"shipping_cost{n}"]) for n in _NUMBERS},
        "price_cost": float(facts["cost"]),
        "variations": _list(_json(extras, "variations")),
        "compatibility": {},
        "attributes": _attributes(_json(extras, "attributes")),
        "listingFees": _NO_FEES,
        "condition_code": extras.get("condition_code", "none"),
        "condition_description": facts["condition_text"],
        "supplier_sku_prefix": "",
        "repricing": False,
        "no_repricing_price": None,
        "lowest_price": 0.0,
        "quantity": float(facts["quantity"]),
        "is_sro": True,
        "listing_price": float(unit_price),
        "listing_price_noshipping": float(unit_price),
        "listing_price_shipping1": 0.0,
        "listing_priceB2B": 0.0,
        "origin_country": "",
        **_texts(facts, "title"),
        "delivery_days": facts["delivery_days"],
    }


_NO_FEES: Mapping[str, Any] = {
    "fieldConstraints": None,
    "marketplace_fee": 0.0,
    "shipping_price": 0.0,
    "shipping_cost": 0.0,
    "fee_additional": 0.0,
    "paypal_fee": 0.0,
}


def image_of(facts: Mapping[str, Any]) -> str:
    """Give the address of a product's first picture, or nothing."""
    return next(iter(facts["image_urls"] or ()), "")


def _catalog(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "catalog_id": facts["catalog_number"],
        "catalog_code": facts["catalog_code"],
        "catalog_name": facts["catalog_name"],
    }


def _texts(facts: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: facts[name] or "" for name in names}


def _json(extras: Mapping[str, str], name: str) -> object:
    return msgspec.json.decode(extras.get(name, "null"))


def _list(value: object) -> list[Any]:
    """Keep a list; partners' clients break at anything else here."""
    return value if isinstance(value, list) else []


def _attributes(value: object) -> dict[str, Any]:
    """Write attributes as one object, also those that were given as a list of names and values."""
    if isinstance(value, dict):
        return value
    pairs = (each for each in _list(value) if isinstance(each, dict) and "name" in each)
    return {str(each["name"]): each.get("value") for each in pairs}
