"""Recorded payloads, and the rules behind them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.channel import (
    Live,
    Lost,
    Offer,
    Outcome,
    Pending,
    Product,
    Progress,
    Refusal,
    Rejected,
    RemoteListing,
)
from saluhall.channels.tradera.footer import compatible_from_attributes, footer_from_product
from saluhall.channels.tradera.items import (
    CHECK_IN,
    has_bids,
    instant_from_text,
    outcome_from_result,
    remote_listing_from_item,
)
from saluhall.channels.tradera.settings import Language, Settings
from saluhall.channels.tradera.text import DESCRIPTION_LIMIT, TITLE_LIMIT, units
from saluhall.channels.tradera.translate import formats_from_media_types, item_request_from_offer
from saluhall.channels.tradera.wire import Item, RequestResult
from tests.channels.tradera.practice import offer, utc

WIRE = Path(__file__).parent / "wire"
NOW = utc("2026-05-27T12:00:00")


def recorded(verb_and_noun: str) -> list[Any]:
    cases = sorted(WIRE.glob(f"{verb_and_noun}.*.json"))
    assert cases
    return [pytest.param(json.loads(case.read_text()), id=case.stem) for case in cases]


@pytest.mark.parametrize("case", recorded("create_item"))
def test_an_offer_becomes_the_recorded_request(case: dict[str, Any]) -> None:
    what = offer(**case["offer"] | _amounts(case))
    settings = Settings.read(case.get("settings", {})).for_connection(case.get("options", {}))
    request = item_request_from_offer(what, settings)
    assert json.loads(msgspec.json.encode(request)) == case["request"]


def _amounts(case: dict[str, Any]) -> dict[str, Decimal | None]:
    names = {"price", "shipping_cost", "weight_kg"} & case["offer"].keys()
    given_amounts = {name: case["offer"][name] for name in names}
    return {n: None if text is None else Decimal(text) for n, text in given_amounts.items()}


@pytest.mark.parametrize("case", recorded("read_item"))
def test_an_item_becomes_the_recorded_listing(case: dict[str, Any]) -> None:
    item = msgspec.json.decode(json.dumps(case["item"]), type=Item, strict=False)
    assert remote_listing_from_item(item, NOW) == msgspec.convert(case["listing"], RemoteListing)
    assert has_bids(item) is case["has_bids"]


@pytest.mark.parametrize(
    ("price", "sentence"),
    [
        ("949.50", "Tradera takes whole kronor only; the price is 949.50 SEK"),
        ("949.5", "Tradera takes whole kronor only; the price is 949.50 SEK"),
        ("949.555", "Tradera takes whole kronor only; the price is 949.555 SEK"),
        ("0", "Tradera takes 1 to 2147483647 SEK; the price is 0.00 SEK"),
        ("2147483648", "Tradera takes 1 to 2147483647 SEK; the price is 2147483648.00 SEK"),
        ("1E+40", f"Tradera takes 1 to 2147483647 SEK; the price is 1{'0' * 40}.00 SEK"),
        ("NaN", "Tradera needs an amount; the price is NaN"),
    ],
)
def test_a_price_tradera_has_no_word_for_is_refused(price: str, sentence: str) -> None:
    with pytest.raises(Rejected) as refusal:
        item_request_from_offer(offer(price=Decimal(price)), Settings())
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"currency": "EUR"}, "Tradera sells in SEK only; the price is in EUR"),
        ({"title": " \n "}, "Tradera needs a title"),
        (
            {"shipping_cost": Decimal("49.50")},
            "Tradera takes whole kronor only; the shipping cost is 49.50 SEK",
        ),
    ],
)
def test_an_offer_tradera_has_no_word_for_is_refused(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Rejected) as refusal:
        item_request_from_offer(offer(**changes), Settings())
    assert str(refusal.value) == sentence


def test_images_of_other_kinds_and_too_many_are_refused() -> None:
    assert formats_from_media_types(["image/jpeg", "image/gif", "image/png"]) == [0, 1, 2]
    with pytest.raises(Rejected, match="image 2 is image/webp"):
        formats_from_media_types(["image/jpeg", "image/webp"])
    with pytest.raises(Rejected, match="Tradera takes 12 images; there are 13"):
        formats_from_media_types(["image/jpeg"] * 13)


FREE = {"cost": 0, "shippingOptionId": 1}
PICKUP = {"cost": 0, "shippingOptionId": 8}
SHIPPING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"shipping_strategy": "fixed"}, {"cost": 149, "shippingOptionId": 1}),
    ({"shipping_strategy": "seller_shipped"}, {"cost": 149, "shippingOptionId": 1}),
    ({"shipping_strategy": "integrated"}, {"cost": 149, "shippingOptionId": 1}),
    ({"shipping_strategy": "pickup_only"}, {"cost": 0, "shippingOptionId": 8}),
    (
        {"shipping_strategy": "integrated", "weight_kg": None},
        {"cost": 149, "shippingOptionId": 1},
    ),
    # Free only when that was said; where nothing was said the buyer fetches the item, or agrees on something else.
    *(
        ({"shipping_strategy": way, "weight_kg": kg, "shipping_cost": Decimal(0)}, FREE)
        for way in ("integrated", "seller_shipped", "fixed")
        for kg in (None, Decimal("3.2"))
    ),
    *(
        ({"shipping_strategy": way, "weight_kg": kg, "shipping_cost": None}, PICKUP)
        for way in ("integrated", "seller_shipped", "pickup_only")
        for kg in (None, Decimal("3.2"))
    ),
]


@pytest.mark.parametrize(("changes", "row"), SHIPPING)
def test_a_shipping_strategy_becomes_one_row(changes: dict[str, Any], row: dict[str, Any]) -> None:
    what = offer(**changes)
    (shipping,) = item_request_from_offer(what, Settings()).shippingOptions
    weighed = row["shippingOptionId"] == 1 and what.product.weight_kg
    weight = {"shippingWeight": 3.2, "shippingWeightSpecified": True} if weighed else {}
    assert json.loads(msgspec.json.encode(shipping)) == row | weight


@pytest.mark.parametrize(
    ("way", "kg", "cost", "is_to_be_agreed"),
    [
        ("integrated", Decimal("3.2"), None, True),
        ("integrated", None, None, False),  # pickup only, as Rheo says
        ("integrated", Decimal("3.2"), Decimal(0), False),
        ("seller_shipped", None, None, True),
        ("seller_shipped", None, Decimal(49), False),
        ("pickup_only", Decimal("3.2"), None, False),
    ],
)
def test_shipping_is_to_be_agreed_where_nobody_said_what_it_costs(
    way: str, kg: Decimal | None, cost: Decimal | None, *, is_to_be_agreed: bool
) -> None:
    what = offer(shipping_strategy=way, weight_kg=kg, shipping_cost=cost)

    said = [
        item_request_from_offer(what, Settings(language=language)).shippingCondition
        for language in ("en", "sv")
    ]

    expected = ["Pickup. Shipping,", "Avhämtning. Frakt,"] if is_to_be_agreed else [None, None]
    assert [s[: len(e)] if isinstance(s, str) and e else None for s, e in zip(said, expected, strict=True)] == expected  # fmt: skip


def test_a_fixed_price_of_shipping_must_be_said() -> None:
    with pytest.raises(Rejected, match="needs a shipping cost; 0 is free shipping"):
        item_request_from_offer(offer(shipping_strategy="fixed", shipping_cost=None), Settings())


@pytest.mark.parametrize(
    ("attributes", "fits"),
    [
        ({"fits_make": "Volvo", "fits_year": 2018, "fits": ["XC90"]}, "Volvo XC90 (2018)"),
        ({"fits_make": "Volvo", "fits_year": 2018, "fits": ["Volvo XC90", "V70"]}, "Volvo XC90, V70 (2018)"),
        ({"fits_make": "volvo", "fits": ["XC90", "Volvo XC90"]}, "volvo XC90"),
        ({"fits_make": "Seat", "fits": ["Seatbelt X"]}, "Seat Seatbelt X"),
        ({"fits_make": "Volvo", "fits_year": 2018}, "Volvo (2018)"),
        ({"fits_make": "Volvo", "fits": ["Volvo"]}, "Volvo"),
        ({"fits": ["XC90", "XC60"]}, "XC90, XC60"),
        ({"fits_year": 2018}, ""),
        ({"fits_year": "2018", "fits": ["XC90"]}, "XC90 (2018)"),
    ],
)  # fmt: skip
def test_the_make_of_what_a_part_fits_is_named_once(attributes: dict[str, Any], fits: str) -> None:
    assert compatible_from_attributes(attributes) == fits


def footer(language: Language, attributes: dict[str, Any], **facts: Any) -> list[str]:
    product = Product(sku="A", title="T", attributes=attributes, **facts)
    return footer_from_product(product, language)


def test_a_footer_prints_only_what_is_known() -> None:
    assert footer("en", {}) == []
    assert footer("sv", {"case_size_mm": 40.0}) == [
        "--- Teknisk specifikation ---",
        "Boettstorlek: 40 mm",
    ]
    hidden = {"serial_number": "C02", "memory_gb": True, "catalog_codes": {"a": "1"}, "part_name": "x"}  # fmt: skip
    assert footer("en", hidden) == []


def test_a_footer_prints_identifiers_and_attributes_that_the_seller_named() -> None:
    lines = footer(
        "en",
        {"Sockets": "2", "Deep": {"a": 1}},
        brand="Volvo",
        mpn="314",
        isbn="9780131103627",
        condition_text="Like new",
    )

    assert lines[1:] == [
        "Brand: Volvo",
        "Article number: 314",
        "ISBN: 9780131103627",
        "Sockets: 2",
        "Note: Like new",
    ]
    assert footer("en", {"brand": "Omega"}, brand="Volvo")[1:] == ["Brand: Omega"]


@pytest.mark.parametrize(
    ("condition", "number"), [("new", 1), ("used", 2), ("", 2), ("refurbished", 2)]
)
def test_what_is_not_new_is_used(condition: str, number: int) -> None:
    request = item_request_from_offer(offer(condition=condition), Settings())
    assert request.itemAttributes == [number]


LIVE = Live(external_id="1", url="u")
FRESH = Progress(unclear=True)
OUTCOMES: list[tuple[int | None, Outcome]] = [
    (None, Pending(check_in=CHECK_IN)),
    (0, Pending(check_in=CHECK_IN)),
    (128, Pending(check_in=CHECK_IN)),
    (256, Pending(check_in=CHECK_IN)),
    (1, LIVE),
    (16 | 4, Lost(reason="Tradera asks to try again: m", progress=FRESH)),
    (16 | 2, Lost(reason="Tradera asks to try again: m", progress=FRESH)),
    (16 | 8, Lost(reason="Tradera asks to try again: m", progress=FRESH)),
    (8, Lost(reason="Tradera asks to try again: m", progress=FRESH)),
    (2, Refusal(reason="Tradera could not process the images: m")),
    (2 | 4, Refusal(reason="Tradera could not process the images: m")),
    (4, Refusal(reason="Tradera refused the listing: m")),
    (32, Refusal(reason="Tradera does not allow this change: m")),
    (64, Refusal(reason="The Tradera shop holds as many items as it may: m")),
    (1024, Refusal(reason="Tradera refused the listing with the unknown code 1024: m")),
]


@pytest.mark.parametrize(("code", "outcome"), OUTCOMES)
def test_every_combination_of_result_flags_has_an_outcome(
    code: int | None, outcome: Outcome
) -> None:
    result = None if code is None else RequestResult(requestId=1, resultCode=code, message="m")
    assert outcome_from_result(result, live=LIVE, restart=FRESH) == outcome


@given(st.integers(0, 1023))
def test_no_result_flags_are_beyond_us(code: int) -> None:
    outcome_from_result(RequestResult(requestId=1, resultCode=code), live=LIVE, restart=FRESH)


def test_instants_of_any_spelling_are_read() -> None:
    instant = utc("2026-05-27T12:00:00")
    assert instant_from_text("2026-05-27T12:00:00Z") == instant
    assert instant_from_text("2026-05-27T14:00:00+02:00") == instant
    assert instant_from_text("2026-05-27T12:00:00.0000000") == instant
    assert instant_from_text("0001-01-01T00:00:00") is not None
    assert instant_from_text("soon") is None
    assert instant_from_text(None) is None


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSONS = st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
ATTRIBUTES = st.dictionaries(st.text(max_size=50), JSONS, max_size=3) | st.fixed_dictionaries(
    {},
    optional={
        "part_number": JSONS,
        "fits_make": st.text(max_size=50) | JSONS,
        "fits": st.lists(st.text(max_size=50), max_size=200) | JSONS,
        "fits_year": JSONS,
        "condition_grade": JSONS,
        "condition_note": st.text() | JSONS,
        "mileage_km": JSONS,
        "author": st.text() | JSONS,
    },
)
DRAFTS = st.builds(
    offer,
    title=st.text(min_size=1).map(lambda text: f"x{text}"),
    description=st.text(),
    price=st.integers(1, 2**31 - 1).map(Decimal),
    slug=st.text(),
    attributes=ATTRIBUTES,
    shipping_cost=st.integers(0, 2**31 - 1).map(Decimal),
    shipping_strategy=st.sampled_from(["integrated", "seller_shipped", "fixed", "pickup_only"]),
    weight_kg=st.none() | st.decimals(0, 1000, places=3),
)


@given(DRAFTS)
def test_whatever_is_sold_the_request_keeps_traderas_limits(what: Offer) -> None:
    request = json.loads(msgspec.json.encode(item_request_from_offer(what, Settings())))
    assert 1 <= units(request["title"]) <= TITLE_LIMIT
    assert 1 <= units(request["description"]) <= DESCRIPTION_LIMIT
    (row,) = request["shippingOptions"]
    assert ("shippingOptionId" in row) != ("shippingProviderId" in row)
    assert request["startPrice"] == what.price
    assert request["ownReferences"] == [what.key]
    assert request["autoCommit"] is False
