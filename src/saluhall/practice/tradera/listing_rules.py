"""What the marketplace checks before it takes a listing: the first step of its validation."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from saluhall.practice.tradera import categories, reference
from saluhall.practice.tradera.errors import Crashed, Refused
from saluhall.practice.tradera.model import Kind, Seller, Terms
from saluhall.practice.tradera.wire import AttributeValues, ItemRequest, ItemShipping

TITLE_CHARS, DESCRIPTION_CHARS = 80, 7000
REFERENCE_CHARS, CONDITION_CHARS = 60, 500
AUCTION_DAYS = range(1, 15)
FIXED_DAYS = 30
RESTARTS = range(3)
SHIPPING_ROWS, SHIPPING_ROWS_WITH_PICKUP = 2, 3
RESTRICTED_DAYS = timedelta(days=7)


def require(holds: object, message: str) -> None:
    """Refuse unless something holds. Raises Refused."""
    if not holds:
        raise Refused(message)


def check_listing(
    body: ItemRequest, *, seller: Seller, custom_end: datetime | None, now: datetime
) -> Kind:
    """Check a request to list an auction or a fixed price item. Raises Refused, Crashed."""
    kinds = (Kind.AUCTION, Kind.FIXED)
    require(body.itemType in kinds, "ItemType must be 1 (auction) or 3 (fixed price)")
    kind = Kind(body.itemType)
    check_terms(terms_from_body(body))
    require(body.restarts in RESTARTS, "Restarts must be 0, 1 or 2")
    if kind is Kind.AUCTION:
        require(body.duration in AUCTION_DAYS, "Duration must be 1 to 14 days")
        check_auction_prices(body.startPrice, body.reservePrice, body.buyItNowPrice)
        require(custom_end is None or custom_end > now, "CustomEndDate must be in the future")
    else:
        require(body.buyItNowPrice >= 1, "BuyItNowPrice must be at least 1")
    if seller.is_restricted:
        end_at = custom_end or now + timedelta(days=body.duration)
        plain = kind is Kind.AUCTION and not body.buyItNowPrice
        require(
            plain and end_at - now >= RESTRICTED_DAYS,
            "The seller is restricted: only auctions that end at least 7 days from now",
        )
    return kind


def check_auction_prices(start: int, reserve: int, buy_now: int) -> None:
    """Check the order of an auction's prices; 0 = not set. Raises Refused."""
    require(start >= 1, "StartPrice must be at least 1")
    require(reserve >= 0 and buy_now >= 0, "A price must not be negative")
    require(not reserve or reserve > start, "ReservePrice must be higher than StartPrice")
    require(not buy_now or buy_now > start, "BuyItNowPrice must be higher than StartPrice")
    require(
        not buy_now or not reserve or buy_now > reserve,
        "BuyItNowPrice must be higher than ReservePrice",
    )


def terms_from_body(body: ItemRequest) -> Terms:
    """Read what the seller says about the item."""
    return Terms(
        title=(body.title or "").strip(),
        description=body.description or "",
        category_id=body.categoryId,
        accepted_buyer_id=body.acceptedBidderId,
        attribute_values=body.attributeValues,
        item_attributes=tuple(body.itemAttributes or ()),
        own_references=tuple(body.ownReferences or ()),
        payment_condition=body.paymentCondition,
        payment_option_ids=tuple(body.paymentOptionIds or ()),
        shipping_condition=body.shippingCondition,
        shipping_options=tuple(body.shippingOptions or ()),
        vat=body.vat,
    )


def check_terms(terms: Terms) -> None:
    """Check what is said about an item. Raises Refused, Crashed."""
    _check_texts(terms)
    require(categories.is_known(terms.category_id), f"Unknown category {terms.category_id}")
    require(
        categories.is_leaf(terms.category_id),
        f"Category {terms.category_id} has subcategories: choose one of them",
    )
    require(terms.accepted_buyer_id in reference.ACCEPTED_BIDDERS, "AllowedBuyerRegionInvalid")
    require(
        set(terms.payment_option_ids) <= set(reference.PAYMENT_OPTIONS), "Unknown payment option"
    )
    require(set(terms.item_attributes) <= set(reference.CONDITIONS), "Unknown item attribute")
    require(terms.vat is None or terms.vat in reference.VAT_RATES, "Vat must be 0, 6, 12 or 25")
    _check_shipping(terms.shipping_options)
    _check_attributes(terms.category_id, terms.attribute_values or AttributeValues())


def _check_texts(terms: Terms) -> None:
    require(terms.title, "Title is required")
    require(len(terms.title) <= TITLE_CHARS, "Title must be at most 80 characters")
    require(
        len(terms.description) <= DESCRIPTION_CHARS, "Description must be at most 7000 characters"
    )
    require(
        all(len(text) <= REFERENCE_CHARS for text in terms.own_references),
        "OwnReferences must be at most 60 characters each",
    )
    for text in (terms.shipping_condition, terms.payment_condition):
        require(len(text or "") <= CONDITION_CHARS, "A condition must be at most 500 characters")


def _check_shipping(rows: Sequence[ItemShipping]) -> None:
    has_pickup = any(row.shippingOptionId == reference.PICKUP for row in rows)
    allowed = SHIPPING_ROWS_WITH_PICKUP if has_pickup else SHIPPING_ROWS
    require(len(rows) <= allowed, f"At most {allowed} shipping options are allowed")
    for row in rows:
        _check_shipping_row(row)


def _check_shipping_row(row: ItemShipping) -> None:
    require(
        (row.shippingOptionId is None) != (row.shippingProviderId is None),
        "Exactly one of ShippingOptionId and ShippingProviderId must be given",
    )
    require(row.cost >= 0, "Shipping cost must not be negative")
    if row.shippingOptionId is None:
        return
    if row.shippingOptionId == reference.CRASHING_SHIPPING_OPTION:
        raise Crashed("An unexpected error occurred")
    require(row.shippingOptionId in reference.SHIPPING_TYPES, "Unknown shipping option")


def _check_attributes(category_id: int, given: AttributeValues) -> None:
    wanted = {a.id: a for a in categories.attributes_of(category_id)}
    counts: dict[int, int] = {}
    for term in given.terms or ():
        attribute = wanted.get(term.id)
        require(attribute and not attribute.is_number, f"Unknown term attribute {term.id}")
        if attribute and attribute.terms:
            require(
                set(term.values or ()) <= set(attribute.terms),
                f"A value of attribute {term.id} is not one of the possible values",
            )
        counts[term.id] = len(term.values or ())
    for number in given.numbers or ():
        attribute = wanted.get(number.id)
        require(attribute and attribute.is_number, f"Unknown number attribute {number.id}")
        counts[number.id] = len(number.values or ())
    for attribute in wanted.values():
        require(
            attribute.minimum <= counts.get(attribute.id, 0) <= attribute.maximum,
            f"Attribute {attribute.id} ({attribute.name}) needs {attribute.minimum} "
            f"to {attribute.maximum} values",
        )
