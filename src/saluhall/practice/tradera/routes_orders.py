"""Order calls: /v4/orders."""

from saluhall.practice.tradera import orders, responses_orders
from saluhall.practice.tradera.request_parsing import choice_of, instant_of, int_of
from saluhall.practice.tradera.routing import Call, Route

CREATED, LAST_UPDATED = 0, 1


def list_orders(call: Call) -> object:
    """List a seller's orders created, or last changed, within a window."""
    mode = choice_of(call.query, "queryDateMode", (CREATED, LAST_UPDATED))
    found = orders.orders_between(
        call.seller,
        start=instant_of(call.query, "fromDate"),
        end=instant_of(call.query, "toDate"),
        by_change=mode == LAST_UPDATED,
    )
    return [responses_orders.order_from_facts(order) for order in found]


def read_orders(call: Call) -> object:
    """Show orders by their ids, parted by commas; other sellers' are passed over."""
    ids = [int_of(text) for text in call.match["ids"].split(",")]
    found = orders.own_orders(call.market, call.seller, ids)
    return [responses_orders.order_from_facts(order) for order in found]


def ship(call: Call) -> object:
    """Mark an order as shipped."""
    order_id = call.id_in_path("id")
    orders.ship(call.market, seller=call.seller, order_id=order_id, now=call.now)
    return {"orderId": order_id}


ROUTES = (
    Route(method="GET", path="/v4/orders", answer=list_orders),
    Route(method="GET", path="/v4/orders/{ids}", answer=read_orders),
    Route(method="POST", path="/v4/orders/{id:[0-9]+}/ship", answer=ship),
)
