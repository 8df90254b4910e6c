from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.dialects.rheo.domains import DOMAINS, domain_from_wire, slug_from_name
from saluhall.kit.validation import ValidationFailed

PART = {
    "domain": "auto_parts",
    "vehicle": {"manufacturer": "Volvo", "model": "XC90", "year": 2018, "vehicleType": "Bil"},
    "part": {"name": "Bromsok", "oemNumber": "31400452"},
    "conditionGrade": "B",
}
FLAT = {
    "oemCode": "31400452",
    "partName": "Bromsok",
    "manufacturer": "Volvo",
    "compatibleModels": ["XC90"],
    "donorVehicleYear": 2018,
    "conditionGrade": "B",
}


@pytest.mark.parametrize(
    "given",
    [
        {"domain": "automotive_part", **FLAT},
        {"domain": "auto_parts", **FLAT, "vehicleType": "Bil"},
        {"domain": "Bildelar", **FLAT, "vehicle": {}, "part": {"name": ""}, "conditionNote": None},
        {"domain": "auto-parts", **PART, "domain_extra": 1},
        {**PART, "manufacturer": "Saab", "oemCode": "nested wins"},
        {**FLAT, "domain": "reservdel", "vehicle": PART["vehicle"]},
        PART,
    ],
)
def test_every_generation_of_a_part_has_one_normal_form(given: dict[str, Any]) -> None:
    assert domain_from_wire(given) == PART


def test_several_models_are_one_text() -> None:
    domain = domain_from_wire({"domain": "auto_parts", "compatibleModels": ["V70", "XC70"]})

    assert domain["vehicle"] == {"model": "V70, XC70", "vehicleType": "Bil"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("elektronik", "electronics"),
        ("mode", "fashion"),
        ("clothing", "fashion"),
        ("klockor", "watches"),
        ("home", "home_garden"),
        ("hem", "home_garden"),
        ("hem_tradgard", "home_garden"),
        ("hem-tradgard", "home_garden"),
        ("Home Garden", "home_garden"),
        ("konst", "art"),
        ("sport", "sports"),
        ("bocker", "books"),
        ("Böcker", "books"),
        ("media", "books"),
        ("leksaker", "toys"),
        ("fordon", "vehicles"),
        ("verktyg", "tools"),
        ("autoparts", "auto_parts"),
        ("Car Parts", "auto_parts"),
        ("bildelar", "auto_parts"),
        ("automotive_part", "auto_parts"),
        ("reservdel", "auto_parts"),
        ("smycken", "jewelry"),
        ("datorer", "computers"),
        ("musikinstrument", "music"),
        ("samlarforemal", "collectibles"),
        ("Samlarföremål", "collectibles"),
        ("skonhet", "beauty"),
        ("industri", "industrial"),
        ("ovrigt", "other"),
        ("Övrigt", "other"),
        ("generic", "other"),
        ("", "other"),
        ("nobody knows", "other"),
        *((slug, slug) for slug in DOMAINS),
        *((slug.upper(), slug) for slug in DOMAINS),
        *((domain.label_sv, slug) for slug, domain in DOMAINS.items()),
        *((domain.label_en, slug) for slug, domain in DOMAINS.items()),
    ],
)
def test_a_domain_is_known_by_all_its_names(name: str, slug: str) -> None:
    assert slug_from_name(name) == slug
    assert domain_from_wire(name) == {"domain": slug}


def test_there_are_eighteen_domains_and_seven_have_attributes() -> None:
    assert len(DOMAINS) == 18
    assert sum(domain.shape is not None for domain in DOMAINS.values()) == 7


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {
                "domain": "vehicles",
                "registrationPlate": "ABC123",
                "make": "Volvo",
                "model": "V70",
                "year": 2011,
                "mileageKm": 210000,
                "fuelType": "diesel",
                "color": "röd",
            },
            None,
        ),
        (
            {
                "domain": "computers",
                "serialNumber": "S1",
                "memoryGb": 16,
                "batteryHealthPercentage": 91.5,
            },
            None,
        ),
        ({"domain": "fashion", "size": "M", "material": "ull", "gender": "kids"}, None),
        (
            {
                "domain": "books",
                "isbn": "978",
                "author": "A",
                "publisher": "B",
                "language": "sv-SE",
            },
            None,
        ),
        (
            {
                "domain": "watches",
                "brand": "Omega",
                "modelReference": "311",
                "movementType": "manual",
                "caseSizeMm": 42,
            },
            None,
        ),
        (
            {"domain": "electronics", "brand": 1, "model": "X", "storageGb": 64, "condition": "A"},
            {"domain": "electronics"},
        ),
        (
            {"domain": "mode", "brand": "X", "size": "L", "color": "blå", "condition": "B"},
            {"domain": "fashion", "size": "L"},
        ),
        ({"domain": "toys", "age": [3]}, {"domain": "toys"}),
        ({"domain": "books", "isbn": "", "author": None}, {"domain": "books"}),
        ({"domain": None, "x": 1}, {"domain": "other"}),
        ({"oemCode": "1"}, {"domain": "other"}),
        ({}, {"domain": "other"}),
    ],
)
def test_documented_attributes_are_kept(given: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert domain_from_wire(given) == (kept or given)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"domain": 1}, "domain.domain"),
        ({"domain": "auto_parts", "donorVehicleYear": "2018"}, "domain.donorVehicleYear"),
        ({"domain": "auto_parts", "compatibleModels": ["a", 1]}, "domain.compatibleModels.1"),
        ({"domain": "auto_parts", "vehicle": []}, "domain.vehicle"),
        ({"domain": "auto_parts", "vehicle": {"year": 0}}, "domain.vehicle.year"),
        (
            {"domain": "auto_parts", "part": {"catalogCodes": {"x": 1}}},
            "domain.part.catalogCodes.x",
        ),
        ({"domain": "vehicles", "fuelType": "coal"}, "domain.fuelType"),
        (
            {"domain": "electronics", "batteryHealthPercentage": 101},
            "domain.batteryHealthPercentage",
        ),
        ({"domain": "watches", "movementType": True}, "domain.movementType"),
    ],
)
def test_a_wrong_type_is_named_by_its_path(given: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        domain_from_wire(given)

    assert [problem.path for problem in caught.value.problems] == [path]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(sorted({*FLAT, *PART, "year", "gender", "memoryGb", "isbn", "caseSizeMm"}))


@given(st.sampled_from(sorted(DOMAINS)), st.dictionaries(KEYS, JSON, max_size=5))
def test_normalising_twice_changes_nothing(slug: str, attributes: dict[str, Any]) -> None:
    try:
        once = domain_from_wire({**attributes, "domain": slug})
    except ValidationFailed:
        return
    assert domain_from_wire(once) == once
    assert next(iter(once)) == "domain"
