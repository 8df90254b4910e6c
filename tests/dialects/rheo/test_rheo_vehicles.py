"""Number plates, asked for at a provider of the operator's choice."""

import json
from collections.abc import AsyncIterator

import pytest

from saluhall.dialect import Invalid
from saluhall.dialects.rheo.domains import DOMAINS
from saluhall.dialects.rheo.errors import NoMapping
from saluhall.dialects.rheo.market_categories import CATEGORIES, converted
from saluhall.dialects.rheo.plate_lookup import plate_from_query
from saluhall.dialects.rheo.wire_categories import Conversion
from saluhall.practice.partner import Hosted, Partner
from tests.conftest import StartHub
from tests.hub import Hub, Shop

VOLVO = {"make": "Volvo", "model": "V70", "year": 2011, "fuelType": "diesel", "color": "Svart"}
LOOKUP = "/vehicles/lookup?plate="


@pytest.fixture(scope="module")
async def lookup_hub(start_module_hub: StartHub, partner: Partner) -> Hub:
    """A hub whose provider is the partner."""
    return await start_module_hub(SALUHALL_VEHICLE_LOOKUP_URL=f"{partner.url}/plates/{{plate}}")


@pytest.fixture
async def driver(lookup_hub: Hub, partner: Partner) -> AsyncIterator[Shop]:
    """An account at that hub."""
    yield await lookup_hub.open_shop()
    for path in [path for path in partner.images if path.startswith("/plates/")]:
        del partner.images[path]


async def test_a_plate_is_asked_for_once_a_day(driver: Shop, partner: Partner) -> None:
    partner.images["/plates/ABC123"] = Hosted(body=json.dumps(VOLVO).encode())
    known = (200, {"registrationPlate": "ABC123", **VOLVO})

    assert await driver.call("GET", LOOKUP + "abc%20123") == known
    del partner.images["/plates/ABC123"]
    assert await driver.call("GET", LOOKUP + "ABC-123") == known
    await driver.rows(
        "update number_plates set asked_at = asked_at - interval '24 hours' returning plate"
    )
    status, answer = await driver.call("GET", LOOKUP + "ABC123")
    assert (status, answer["code"]) == (404, "NOT_FOUND")
    partner.images["/plates/ABC123"] = Hosted(body=json.dumps(VOLVO).encode())
    assert (await driver.call("GET", LOOKUP + "ABC123"))[0] == 404


async def test_what_the_provider_does_wrong_is_not_kept(driver: Shop, partner: Partner) -> None:
    wrong = (
        Hosted(body=b"<html>", status=200),
        Hosted(body=b'{"year": "new"}', status=200),
        Hosted(body=b"{}", status=500),
        Hosted(body=b"x" * 100_000, status=200),
    )
    for hosted in wrong:
        partner.images["/plates/XYZ789"] = hosted
        status, answer = await driver.call("GET", LOOKUP + "XYZ789")
        assert (status, answer["code"]) == (502, "BAD_GATEWAY")
    partner.images["/plates/XYZ789"] = Hosted(body=b"{}")

    status, answer = await driver.call("GET", LOOKUP + "XYZ789")

    assert (status, answer["make"], answer["year"]) == (200, None, None)


@pytest.mark.parametrize(
    ("given", "plate"), [("abc 12d", "ABC12D"), ("mlb·84-a", "MLB84A"), ("ÅÄ", "ÅÄ")]
)
def test_a_plate_may_be_written_in_several_ways(given: str, plate: str) -> None:
    assert plate_from_query({"plate": given}) == plate


@pytest.mark.parametrize(
    "given", ["", " - ", "A", "A" * 11, "../etc", "AB\0C", "ABC?1", "\u0410BC123"]
)
def test_whatever_is_no_plate_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        plate_from_query({"plate": given})


def test_every_kind_of_goods_is_a_category() -> None:
    assert [category.slug for category in CATEGORIES] == list(DOMAINS)
    assert all(category.descriptionEn for category in CATEGORIES)


@pytest.mark.parametrize(
    ("tradera", "slug", "back"),
    [
        ("516", "art", "516"),
        ("517", "toys", "533"),
        ("534", "electronics", "525"),
        ("8176", "jewelry", "531"),
        ("8290", "auto_parts", "520"),
        ("8300", "auto_parts", "520"),
        ("520", "vehicles", "520"),
    ],
)
def test_categories_lead_there_and_back(tradera: str, slug: str, back: str) -> None:
    there = converted(Conversion(fromMarket="tradera", externalId=tradera, toMarket="rheo"))
    home = converted(Conversion(fromMarket="rheo", externalId=slug, toMarket="tradera"))

    assert (there.rheoCategory, there.externalId) == (slug, None)
    assert (home.rheoCategory, home.externalId) == (slug, back)


@pytest.mark.parametrize(
    "ways",
    [
        ("tradera", "999", "rheo"),
        ("rheo", "other", "tradera"),
        ("ebay", "525", "rheo"),
        ("rheo", "art", "rheo"),
    ],
)
def test_what_the_tables_do_not_know_is_not_guessed(ways: tuple[str, str, str]) -> None:
    with pytest.raises(NoMapping):
        converted(Conversion(fromMarket=ways[0], externalId=ways[1], toMarket=ways[2]))
