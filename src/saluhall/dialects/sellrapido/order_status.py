"""Read the elements of a status call one by one, and say why some were refused."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from saluhall.dialects.sellrapido.dates import NoDate, instant_from_text
from saluhall.dialects.sellrapido.order_layout import STATUS_WORDS
from saluhall.dialects.sellrapido.wire_orders import StatusError
from saluhall.domain.accounts.roles import Right
from saluhall.domain.orders.model import (
    ChangePending,
    OrderCancelled,
    OrderNotFound,
    OrderStatus,
    Refusal,
    StatusChange,
    TrackingWithoutCarrier,
)
from saluhall.kit.validation import Unreadable, plain_from_json

MAX_ELEMENTS: Final = 10_000
_HIGHEST: Final = 2**31 - 1
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_NO_ARRAY: Final = "Request body must be an array"
ERROR_RESPONSES: Mapping[type[Exception], str] = {
    OrderNotFound: "order with id {id} not found",
    TrackingWithoutCarrier: "order with id {id} has tracking but no courier",
    OrderCancelled: "order with id {id} is cancelled and its status cannot change",
    ChangePending: (
        "Unable to enqueue a change status request for order {code} on shop {shop}"
        " due to a previous pending request"
    ),
}


class Unfit(Exception):
    """The call as a whole, or one element of it, cannot be read; the message says why."""


def changes_from_body(body: bytes) -> tuple[list[StatusChange], list[StatusError]]:
    """Read every element, the good ones apart from the errors. Raises Unfit when there are no elements to read."""
    try:
        plain = plain_from_json(body)
    except Unreadable as error:
        raise Unfit(f"{_NO_ARRAY}, and this is no JSON") from error
    if not isinstance(plain, list):
        raise Unfit(_NO_ARRAY)
    if len(plain) > MAX_ELEMENTS:
        raise Unfit(f"Request body must be an array of at most {MAX_ELEMENTS} elements")
    changes: list[StatusChange] = []
    errors: list[StatusError] = []
    for index, element in enumerate(plain):
        try:
            changes.append(change_from_element(element, index))
        except Unfit as error:
            message = f"Validation error: {error}"
            errors.append(StatusError(index=index, id=_id_text(element), error_message=message))
    return changes, errors


def change_from_element(element: object, index: int) -> StatusChange:
    """Read one element. Raises Unfit."""
    if not isinstance(element, dict):
        raise Unfit("the element must be an object")
    return StatusChange(
        index=index,
        order_id=_order_id(element.get("id")),
        status=_status(element.get("status")),
        tracking=_text(element, "tracking"),
        carrier_number=_courier(element.get("courier")),
        carrier=_text(element, "courier_code"),
        paid_at=_payment_date(element),
        shipping_note=_text(element, "shipping_note"),
    )


def error_of_call(message: str) -> list[StatusError]:
    """Say what is wrong with the call as a whole."""
    return [StatusError(index=-1, id=None, error_message=message)]


def error_from_refusal(refusal: Refusal) -> StatusError:
    """Put a refusal of the domain in the documented words."""
    fact, order_id = refusal.fact, str(refusal.order_id)
    names = {"code": fact.number, "shop": fact.shop} if isinstance(fact, ChangePending) else {}
    message = ERROR_RESPONSES[type(fact)].format(id=order_id, **names)
    return StatusError(index=refusal.index, id=order_id, error_message=message)


def right_for(changes: Sequence[StatusChange]) -> Right:
    """Return what the changes need: a packer ships orders, and neither accepts nor cancels them."""
    is_shipping = all(change.status is OrderStatus.SHIPPED for change in changes)
    return Right.ORDERS_SHIP if is_shipping else Right.ORDERS_WRITE


def in_order(errors: Sequence[StatusError]) -> list[StatusError]:
    """Order errors as the elements came."""
    return sorted(errors, key=lambda error: error.index)


def _order_id(value: object) -> int:
    if value is None:
        raise Unfit("id is required")
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)  # clients hand back the text that an error named
    return _whole(value, "id")


def _id_text(element: object) -> str | None:
    """Name the order as the element does, as far as it does."""
    value = element.get("id") if isinstance(element, dict) else None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value)[:100] if is_number or isinstance(value, str) else None


def _whole(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise Unfit(f"invalid format for field {name}")
    return int(value)


def _courier(value: object) -> int | None:
    if value is None:
        return None
    number = _whole(value, "courier")
    if not 0 < number <= _HIGHEST:
        raise Unfit("invalid format for field courier")
    return number


def _status(value: object) -> OrderStatus:
    if value is None:
        raise Unfit("status is required")
    if not isinstance(value, str) or value.strip() not in STATUS_WORDS:
        raise Unfit(f"invalid format for field status, which is one of {', '.join(STATUS_WORDS)}")
    return STATUS_WORDS[value.strip()]


def _text(element: Mapping[str, object], name: str) -> str | None:
    """Read a text; a blank one is as good as none, for nothing can be removed. Raises Unfit."""
    value = element.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or "\0" in value:
        raise Unfit(f"invalid format for field {name}")
    return value.strip() or None


def _payment_date(element: Mapping[str, object]) -> datetime | None:
    text = _text(element, "payment_date")
    try:
        return instant_from_text(text) if text else None
    except NoDate as error:
        raise Unfit("invalid format for field payment_date") from error
