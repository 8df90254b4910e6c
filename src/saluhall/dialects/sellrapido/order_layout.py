"""Sellrapido's keys of an order and of its rows, in the order they are printed, each as SQL over the hub's order `o` or line `l`.

A key that only Sellrapido knows is an extra: it is kept under its name as the text that is written, and has its default else.
"""

from typing import Final

from saluhall.dialects.sellrapido.order_product import PRODUCT_INFO
from saluhall.domain.orders.extraction import Column, Kind, Layout
from saluhall.domain.orders.model import OrderStatus

DB_CLASS: Final = "com.sellrapido.common.model.db.company.Order_head"
IF_ACKNOWLEDGED: Final = "upload_status"  # a key of the orders alone that a channel was notified of
STATUS_WORDS: Final = {
    "standby": OrderStatus.PENDING,
    "accepted": OrderStatus.PAID,
    "sent": OrderStatus.SHIPPED,
    "cancelled": OrderStatus.CANCELLED,
}
_WHENS: Final = " ".join(f"when '{ours}' then '{theirs}'" for theirs, ours in STATUS_WORDS.items())
_UPLOAD_STATUS: Final = f"""
  coalesce(o.extras ->> 'upload_status',
           case when o.acknowledged_at is not null then json_build_object(
             'request_payload', concat('{{"order_id":', to_json(o.external_id), ',"status":"', case o.acknowledged {_WHENS} end, '"}}'),
             'request_date', to_char(o.acknowledged_at at time zone 'UTC', 'Dy Mon DD HH24:MI:SS "UTC" YYYY'))::text end)
"""
_TAGS: Final = "array_to_string(o.tags, ';') || ';'"


def _text(key: str, sql: str) -> Column:
    return Column(key=key, sql=sql, kind=Kind.TEXT)


def _whole(key: str, sql: str) -> Column:
    return Column(key=key, sql=sql, kind=Kind.NUMBER)


def _decimal(key: str, sql: str) -> Column:
    """Declare money or a measure: always written with a decimal point."""
    return Column(key=key, sql=f"{sql} + 0.0", kind=Kind.NUMBER)


def _instant(key: str, sql: str) -> Column:
    return Column(key=key, sql=sql, kind=Kind.INSTANT)


def _extra_text(key: str, of: str = "o", *, default: str = "") -> Column:
    sql = f"coalesce({of}.extras ->> '{key}', '{default}')"
    return Column(key=key, sql=sql, kind=Kind.TEXT, without_extras=default)


def _extra_whole(key: str, of: str = "o", *, default: str = "0") -> Column:
    sql = f"coalesce({of}.extras ->> '{key}', nullif('{default}', ''))"
    return Column(key=key, sql=sql, kind=Kind.NUMBER, without_extras=default)


def _extra_decimal(key: str, of: str = "o") -> Column:
    sql = f"coalesce(({of}.extras ->> '{key}')::numeric, 0) + 0.0"
    return Column(key=key, sql=sql, kind=Kind.NUMBER, without_extras="0.0")


def _extra_instant(key: str, of: str = "o") -> Column:
    sql = f"({of}.extras ->> '{key}')::timestamptz"
    return Column(key=key, sql=sql, kind=Kind.INSTANT, without_extras="")


def _extra_json(key: str, of: str = "o") -> Column:
    sql = f"coalesce({of}.extras ->> '{key}', '{{}}')"
    return Column(key=key, sql=sql, kind=Kind.JSON, without_extras="{}")


