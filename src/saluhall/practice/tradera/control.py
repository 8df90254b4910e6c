"""The knobs: /sandbox, for tests and for people who practise."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from saluhall.practice.tradera import bidding, lifecycle, orders, responses, responses_orders
from saluhall.practice.tradera.call_log import Quota
from saluhall.practice.tradera.clock import aware, text_of
from saluhall.practice.tradera.errors import Missing
from saluhall.practice.tradera.faults import Fault
from saluhall.practice.tradera.model import Item, Result, Token
from saluhall.practice.tradera.request_parsing import decode
from saluhall.practice.tradera.responses import Json
from saluhall.practice.tradera.routing import Call, Route, Who
from saluhall.practice.tradera.rules import AppSettings, Rules

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Positive = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Limit = Annotated[int, Meta(ge=0)]
RESULT_BITS = 511


class SellerBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A seller to be known, with the one token that opens for it."""

    userId: Positive  # noqa: N815 - as the marketplace spells it
    token: Text
    expires: datetime | None = None
    alias: Text | None = None
    shop: bool = True
    restricted: bool = False


class ClockBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How far to turn the clock."""

    advance_s: Annotated[float, Meta(ge=0)]


class BidBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody is ready to pay."""

    amount: Positive
    bidder: Text


class BuyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Who buys at the fixed price."""

    buyer: Text
    quantity: Positive = 1


class QuotaBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How many calls an application has a day; null = no limit."""

    calls_per_day: Limit | None = None
    calls_per_day_and_method: Limit | None = None


class NextResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What the queue is to answer next, and how often."""

    resultCode: Annotated[int, Meta(ge=1, le=RESULT_BITS)]  # noqa: N815 - their word
    times: Annotated[int, Meta(ge=1, le=10_000)] = 1


def put_seller(call: Call) -> object:
    """Make a seller known, or change it; older tokens no longer open."""
    body = call.read(SellerBody)
    seller = call.market.enrol(body.userId, alias=body.alias)
    expires_at = aware(body.expires) if body.expires else None
    seller.tokens = [Token(text=body.token, expires_at=expires_at)]
    seller.has_shop, seller.is_restricted = body.shop, body.restricted
    return {
        "userId": body.userId,
        "alias": seller.person.alias,
        "expires": text_of(expires_at) if expires_at else None,
    }


def advance_clock(call: Call) -> object:
    """Turn the clock forward; what ends on the way ends at its own time."""
    call.market.clock.advance(seconds=call.read(ClockBody).advance_s)
    return {"now": text_of(call.market.catch_up())}


def bid(call: Call) -> object:
    """Bid on an auction."""
    body, item = call.read(BidBody), _item(call)
    bidding.place(call.market, item, bidder=body.bidder, limit=body.amount, now=call.now)
    return responses.item_entry(item, call.now) | {
        "nextBid": bidding.next_bid(item),
        "leader": item.leader.bidder if item.leader else None,
    }


def buy(call: Call) -> object:
    """Buy at the fixed price."""
    body, item = call.read(BuyBody), _item(call)
    bidding.buy(call.market, item, buyer=body.buyer, quantity=body.quantity, now=call.now)
    return responses.item_entry(item, call.now) | {"orderId": item.seller.orders[-1].id}


def end(call: Call) -> object:
    """End one item now, as the clock would; the others continue."""
    item = _item(call)
    lifecycle.end_now(call.market, item, now=call.now)
    return responses.item_entry(item, call.now)


def _item(call: Call) -> Item:
    return call.market.published(call.id_in_path("id"))


def list_items(call: Call) -> object:
    """List everything that has been published."""
    shown = (item for item in call.market.items.values() if item.is_published)
    return [responses.item_entry(item, call.now) for item in shown]


def list_orders(call: Call) -> object:
    """List all orders, with the mark that the sellers' call does not show."""
    return [
        responses_orders.order_from_facts(order) | {"shipped": order.is_shipped}
        for order in call.market.orders.values()
    ]


def pay_order(call: Call) -> object:
    """Have a buyer pay through the marketplace."""
    order = call.market.orders.get(call.id_in_path("id"))
    if order is None:
        raise Missing("There is no such order")
    orders.pay(order, now=call.now)
    return responses_orders.order_from_facts(order)


def list_calls(call: Call) -> object:
    """List the calls received."""
    return call.market.calls.entries()


def put_faults(call: Call) -> object:
    """Order trouble in place of all that was ordered before."""
    faults = call.read(list[Fault])
    call.market.faults.replace(faults)
    return {"faults": len(faults)}


def put_quota(call: Call) -> object:
    """Limit the calls of a day, beginning with the next call."""
    body = call.read(QuotaBody)
    call.market.quota = Quota(whole=body.calls_per_day, each=body.calls_per_day_and_method)
    return body


def put_results(call: Call) -> object:
    """Set what the queue answers to the next commits; 1 = as usual."""
    results = call.read(list[NextResult])
    call.market.next_results.clear()
    for result in results:
        call.market.next_results.extend([Result(result.resultCode)] * result.times)
    return {"results": len(call.market.next_results)}


def put_rules(call: Call) -> object:
    """Change some rules; those left out stay."""
    given = call.read(dict[str, object])
    merged: Json = msgspec.to_builtins(call.market.rules) | given
    call.market.rules = decode(msgspec.json.encode(merged), Rules)
    return call.market.rules


def put_app(call: Call) -> object:
    """Register where the token login sends the browser."""
    call.market.app = call.read(AppSettings)
    return call.market.app


def reset(call: Call) -> object:
    """Forget everything and begin again."""
    call.market.reset()
    return {"seed": call.market.seed}


TABLE = (
    ("POST", "/sandbox/sellers", put_seller),
    ("POST", "/sandbox/clock", advance_clock),
    ("POST", "/sandbox/items/{id:[0-9]+}/bids", bid),
    ("POST", "/sandbox/items/{id:[0-9]+}/buy", buy),
    ("POST", "/sandbox/items/{id:[0-9]+}/end", end),
    ("GET", "/sandbox/items", list_items),
    ("GET", "/sandbox/orders", list_orders),
    ("POST", "/sandbox/orders/{id:[0-9]+}/pay", pay_order),
    ("GET", "/sandbox/calls", list_calls),
    ("PUT", "/sandbox/faults", put_faults),
    ("PUT", "/sandbox/quota", put_quota),
    ("PUT", "/sandbox/results", put_results),
    ("PUT", "/sandbox/rules", put_rules),
    ("PUT", "/sandbox/app", put_app),
    ("POST", "/sandbox/reset", reset),
)
ROUTES = tuple(
    Route(method=method, path=path, answer=answer, who=Who.CONTROL)
    for method, path, answer in TABLE
)
