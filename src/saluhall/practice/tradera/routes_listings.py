"""Listing calls: /v4/listings, for auctions and fixed price items."""

from collections.abc import Callable

from saluhall.practice.tradera import (
    categories,
    lifecycle,
    request_queue,
    responses,
    responses_orders,
    selling,
)
from saluhall.practice.tradera.errors import Refused
from saluhall.practice.tradera.model import Item, Kind, Seller
from saluhall.practice.tradera.orders import is_between, mark
from saluhall.practice.tradera.request_parsing import choice_of, instant_of, int_of, ints_of
from saluhall.practice.tradera.responses import Json
from saluhall.practice.tradera.routing import LARGE, Call, Nothing, Route
from saluhall.practice.tradera.wire import (
    AddItemImageRequest,
    CampaignCode,
    ItemRequest,
    SetPricesNonShopItem,
    TransactionStatusUpdateData,
    UpdateItemPriceRequest,
)

ALL, ACTIVE = 0, 1
ITEM_FILTER = {1: Kind.AUCTION, 2: Kind.FIXED, 3: Kind.SHOP}
NEW, NEW_AND_UPDATED = 2, 4


def create_item(call: Call) -> object:
    """Take a listing in."""
    body = call.read(ItemRequest)
    request = selling.create(call.market, seller=call.seller, body=body, now=call.now)
    return responses.queued_from_request(request)


def add_image(call: Call) -> object:
    """Put an image to a pending request."""
    request = call.market.own_request(call.seller, call.id_in_path("id"))
    selling.add_image(request, call.read(AddItemImageRequest).imageData)
    return Nothing.NOTHING


def add_campaign_code(call: Call) -> object:
    """Put a voucher to a pending request."""
    request = call.market.own_request(call.seller, call.id_in_path("id"))
    code = call.read(CampaignCode).campaignCode
    if not code or not request.can_be_committed:
        raise Refused("A campaign code needs a text and a request that is not committed")
    request.campaign_code = code
    return Nothing.NOTHING


def commit(call: Call) -> object:
    """Hand a pending request to the queue."""
    request = call.market.own_request(call.seller, call.id_in_path("id"))
    request_queue.commit(call.market, request, now=call.now)
    return Nothing.NOTHING


def request_results(call: Call) -> object:
    """Return what became of requests; unknown ones and other sellers' are passed over."""
    wanted = dict.fromkeys(ints_of(call.query, "requestIds"))
    found = (call.market.requests.get(request_id) for request_id in wanted)
    own = [request for request in found if request and request.item.seller is call.seller]
    results = [(request, request_queue.poll(request)) for request in own]
    return [
        {
            "requestId": request.id,
            "resultCode": result.value,
            "message": request_queue.message_of(result),
        }
        for request, result in results
    ]


def read_item(call: Call) -> object:
    """Show a seller its own item."""
    return responses.item_from_facts(call.market.own_item(call.seller, call.id_in_path("id")))


def end_item(call: Call) -> object:
    """End an item before its time."""
    item = call.market.own_item(call.seller, call.id_in_path("id"))
    return lifecycle.end_early(call.market, item, now=call.now)


def change_price(call: Call) -> object:
    """Change prices; a refusal is an answer with status 200."""
    body = call.read(UpdateItemPriceRequest)
    item = call.market.own_item(call.seller, call.id_in_path("id"))
    problem = selling.price_problem(item, body)
    if problem is None:
        selling.change_prices(call.market, item, body)
    errors = [{"itemId": item.id, "errorMessage": problem}] if problem else []
    return {"isSuccessful": problem is None, "validationErrors": errors}


def set_prices(call: Call) -> object:
    """Set prices and with them the kind of the listing; a refusal has status 200."""
    body = call.read(SetPricesNonShopItem)
    item = call.market.own_item(call.seller, body.id)
    problem = selling.recast_problem(item, body)
    if problem is None:
        selling.recast(call.market, item, body)
    errors = [{"item": body, "errorMessage": problem}] if problem else []
    return {"isSuccessful": problem is None, "validationErrors": errors}


