"""Shop calls: /v4/listings/shop-items."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from saluhall.practice.tradera import responses, shop
from saluhall.practice.tradera.errors import Missing, Refused
from saluhall.practice.tradera.listing_rules import require
from saluhall.practice.tradera.responses import Json
from saluhall.practice.tradera.routing import SHOP, Call, Route
from saluhall.practice.tradera.wire import (
    ShopActivation,
    ShopActivations,
    ShopItemData,
    ShopItemUpdateData,
    ShopPrice,
    ShopPrices,
    ShopQuantities,
    ShopQuantity,
)

Change = TypeVar("Change", ShopPrice, ShopActivation)
BATCH = 500


def create(call: Call) -> object:
    """Take a shop item in, with its images."""
    shop.check_shop(call.seller)
    data = call.read(ShopItemData)
    request = shop.create(call.market, seller=call.seller, data=data, now=call.now)
    return responses.queued_from_request(request)


def update(call: Call) -> object:
    """Change a shop item."""
    shop.check_shop(call.seller)
    change = call.read(ShopItemUpdateData)
    item = shop.own_shop_item(call.market, call.seller, change.itemId)
    request = shop.update(call.market, item=item, data=change.itemData, now=call.now)
    return responses.queued_from_request(request)


def remove(call: Call) -> object:
    """End a shop item."""
    shop.check_shop(call.seller)
    item = shop.own_shop_item(call.market, call.seller, call.id_in_path("id"))
    return responses.queued_from_request(shop.remove(call.market, item=item, now=call.now))


def set_prices(call: Call) -> object:
    """Queue new prices; what cannot be queued is answered beside."""
    changes = call.read(ShopPrices).shopItems
    return _queue_changes(call, changes, lambda change: ShopItemData(price=change.price))


def set_activations(call: Call) -> object:
    """Queue new times of showing."""
    changes = call.read(ShopActivations).shopItems
    return _queue_changes(
        call, changes, lambda change: ShopItemData(activateDate=change.activateDate)
    )


def set_quantities(call: Call) -> object:
    """Change quantities at once; what cannot be changed is answered beside."""
    changes = call.read(ShopQuantities).shopItems
    _check_batch(call, changes)
    errors: list[Json] = []
    for change in changes:
        problem = _change_quantity(call, change)
        if problem:
            errors.append({"item": change, "errorMessage": problem})
    return {"successfulUpdates": len(changes) - len(errors), "validationErrors": errors}


def _change_quantity(call: Call, change: ShopQuantity) -> str | None:
    try:
        item = shop.own_shop_item(call.market, call.seller, change.id)
    except Missing as missing:
        return str(missing)
    problem = shop.quantity_problem(call.market, item, change)
    if problem is None:
        item.quantity = shop.new_quantity(call.market, item, change)
        call.market.touch(item)
    return problem


def _queue_changes(
    call: Call, changes: Sequence[Change], data_from_change: Callable[[Change], ShopItemData]
) -> Json:
    _check_batch(call, changes)
    queued: list[Json] = []
    errors: list[Json] = []
    for change in changes:
        try:
            item = shop.own_shop_item(call.market, call.seller, change.id)
            request = shop.update(
                call.market, item=item, data=data_from_change(change), now=call.now
            )
        except (Missing, Refused) as no:
            errors.append({"item": change, "errorMessage": str(no)})
        else:
            queued.append(responses.queued_from_request(request))
    return {"queuedRequestResponses": queued, "validationErrors": errors}


def _check_batch(call: Call, changes: Sequence[object]) -> None:
    shop.check_shop(call.seller)
    require(changes, "No shop items were given")
    require(len(changes) <= BATCH, f"At most {BATCH} shop items are allowed in one call")


ROUTES = (
    Route(method="POST", path="/v4/listings/shop-items", answer=create, limit=SHOP),
    Route(method="PUT", path="/v4/listings/shop-items", answer=update, limit=SHOP),
    Route(method="DELETE", path="/v4/listings/shop-items/{id:[0-9]+}", answer=remove),
    Route(method="PUT", path="/v4/listings/shop-items/prices", answer=set_prices),
    Route(method="PUT", path="/v4/listings/shop-items/quantities", answer=set_quantities),
    Route(method="PUT", path="/v4/listings/shop-items/activate-dates", answer=set_activations),
)
