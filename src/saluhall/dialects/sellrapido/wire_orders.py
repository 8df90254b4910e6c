"""Sellrapido's order shapes: every key of an extraction in the order it is printed, and the status request."""

from typing import Any, Final

from msgspec import Struct

_HEAD: Final = """
    id shop customer courier code code_number marketplace_code channel_code courier_code
    shipping_code insurance_code payment_code supplier_code buyer_loc_place buyer_loc_place_dd
    merchant_id fields_lock date_order reference_1 reference_2 buyer_user_id buyer_checkout_message
    buyer_email buyer_token shipping_price shipping_insurance_price marketplace_fee paypal_fee
    shipped_by_marketplace is_prime cod_cash_only cod_option cod_price price_discount_markup
    buyer_name buyer_address1 buyer_address2 buyer_zip buyer_city buyer_province buyer_country
    buyer_latitude buyer_longitude buyer_phone buyer_fax buyer_mobile buyer_fiscal_code buyer_vat
    currency price status status_old status_message date_payment date_shipping weight tracking note
    payment_note buyer_name_dd buyer_address1_dd buyer_address2_dd buyer_zip_dd buyer_city_dd
    buyer_province_dd buyer_country_dd buyer_latitude_dd buyer_longitude_dd buyer_phone_dd
    buyer_fax_dd buyer_mobile_dd shipping_note paypal_transaction_id billed tags courier_info
    problem_description shipping_cost feedbacks feedbacks_date content_type hidden upload_status
    marketplace_country agent buyer_invoice_ecode buyer_pec date_last_ship date_last_delivery
    created modified is_b2b billing_info force_profit_loss_calculation total_tax reservation
    dbClass tags_label
"""
_ROW: Final = """
    id order_head order_row_supplier supplier order_supplier_code courier_code tracking fields_lock
    shipping_cost shipping_code transaction_id product_id sku ean brand mpn sku_parent title
    title_extra quantity stock_unloaded price price_total price_discount_markup price_cost
    refund_price refund_date refund_reason shipping_price shipping_insurance_price date_shipping
    shipping_note cod_price marketplace_fee weight note vat_perc image_url category_id
    category_name date_payment product_info on_demand_date created modified order_supplier
    refund_supplier_quantity refund_marketplace_fee product_tax no_vat courier_info
"""
HEAD_KEYS: Final = tuple(_HEAD.split())
ROW_KEYS: Final = tuple(_ROW.split())
IF_PUSHED: Final = "upload_status"  # a key of the orders alone that were pushed back
DB_CLASS: Final = "com.sellrapido.common.model.db.company.Order_head"
ROW_PREFIX: Final = "row_"  # of a row's columns in CSV


class StatusError(Struct, frozen=True, kw_only=True):
    """Why one element of a status call was refused; `id` is a text, `index` -1 when it is about no element."""

    index: int
    id: str | None
    error_message: str


class StatusUpdate(Struct, frozen=True, kw_only=True):
    """One element of a status call. What is null or missing is left as it is."""

    id: int
    status: str
    tracking: str | None = None
    courier: int | None = None
    courier_code: str | None = None
    payment_date: str | None = None
    shipping_note: str | None = None


class OrderQuery(Struct, frozen=True, kw_only=True, rename="camel"):
    """The older generation's filters, sent as a body."""

    start_date: str | None = None
    end_date: str | None = None
    start_modified: str | None = None
    end_modified: str | None = None
    code: list[str] | None = None
    format: str | None = None
    status: str | None = None
    column_separator: str | None = None
    write_heading: bool | None = None
    offset: int | None = None
    limit: int | None = None
    tags: list[str] | None = None


class OrderExtraction(Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of an extraction, as documented (it is made while it is sent)."""

    orders: list[dict[str, Any]]
    total_count: int
    offset: int
    limit: int
