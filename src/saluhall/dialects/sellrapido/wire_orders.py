"""Sellrapido's order shapes: filters, the status request and its errors. The keys of an order are in `order_layout`."""

from typing import Any, Final

from msgspec import Struct

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
