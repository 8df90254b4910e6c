"""What a row says of the product it is of, as it was when it was sold: keys, order and kinds are those that Sellrapido's clients read."""

from collections.abc import Mapping
from typing import Final


# A snapshot has no null, and its decimals have a decimal point: JSON is written as it is.
def _value(name: str) -> str:
    return f"l.product -> '{name}'"


def _extra(name: str, default: str) -> str:
    return f"coalesce(l.product #>> '{{extras,{name}}}', '{default}')"


def _extra_json(name: str, default: str) -> str:
    return f"coalesce(l.product #> '{{extras,{name}}}', '\"{default}\"')"


def _price(name: str) -> str:
    return f"coalesce(l.product #> '{{price_lists,{name}}}', '0.0')"


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
# Key by key: SQL, the text that is always there in quotes, or a pair: SQL over an extra of the
# product or a further price list, and what it is where there are none.
_KEYS: Final[Mapping[str, str | tuple[str, str]]] = {
    "fieldConstraints": "'null'",
    "product_id": _value("number"),
    "catalog_id": _value("catalog_number"),
    **{name: _value(name) for name in ("catalog_code", "catalog_name", "sku")},
    "sku_noprefix": "'null'",
    **{name: _value(name) for name in ("ean", "mpn", "isbn", "brand")},
    **{f"catalog_category{n}": _value(f"category{n}") for n in (1, 2, 3)},
    "url_image1": _value("image_url"),
    "price1": _value("price"),
    "price_shipping1": _value("shipping_cost"),
    "vat_perc": _value("vat_percent"),
    "sku_variation": "'null'",
    "ean_variation": "'\"\"'",
    "warehouse": "'\"\"'",
    "on_demand_days": (_extra("on_demand_days", "0"), "0"),
    "on_demand": (
        f"case when {_extra('on_demand', '0')} = '0' then 'false' else 'true' end",
        "false",
    ),
    **{f"extra{n}": (_extra_json(f"extra{n}", ""), '""') for n in range(1, 10)},
    **{f"price{n}": (_price(f"price{n}"), "0.0") for n in range(2, 7)},
    **{f"price_shipping{n}": (_price(f"shipping_cost{n}"), "0.0") for n in range(2, 7)},
    "price_cost": _value("cost"),
    "variations": (_VARIATIONS, "[]"),
    "compatibility": "'{}'",
    "attributes": (_ATTRIBUTES, "{}"),
    "listingFees": f"'{_FEES}'",
    "condition_code": (_extra_json("condition_code", "none"), '"none"'),
    "condition_description": _value("condition_text"),
    "supplier_sku_prefix": "'\"\"'",
    "repricing": "'false'",
    "no_repricing_price": "'null'",
    "lowest_price": "'0.0'",
    "quantity": "concat(l.product -> 'quantity', '.0')",
    "is_sro": "'true'",
    "listing_price": _LISTING_PRICE,
    "listing_price_noshipping": _LISTING_PRICE,
    "listing_price_shipping1": "'0.0'",
    "listing_priceB2B": "'0.0'",
    "origin_country": "'\"\"'",
    "title": _value("title"),
    "delivery_days": _value("delivery_days"),
}


def _object(*, is_whole: bool) -> str:
    """Return the SQL of the object; constants are written together with their keys."""
    parts: list[str] = []
    constant = "{"
    for key, entry in _KEYS.items():
        sql, without = entry if isinstance(entry, tuple) else (entry, None)
        constant += f'{"" if constant == "{" else ","}"{key}":'
        if without is not None and not is_whole:
            constant += without
        elif sql.startswith("'") and sql.endswith("'"):
            constant += sql[1:-1]
        else:
            parts += [f"'{constant}'", sql]
            constant = ""
    return f"concat({', '.join(parts[:90])}, {', '.join([*parts[90:], repr(constant + '}')])})"


PRODUCT_INFO: Final = f"""
  case when l.product is null then coalesce(l.extras ->> 'product_info', '{{}}')
       when l.product -> 'extras' = '{{}}' and l.product -> 'price_lists' is null then {_object(is_whole=False)}
       else {_object(is_whole=True)} end
"""
"""SQL over a line `l`."""
