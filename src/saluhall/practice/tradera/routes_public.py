"""Calls about what is not one's own: items, categories, code tables; and about oneself."""

from saluhall.practice.tradera import categories, login, reference, responses
from saluhall.practice.tradera.categories import Attribute
from saluhall.practice.tradera.clock import text_of
from saluhall.practice.tradera.errors import Missing
from saluhall.practice.tradera.request_parsing import ints_of
from saluhall.practice.tradera.responses import Json
from saluhall.practice.tradera.routes_listings import items_of
from saluhall.practice.tradera.routing import Call, Route, Who
from saluhall.practice.tradera.wire import FetchTokenRequest


def fetch_token(call: Call) -> object:
    """Trade the secret of a finished login for a token."""
    token = login.fetch(call.market, call.read(FetchTokenRequest))
    return {"authToken": token.text, "hardExpirationTime": text_of(token.expires_at or call.now)}


def read_item(call: Call) -> object:
    """Show an item to anybody."""
    item = call.market.published(call.id_in_path("id"))
    if item.start_at > call.now:
        raise Missing(f"Item {item.id} was not found")
    return responses.item_from_facts(item)


def read_restarts(call: Call) -> object:
    """Show the line of restarts an item belongs to."""
    return responses.restarts_from_item(call.market, call.market.published(call.id_in_path("id")))


def read_descriptions(call: Call) -> object:
    """Show texts added after the first bid: nobody can add any here."""
    call.market.published(call.id_in_path("id"))
    return list[Json]()


def items_of_seller(call: Call) -> object:
    """Show a seller's items to anybody."""
    seller = call.market.sellers.get(call.id_in_path("id"))
    return items_of(call, seller) if seller else []


def read_categories(call: Call) -> object:
    """Show the category tree."""
    return _branch(None, call.market.rules.category_words == "id")


def _branch(parent: int | None, short_words: bool) -> list[Json]:  # noqa: FBT001 - private
    number, name, below = (
        ("id", "name", "category")
        if short_words
        else ("categoryId", "categoryName", "subCategories")
    )
    return [
        {number: child, name: categories.NAMES[child], below: _branch(child, short_words)}
        for child in categories.CHILDREN[parent]
    ]


def read_attributes(call: Call) -> object:
    """Show what a category wants to know."""
    category_id = call.id_in_path("id")
    if not categories.is_known(category_id):
        raise Missing(f"Category {category_id} was not found")
    return [_definition(attribute) for attribute in categories.attributes_of(category_id)]


def _definition(attribute: Attribute) -> Json:
    return {
        "id": attribute.id,
        "key": attribute.key,
        "name": attribute.name,
        "description": None,
        "attributeType": "Number" if attribute.is_number else "Term",
        "valueFormatting": None,
        "minNumberOfValues": attribute.minimum,
        "maxNumberOfValues": attribute.maximum,
        "possibleTermValues": attribute.terms or None,
    }


def _pairs(table: dict[int, str]) -> list[Json]:
    return [{"id": key, "description": text, "value": str(key)} for key, text in table.items()]


TABLES = {
    "accepted-bidder-types": reference.ACCEPTED_BIDDERS,
    "counties": reference.COUNTIES,
    "expo-item-types": reference.EXPO_ITEM_TYPES,
    "item-types": reference.ITEM_TYPES,
}


def read_table(call: Call) -> object:
    """Show a code table. Raises Missing."""
    table = TABLES.get(call.match["table"])
    if table is None:
        raise Missing("There is no such reference data")
    return _pairs(table)


def read_field_values(_: Call) -> object:
    """Show which numbers a listing may carry."""
    return {
        "vat": reference.VAT_RATES,
        "itemAttributes": _pairs(reference.CONDITIONS),
        "paymentTypes": _pairs(reference.PAYMENT_OPTIONS),
        "shippingTypes": _pairs(reference.SHIPPING_TYPES),
    }


def read_shipping_options(call: Call) -> object:
    """Show the freight products by how much they may weigh."""
    ints_of(call.query, "categoryIds")
    weights = sorted({weight for *_, weight, _ in reference.SHIPPING_PRODUCTS})
    spans = [{"weight": weight, "products": _freight(weight)} for weight in weights]
    return {"productsPerWeightSpan": spans}


def _freight(weight: float) -> list[Json]:
    return [
        {
            "id": product,
            "name": name,
            "shippingProvider": reference.PROVIDERS[provider],
            "shippingProviderId": provider,
            "price": price,
            "vatPercent": 25,
            "weight": heaviest,
            "fromCountry": "SE",
            "toCountry": "SE",
        }
        for product, provider, name, heaviest, price in reference.SHIPPING_PRODUCTS
        if heaviest == weight
    ]


def read_time(call: Call) -> object:
    """Return the time."""
    return text_of(call.now)


def read_me(call: Call) -> object:
    """Show a seller itself."""
    return responses.user_info_from_seller(call.seller)


def read_payment_options(_: Call) -> object:
    """Show how a seller may be paid."""
    return _pairs(reference.PAYMENT_OPTIONS)


ITEM = "/v4/items/{id:[0-9]+}"
REFERENCE = "/v4/reference-data"
CATEGORY = "/v4/categories"

ROUTES = (
    Route(method="POST", path="/v4/auth/token", answer=fetch_token, who=Who.APP),
    Route(method="GET", path=ITEM, answer=read_item, who=Who.APP),
    Route(method="GET", path=f"{ITEM}/restarts", answer=read_restarts, who=Who.APP),
    Route(method="GET", path=f"{ITEM}/descriptions", answer=read_descriptions, who=Who.APP),
    Route(method="GET", path="/v4/items/seller/{id:[0-9]+}", answer=items_of_seller, who=Who.APP),
    Route(method="GET", path=CATEGORY, answer=read_categories, who=Who.APP),
    Route(
        method="GET",
        path=CATEGORY + "/{id:[0-9]+}/attribute-definitions",
        answer=read_attributes,
        who=Who.APP,
    ),
    Route(
        method="GET",
        path=f"{REFERENCE}/item-field-values",
        answer=read_field_values,
        who=Who.APP,
    ),
    Route(
        method="GET",
        path=f"{REFERENCE}/shipping-options",
        answer=read_shipping_options,
        who=Who.APP,
    ),
    Route(method="GET", path=f"{REFERENCE}/time", answer=read_time, who=Who.APP),
    Route(method="GET", path=REFERENCE + "/{table}", answer=read_table, who=Who.APP),
    Route(method="GET", path="/v4/users/me", answer=read_me),
    Route(method="GET", path="/v4/users/me/payment-options", answer=read_payment_options),
)