def restart_item(call: Call) -> object:
    """List an ended item once more."""
    item = call.market.own_item(call.seller, call.id_in_path("id"))
    problem = lifecycle.restart_problem(call.market, item)
    new = None if problem else lifecycle.restart(call.market, item, now=call.now)
    return {
        "isSuccessful": new is not None,
        "oldItemId": item.id,
        "newItemId": new.id if new else None,
        "validationError": problem,
    }


def seller_items(call: Call) -> object:
    """List a seller's items; those that start later are left out."""
    return items_of(call, call.seller)


def items_of(call: Call, seller: Seller) -> list[Json]:
    """List those of a seller's items that have started and pass the filters of the query."""
    passes = _filter_of(call)
    items = (call.market.items[item_id] for item_id in seller.item_ids)
    return [responses.item_from_facts(item) for item in items if passes(item)]


def _filter_of(call: Call) -> Callable[[Item], bool]:
    query = call.query
    category = int_of(query.get("categoryId", "0"))
    below = categories.with_descendants(category)
    kind = ITEM_FILTER.get(choice_of(query, "filterItemType", range(4)))
    activity = choice_of(query, "filterActive", range(3))
    first_end, last_end = instant_of(query, "minEndDate"), instant_of(query, "maxEndDate")
    last_start = min(instant_of(query, "maxStartDate") or call.now, call.now)

    def passes(item: Item) -> bool:
        return (
            item.is_published
            and item.start_at <= last_start
            and (not category or item.terms.category_id in below)
            and (kind is None or item.kind is kind)
            and is_between(item.end_at, first_end, last_end)
            and (activity == ALL or call.market.is_active(item, call.now) == (activity == ACTIVE))
        )

    return passes


def updated_items(call: Call) -> object:
    """List what has changed since a row version."""
    since = int_of(call.query.get("rowVersion", "0"))
    return [
        {"id": item.id, "rowVersion": item.row_version, "itemType": item.kind}
        for item in call.market.changed_since(call.seller, since)
    ]


def transactions(call: Call) -> object:
    """List a seller's sales within a window: new ones, or also those with changed marks."""
    chosen = choice_of(call.query, "filter", (NEW_AND_UPDATED, NEW))
    start = instant_of(call.query, "minTransactionDate")
    end = instant_of(call.query, "maxTransactionDate")
    return [
        responses_orders.transaction_from_facts(t)
        for t in call.seller.transactions
        if is_between(t.created_at if chosen == NEW else t.changed_at, start, end)
    ]


def mark_transaction(call: Call) -> object:
    """Set marks on a sale."""
    body = call.read(TransactionStatusUpdateData)
    if (body.markAsPaidConfirmed, body.markedAsShipped, body.markShippingBooked) == (None,) * 3:
        raise Refused("At least one mark must be given")
    transaction = mark(call.market, seller=call.seller, body=body, now=call.now)
    return responses_orders.transaction_from_facts(transaction, is_bare=True)


ROUTES = (
    Route(method="POST", path="/v4/listings/items", answer=create_item),
    Route(
        method="POST", path="/v4/listings/items/{id:[0-9]+}/images", answer=add_image, limit=LARGE
    ),
    Route(
        method="POST", path="/v4/listings/items/{id:[0-9]+}/campaign-code", answer=add_campaign_code
    ),
    Route(method="POST", path="/v4/listings/items/{id:[0-9]+}/commit", answer=commit),
    Route(method="POST", path="/v4/listings/items/{id:[0-9]+}/restart", answer=restart_item),
    Route(method="GET", path="/v4/listings/items/{id:[0-9]+}", answer=read_item),
    Route(method="DELETE", path="/v4/listings/items/{id:[0-9]+}", answer=end_item),
    Route(method="PUT", path="/v4/listings/items/{id:[0-9]+}/price", answer=change_price),
    Route(method="PUT", path="/v4/listings/items/prices", answer=set_prices),
    Route(method="GET", path="/v4/listings/request-results", answer=request_results),
    Route(method="GET", path="/v4/listings/seller-items", answer=seller_items),
    Route(method="GET", path="/v4/listings/updated-seller-items", answer=updated_items),
    Route(method="GET", path="/v4/listings/seller-transactions", answer=transactions),
    Route(method="PUT", path="/v4/listings/transaction-status", answer=mark_transaction),
)