HEAD: Final = (
    _whole("id", "o.id"),
    _whole("shop", "o.connection_number"),
    _extra_whole("customer"),
    _whole("courier", "o.carrier_number"),
    _text("code", "o.number"),
    _extra_whole("code_number"),
    _text("marketplace_code", "o.channel"),
    _text("channel_code", "o.site"),
    _text("courier_code", "o.carrier"),
    _text("shipping_code", "o.shipping_method"),
    _extra_text("insurance_code"),
    _text("payment_code", "o.payment_method"),
    _extra_text("supplier_code"),
    _extra_whole("buyer_loc_place"),
    _extra_whole("buyer_loc_place_dd"),
    _extra_text("merchant_id"),
    _extra_text("fields_lock"),
    _instant("date_order", "o.placed_at"),
    _extra_text("reference_1"),
    _extra_text("reference_2"),
    _text("buyer_user_id", "o.buyer_id"),
    _text("buyer_checkout_message", "o.buyer_note"),
    _text("buyer_email", "o.buyer_email"),
    _extra_text("buyer_token"),
    _decimal("shipping_price", "o.shipping_price"),
    _extra_decimal("shipping_insurance_price"),
    _decimal("marketplace_fee", "o.fee"),
    _extra_decimal("paypal_fee"),
    _extra_whole("shipped_by_marketplace"),
    _extra_whole("is_prime"),
    _extra_whole("cod_cash_only"),
    _extra_text("cod_option"),
    _extra_decimal("cod_price"),
    _decimal("price_discount_markup", "- o.discount"),
    _text("buyer_name", "o.billing_name"),
    _text("buyer_address1", "o.billing_line1"),
    _text("buyer_address2", "o.billing_line2"),
    _text("buyer_zip", "o.billing_zip"),
    _text("buyer_city", "o.billing_city"),
    _text("buyer_province", "o.billing_region"),
    _text("buyer_country", "o.billing_country"),
    _extra_decimal("buyer_latitude"),
    _extra_decimal("buyer_longitude"),
    _text("buyer_phone", "o.billing_phone"),
    _extra_text("buyer_fax"),
    _extra_text("buyer_mobile"),
    _text("buyer_fiscal_code", "o.buyer_tax_code"),
    _text("buyer_vat", "o.buyer_vat_number"),
    _text("currency", "o.currency"),
    _decimal("price", "o.total"),
    _text("status", f"case o.status {_WHENS} end"),
    _text("status_old", f"case o.previous_status {_WHENS} else '' end"),
    _text("status_message", "o.status_message"),
    _instant("date_payment", "o.paid_at"),
    _instant("date_shipping", "o.shipped_at"),
    _decimal("weight", "o.weight_kg"),
    _text("tracking", "o.tracking"),
    _text("note", "o.note"),
    _extra_text("payment_note"),
    _text("buyer_name_dd", "o.shipping_name"),
    _text("buyer_address1_dd", "o.shipping_line1"),
    _text("buyer_address2_dd", "o.shipping_line2"),
    _text("buyer_zip_dd", "o.shipping_zip"),
    _text("buyer_city_dd", "o.shipping_city"),
    _text("buyer_province_dd", "o.shipping_region"),
    _text("buyer_country_dd", "o.shipping_country"),
    _extra_decimal("buyer_latitude_dd"),
    _extra_decimal("buyer_longitude_dd"),
    _text("buyer_phone_dd", "o.shipping_phone"),
    _extra_text("buyer_fax_dd"),
    _extra_text("buyer_mobile_dd"),
    _text("shipping_note", "o.shipping_note"),
    _text("paypal_transaction_id", "o.payment_reference"),
    _extra_whole("billed"),
    _text("tags", f"case when o.tags = '{{}}' then '' else {_TAGS} end"),
    _extra_json("courier_info"),
    _extra_text("problem_description"),
    _extra_decimal("shipping_cost"),
    _extra_json("feedbacks"),
    _extra_instant("feedbacks_date"),
    _extra_text("content_type"),
    _extra_whole("hidden"),
    Column(key=IF_ACKNOWLEDGED, sql=_UPLOAD_STATUS, kind=Kind.JSON),
    _text("marketplace_country", "o.site_country"),
    _extra_text("agent"),
    _extra_text("buyer_invoice_ecode"),
    _extra_text("buyer_pec"),
    _instant("date_last_ship", "o.ship_by"),
    _instant("date_last_delivery", "o.deliver_by"),
    _instant("created", "o.created_at"),
    _instant("modified", "o.changed_at"),
    _whole("is_b2b", "o.is_business::integer"),
    _extra_json("billing_info"),
    _extra_text("force_profit_loss_calculation", default="false"),
    _decimal("total_tax", "o.tax"),
    _extra_whole("reservation"),
    _text("dbClass", f"'{DB_CLASS}'::text"),
    _text(
        "tags_label",
        f"coalesce(o.extras ->> 'tags_label', case when o.tags = '{{}}' then '' else ';' || {_TAGS} end)",
    ),
)
ROW: Final = (
    _whole("id", "l.id"),
    _whole("order_head", "l.order_id"),
    _extra_whole("order_row_supplier", "l", default=""),
    _extra_whole("supplier", "l", default=""),
    _extra_text("order_supplier_code", "l"),
    _text("courier_code", "l.carrier"),
    _text("tracking", "l.tracking"),
    _extra_text("fields_lock", "l"),
    _extra_decimal("shipping_cost", "l"),
    _text("shipping_code", "l.shipping_method"),
    _text("transaction_id", "l.external_id"),
    _text("product_id", "l.listing_external_id"),
    _text("sku", "concat(l.catalog_number || '_', l.sku)"),
    _text("ean", "l.ean"),
    _text("brand", "l.brand"),
    _text("mpn", "l.mpn"),
    _text("sku_parent", "l.parent_sku"),
    _text("title", "l.title"),
    _extra_text("title_extra", "l"),
    _whole("quantity", "l.quantity"),
    _whole("stock_unloaded", "(l.units_taken > 0 and l.units_taken >= l.quantity - l.units_cancelled)::integer"),
    _decimal("price", "l.unit_price"),
    _decimal("price_total", "l.total"),
    _decimal("price_discount_markup", "- l.discount"),
    _decimal("price_cost", "l.cost"),
    _decimal("refund_price", "l.refunded"),
    _instant("refund_date", "l.refunded_at"),
    _text("refund_reason", "l.refund_reason"),
    _decimal("shipping_price", "l.shipping_price"),
    _extra_decimal("shipping_insurance_price", "l"),
    _instant("date_shipping", "l.shipped_at"),
    _extra_text("shipping_note", "l"),
    _extra_decimal("cod_price", "l"),
    _decimal("marketplace_fee", "l.fee"),
    _decimal("weight", "l.weight_kg"),
    _text("note", "l.note"),
    _decimal("vat_perc", "l.tax_percent"),
    _text("image_url", "l.image_url"),
    _text("category_id", "l.category_id"),
    _text("category_name", "l.category_name"),
    _extra_instant("date_payment", "l"),
    Column(key="product_info", sql=PRODUCT_INFO, kind=Kind.JSON),
    _extra_instant("on_demand_date", "l"),
    _instant("created", "l.created_at"),
    _instant("modified", "l.changed_at"),
    _extra_whole("order_supplier", "l"),
    _extra_whole("refund_supplier_quantity", "l"),
    _extra_decimal("refund_marketplace_fee", "l"),
    _decimal("product_tax", "l.tax"),
    _extra_text("no_vat", "l", default="false"),
    _extra_json("courier_info", "l"),
)  # fmt: skip
LAYOUT: Final = Layout(names=("head", "rows"), head=HEAD, line=ROW, if_any=IF_ACKNOWLEDGED)
