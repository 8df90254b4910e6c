"""What the marketplace answers: facts written in Tradera's words, in its order."""

from datetime import datetime
from itertools import pairwise

from saluhall.practice.tradera import categories
from saluhall.practice.tradera.bidding import can_buy_now, next_bid
from saluhall.practice.tradera.clock import text_of
from saluhall.practice.tradera.lifecycle import ancestry
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Item, Kind, QueuedRequest, Seller
from saluhall.practice.tradera.people import Person
from saluhall.practice.tradera.reference import PICKUP
from saluhall.practice.tradera.wire import AttributeValues

Json = dict[str, object]

IMAGE_HOST = "https://img.sandbox.invalid"
ITEM_HOST = "https://www.tradera.com/item"
COUNTRY = "Sverige"
ENDINGS = {"Jpeg": "jpg", "Gif": "gif", "Png": "png"}


def queued_from_request(request: QueuedRequest) -> Json:
    """Answer a write that is taken in."""
    return {"requestId": request.id, "itemId": request.item.id}


def item_from_facts(item: Item) -> Json:
    """Write an item as its seller and everybody else reads it."""
    return _who_and_what(item) | _prices(item) | _terms(item) | _times_and_images(item)


def _who_and_what(item: Item) -> Json:
    terms = item.terms
    return {
        "id": item.id,
        "shortDescription": terms.title,
        "longDescription": terms.description,
        "categoryId": terms.category_id,
        "itemType": item.kind,
        "itemLink": f"{ITEM_HOST}/{terms.category_id}/{item.id}",
        "ownReferences": terms.own_references,
        "seller": user_from_person(item.seller.person),
        "status": {
            "ended": item.is_ended,
            "gotBidders": bool(item.bids),
            "gotWinner": item.winner is not None,
        },
        "statusId": 0,
        "remainingQuantity": item.quantity,
        "startQuantity": item.start_quantity,
        "buyerList": [user_from_person(item.winner)] if item.winner else [],
    }


def _prices(item: Item) -> Json:
    is_auction, has_bids = item.kind is Kind.AUCTION, bool(item.bids)
    return {
        "openingBid": item.start_price,
        "openingBidSpecified": is_auction,
        "reservePrice": item.reserve_price,
        "reservePriceSpecified": item.reserve_price > 0,
        "reservePriceManuallySet": item.reserve_price > 0,
        "reservePriceReached": item.has_reserve_reached if item.reserve_price else None,
        "buyItNowPrice": item.buy_now_price,
        "buyItNowPriceSpecified": can_buy_now(item),
        "maxBid": item.price,
        "maxBidSpecified": has_bids,
        "maxBidder": _bidder(item),
        "nextBid": next_bid(item) if is_auction else 0,
        "nextBidSpecified": is_auction,
        "totalBids": len(item.bids),
    }


def _bidder(item: Item) -> Json | None:
    return {"alias": item.leader.bidder} if item.leader else None


def _terms(item: Item) -> Json:
    terms = item.terms
    return {
        "acceptedBuyerId": terms.accepted_buyer_id,
        "acceptsPickup": any(row.shippingOptionId == PICKUP for row in terms.shipping_options),
        "attributeValues": _attributes(terms.category_id, terms.attribute_values),
        "itemAttributes": terms.item_attributes,
        "paymentCondition": terms.payment_condition,
        "paymentOptions": terms.payment_option_ids,
        "paymentTypeId": 0,
        "paypal": False,
        "shippingCondition": terms.shipping_condition,
        "shippingOptions": terms.shipping_options,
        "vat": terms.vat or 0,
        "vatSpecified": terms.vat is not None,
        "bold": False,
        "featuredItem": False,
        "highlight": False,
        "thumbnail": True,
    }


def _attributes(category_id: int, given: AttributeValues | None) -> Json:
    names = {a.id: a.name for a in categories.attributes_of(category_id)}
    given = given or AttributeValues()
    return {
        "termAttributeValues": [
            {"id": t.id, "name": names.get(t.id), "values": t.values} for t in given.terms or ()
        ],
        "numberAttributeValues": [
            {"id": n.id, "name": names.get(n.id), "values": n.values} for n in given.numbers or ()
        ],
    }


def _times_and_images(item: Item) -> Json:
    links = [
        f"{IMAGE_HOST}/{item.id}/{place}.{ENDINGS.get(image.format or '', 'bin')}"
        for place, image in enumerate(item.images, start=1)
    ]
    return {
        "duration": item.duration,
        "restarts": item.restarts,
        "startDate": text_of(item.start_at),
        "endDate": text_of(item.end_at),
        "userSelectedEndDate": item.custom_end,
        "imageLinks": links,
        "detailedImageLinks": [{"url": link, "format": "normal"} for link in links],
        "thumbnailLink": links[0] if links else None,
    }


def user_from_person(person: Person) -> Json:
    """Write what everybody may know about a member."""
    return {"id": person.user_id, "alias": person.alias, "totalRating": 0}


def user_info_from_seller(seller: Seller) -> Json:
    """Write what a seller may read about itself."""
    person = seller.person
    return {
        "id": person.user_id,
        "alias": person.alias,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "email": person.email,
        "phoneNumber": person.phone,
        "address": person.address,
        "zipCode": person.zip_code,
        "city": person.city,
        "countryName": COUNTRY,
        "personalNumber": None,
        "currencyCode": "SEK",
        "languageCodeIso2": "sv",
    }


def restarts_from_item(market: Market, item: Item) -> Json:
    """Write the line of restarts an item belongs to."""
    line = ancestry(market, item)
    while (after := line[-1].restarted_as) is not None:
        line.append(market.items[after])
    return {
        "ancestorItemId": line[0].id,
        "lastRestartedItemId": line[-1].id,
        "restartedItems": [
            {
                "restartedItemId": before.id,
                "restartedAsItemId": after.id,
                "restartedDate": text_of(after.start_at),
            }
            for before, after in pairwise(line)
        ],
    }


def item_entry(item: Item, now: datetime) -> Json:
    """Write an item for the control API."""
    return {
        "itemId": item.id,
        "ownReferences": item.terms.own_references,
        "ended": item.is_ended,
        "startPrice": item.start_price,
        "maxBid": item.price if item.bids else None,
        "totalBids": len(item.bids),
        "endDate": text_of(item.end_at),
        "itemType": item.kind,
        "sellerId": item.seller.person.user_id,
        "title": item.terms.title,
        "description": item.terms.description,
        "categoryId": item.terms.category_id,
        "images": len(item.images),
        "reservePrice": item.reserve_price or None,
        "buyItNowPrice": item.buy_now_price or None,
        "quantity": item.quantity,
        "startDate": text_of(item.start_at),
        "hasStarted": item.start_at <= now,
        "gotWinner": item.winner is not None,
        "shipped": item.is_shipped,
        "restartedFrom": item.restarted_from,
        "restartedAs": item.restarted_as,
    }
