"""What a row says of the product it is of, as it was when it was sold: keys, order and kinds are those that Sellrapido's clients read."""

from typing import Final


def _text(name: str) -> str:
    return f"coalesce(nullif(l.product -> '{name}', 'null'), '\"\"')"


def _number(name: str) -> str:
    return f"coalesce(trim_scale((l.product ->> '{name}')::numeric), 0) + 0.0"


def _extra(name: str, default: str) -> str:
    return f"coalesce(l.product #>> '{{extras,{name}}}', '{default}')"


def _extra_text(name: str) -> str:
    return f"coalesce(l.product #> '{{extras,{name}}}', '\"\"')"


_ATTRIBUTES: Final = f"""
  (select case json_typeof(a) when 'object' then a::text
               when 'array' then coalesce((
                 select json_object_agg(each ->> 'name', each -> 'value')::text
                   from json_array_elements(a) each
                  where json_typeof(each) = 'object' and each ->> 'name' is not null), '{{}}')
               else '{{}}' end
     from (select {_extra("attributes", "null")}::json as a) given)
"""
_VARIATIONS: Final = f"case when {_extra('variations', 'null')} like '[%%' then {_extra('variations', 'null')} else '[]' end"  # fmt: skip
_LISTING_PRICE: Final = "trim_scale(l.unit_price) + 0.0"
_FEES: Final = (
    '{"fieldConstraints":null,"marketplace_fee":0.0,"shipping_price":0.0,"shipping_cost":0.0,'
    '"fee_additional":0.0,"paypal_fee":0.0}'
)
# Key by key: SQL, or the text that is always there.
_KEYS: Final = {
    "fieldConstraints": "'null'",
    "product_id": "l.product ->> 'number'",
    "catalog_id": "l.product ->> 'catalog_number'",
    "catalog_code": _text("catalog_code"),
    "catalog_name": _text("catalog_name"),
    "sku": _text("sku"),
    "sku_noprefix": "'null'",
    **{name: _text(name) for name in ("ean", "mpn", "isbn", "brand")},
    **{f"catalog_category{n}": _text(f"category{n}") for n in (1, 2, 3)},
    "url_image1": _text("image_url"),
    "price1": _number("price"),
    "price_shipping1": _number("shipping_cost"),
    "vat_perc": _number("vat_percent"),
    "sku_variation": "'null'",
    "ean_variation": "'\"\"'",
    "warehouse": "'\"\"'",
    "on_demand_days": _extra("on_demand_days", "0"),
    "on_demand": f"case when {_extra('on_demand', '0')} = '0' then 'false' else 'true' end",
    **{f"extra{n}": _extra_text(f"extra{n}") for n in range(1, 10)},
    **{f"price{n}": _number(f"price{n}") for n in range(2, 7)},
    **{f"price_shipping{n}": _number(f"shipping_cost{n}") for n in range(2, 7)},
    "price_cost": _number("cost"),
    "variations": _VARIATIONS,
    "compatibility": "'{}'",
    "attributes": _ATTRIBUTES,
    "listingFees": f"'{_FEES}'",
    "condition_code": "coalesce(l.product #> '{extras,condition_code}', '\"none\"')",
    "condition_description": _text("condition_text"),
    "supplier_sku_prefix": "'\"\"'",
    "repricing": "'false'",
    "no_repricing_price": "'null'",
    "lowest_price": "'0.0'",
    "quantity": _number("quantity"),
    "is_sro": "'true'",
    "listing_price": _LISTING_PRICE,
    "listing_price_noshipping": _LISTING_PRICE,
    "listing_price_shipping1": "'0.0'",
    "listing_priceB2B": "'0.0'",
    "origin_country": "'\"\"'",
    "title": _text("title"),
    "delivery_days": "coalesce(l.product ->> 'delivery_days', 'null')",
}


def _object() -> str:
    """Return the SQL of the object; constants are written together with their keys."""
    parts: list[str] = []
    constant = "{"
    for key, sql in _KEYS.items():
        constant += f'{"" if constant == "{" else ","}"{key}":'
        if sql.startswith("'") and sql.endswith("'"):
            constant += sql[1:-1]
            continue
        parts += [f"'{constant}'", sql]
        constant = ""
    return f"concat({', '.join(parts[:90])}, {', '.join([*parts[90:], repr(constant + '}')])})"


PRODUCT_INFO: Final = f"case when l.product is null then coalesce(l.extras ->> 'product_info', '{{}}') else {_object()} end"  # fmt: skip
"""SQL over a line `l`."""
