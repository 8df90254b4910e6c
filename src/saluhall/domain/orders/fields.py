"""The fields of an order that partners may read, and what kind each is; the statements that read and store orders are made of this."""

from collections.abc import Mapping
from enum import Enum, auto

from msgspec import Struct


class Kind(Enum):
    """What a field holds, which decides how it is written."""

    TEXT = auto()
    WHOLE = auto()  # numbers and flags (0 or 1)
    DECIMAL = auto()  # money and measures, always written with a decimal point
    INSTANT = auto()
    JSON = auto()


def _fields(names_of: Mapping[Kind, str]) -> Mapping[str, Kind]:
    return {name: kind for kind, names in names_of.items() for name in names.split()}


HEAD: Mapping[str, Kind] = _fields(
    {
        Kind.WHOLE: (
            "id shop customer courier code_number buyer_loc_place buyer_loc_place_dd"
            " shipped_by_marketplace is_prime cod_cash_only billed hidden is_b2b reservation"
        ),
        Kind.TEXT: (
            "code marketplace_code channel_code courier_code shipping_code insurance_code payment_code"
            " supplier_code merchant_id fields_lock reference_1 reference_2 buyer_user_id"
            " buyer_checkout_message buyer_email buyer_token cod_option buyer_name buyer_address1"
            " buyer_address2 buyer_zip buyer_city buyer_province buyer_country buyer_phone buyer_fax"
            " buyer_mobile buyer_fiscal_code buyer_vat currency status status_old status_message"
            " tracking note payment_note buyer_name_dd buyer_address1_dd buyer_address2_dd"
            " buyer_zip_dd buyer_city_dd buyer_province_dd buyer_country_dd buyer_phone_dd"
            " buyer_fax_dd buyer_mobile_dd shipping_note paypal_transaction_id tags"
            " problem_description content_type marketplace_country agent buyer_invoice_ecode"
            " buyer_pec force_profit_loss_calculation tags_label"
        ),
        Kind.INSTANT: (
            "date_order date_payment date_shipping feedbacks_date date_last_ship date_last_delivery"
            " created modified"
        ),
        Kind.DECIMAL: (
            "shipping_price shipping_insurance_price marketplace_fee paypal_fee cod_price"
            " price_discount_markup buyer_latitude buyer_longitude price weight buyer_latitude_dd"
            " buyer_longitude_dd shipping_cost total_tax"
        ),
        Kind.JSON: "courier_info feedbacks upload_status billing_info",
    }
)
ROW: Mapping[str, Kind] = _fields(
    {
        Kind.WHOLE: (
            "id order_id order_row_supplier supplier quantity stock_unloaded order_supplier"
            " refund_supplier_quantity"
        ),
        Kind.TEXT: (
            "order_supplier_code courier_code tracking fields_lock shipping_code transaction_id"
            " product_id sku ean brand mpn sku_parent title title_extra refund_reason shipping_note"
            " note image_url category_id category_name no_vat"
        ),
        Kind.DECIMAL: (
            "shipping_cost price price_total price_discount_markup price_cost refund_price"
            " shipping_price shipping_insurance_price cod_price marketplace_fee weight vat_perc"
            " refund_marketplace_fee product_tax"
        ),
        Kind.INSTANT: ("refund_date date_shipping date_payment on_demand_date created modified"),
        Kind.JSON: "product_info courier_info",
    }
)


class Column(Struct, frozen=True, kw_only=True):
    """One key of what a partner reads: the field behind it, or a constant text."""

    key: str
    field: str = ""
    constant: str = ""


class Layout(Struct, frozen=True, kw_only=True):
    """What a partner reads of an order: the keys of its head and of each of its rows, in order.

    `if_any` is the head's key that is left out of JSON where the order has no such thing.
    """

    head: tuple[Column, ...]
    row: tuple[Column, ...]
    if_any: str
