import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from saluhall.dialect import Invalid, Malformed
from saluhall.dialects.rheo import translate
from saluhall.dialects.rheo.checks import _PLAIN_URL
from saluhall.dialects.rheo.wire import Item
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import Kind
from saluhall.kit.http import check_url

MINIMAL = {"title": "Backspegel", "price": 450}
PRODUCT_ID = UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def put(**fields: Any) -> ProductPatch:
    body = json.dumps({**MINIMAL, **fields}).encode()
    return translate.patch_from_body(body, external_id="A-1")


def refused(**fields: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        put(**fields)
    return {problem.field: problem.message for problem in caught.value.problems}


def test_what_is_left_out_stays_unset() -> None:
    assert put() == ProductPatch(
        sku="A-1", default_currency="SEK", title="Backspegel", price=Decimal(450)
    )


def test_null_clears() -> None:
    product = put(**dict.fromkeys(Item.__struct_fields__[3:]))

    given = {field: getattr(product, field) for field in product.named()}
    assert given == {
        **dict.fromkeys(given),
        "title": "Backspegel",
        "price": Decimal(450),
        "kind": Kind.ITEM,
        "weight_unit": "kg",
        "extras": {"domain": None, "schema_version": None, "metadata": None},
    }
    cleared = {name for name, value in given.items() if value is None}
    assert cleared > {"currency", "weight", "attributes", "category", "image_urls", "parent_sku"}


def test_every_field_is_translated() -> None:
    assert put(
        title=" Bromsok ",
        description="Bra",
        price=950.5,
        shippingCost=0,
        weightKg=3.20004,
        currency="EUR",
        imageUrls=["https://a.se/1.jpg", "https://a.se/2.jpg", "https://a.se/1.jpg"],
        domain="Leksaker",
        autoPublishTradera=True,
        useAiEnhancement=False,
        type="item",
        parentExternalId="P-1",
        schemaVersion="1.2.0-rc.1",
        shippingStrategy="pickup_only",
    ) == ProductPatch(
        sku="A-1",
        default_currency="SEK",
        kind=Kind.ITEM,
        parent_sku="P-1",
        title="Bromsok",
        description="Bra",
        price=Decimal("950.5"),
        currency="EUR",
        shipping_cost=Decimal(0),
        shipping_strategy="pickup_only",
        weight=Decimal("3.2"),
        weight_unit="kg",
        image_urls=("https://a.se/1.jpg", "https://a.se/2.jpg"),
        category="toys",
        condition="",
        attributes={},
        extras={"domain": {"domain": "toys"}, "schema_version": "1.2.0-rc.1"},
        auto_publish=True,
        ai_enhancement=False,
    )


def test_metadata_is_kept_to_the_byte() -> None:
    body = '{"title": "ab", "price": 1, "metadata": { "å":1.0,"b" : [1e2] }}'.encode()

    product = translate.patch_from_body(body, external_id="A-1")

    assert product.extras == {"metadata": '{ "å":1.0,"b" : [1e2] }'}


@pytest.mark.parametrize(
    "price", [{}, {"price": 0}, {"price": -5}, {"price": "x"}, {"price": None}]
)
def test_a_container_has_no_price(price: dict[str, Any]) -> None:
    body = json.dumps({"title": "Donator", "type": "container", **price}).encode()

    assert translate.patch_from_body(body, external_id="C-1").price == 0


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"imageUrls": ["https://a.se/1"], "images": ["https://a.se/2"]}, "https://a.se/1"),
        ({"imageUrls": None, "images": ["https://a.se/2"]}, "https://a.se/2"),
        ({"images": ["https://a.se/2"], "image_urls": ["https://a.se/3"]}, "https://a.se/2"),
        ({"image_urls": ["https://a.se/3"]}, "https://a.se/3"),
        ({"image_urls": ["HTTPS://user.a.se:8443/å?b=c"]}, "HTTPS://user.a.se:8443/å?b=c"),
    ],
)
def test_the_first_spelling_of_images_counts(fields: dict[str, Any], first: str) -> None:
    assert put(**fields).image_urls == (first,)


def test_no_images_is_not_the_same_as_none_given() -> None:
    assert put(imageUrls=[]).image_urls == ()
    assert put(imageUrls=None).image_urls is None
    assert put().image_urls is UNSET


@pytest.mark.parametrize(
    ("field", "value", "path", "message"),
    [
        ("title", "   ", "title", "Must be at least 2 characters"),
        ("title", "\u200b\u2060\u3164", "title", "Must have at least 1 visible character"),
        ("title", "x" * 256, "title", "Must be at most 255 characters"),
        ("title", None, "title", "Required"),
        ("price", None, "price", "Required"),
        ("price", 0.99, "price", "Must be at least 1"),
        ("price", "950", "price", "Must be a number"),
        ("price", True, "price", "Must be a number"),
        ("price", 10_000_000_000, "price", "Must be at most 9999999999"),
        ("price", 1.005, "price", "Must have at most 2 decimals"),
        ("shippingCost", 0.001, "shippingCost", "Must have at most 2 decimals"),
        ("weightKg", -1, "weightKg", "Must be at least 0"),
        ("currency", "SEK\n", "currency", "Must be at most 3 characters"),
        ("schemaVersion", "1.0.0\n", "schemaVersion", "Must be a semantic version, such as 1.0.0"),
        ("imageUrls", ["ftp://a.se/x"], "imageUrls.0", "Must be an HTTPS URL"),
        ("images", ["https://a.se/x"] * 11, "images", "Must contain at most 10 entries"),
        ("image_urls", "https://a.se/x", "image_urls", "Must be a list"),
        ("parentExternalId", "A-1", "parentExternalId", "Must name another item"),
        ("metadata", [], "metadata", "Must be an object"),
        (
            "metadata",
            dict.fromkeys(map(str, range(51))),
            "metadata",
            "Must contain at most 50 keys",
        ),
        ("metadata", {"a": "å" * 512}, "metadata.a", "Must be at most 1024 bytes as JSON"),
        ("domain", 7, "domain", "Must be an object"),
        ("domain", {"domain": 7}, "domain.domain", "Must be a string"),
    ],
)
def test_a_broken_rule_is_named(field: str, value: object, path: str, message: str) -> None:
    assert refused(**{field: value}) == {path: message}


@pytest.mark.parametrize("url", ["https://", "https://u:p@a.se/", "https://a.se:0/", "https:// x"])
def test_an_https_url_that_leads_nowhere_is_refused(url: str) -> None:
    assert refused(imageUrls=["https://a.se/", url])["imageUrls.1"].startswith(
        "Must be an HTTPS URL"
    )


def test_metadata_may_be_large_but_not_deep() -> None:
    deep: Any = 1
    for _ in range(19):
        deep = [deep]

    assert put(metadata={"a": deep, "b": "å" * 511}).extras is not UNSET
    assert refused(metadata={"a": [deep]}) == {
        "metadata.a": "Must be nested at most 20 levels deep"
    }


@pytest.mark.parametrize("external_id", ["", "x" * 256, "a\0", "\ud800"])
def test_a_bad_external_id_is_named_beside_the_fields(external_id: str) -> None:
    with pytest.raises(Invalid) as caught:
        translate.patch_from_body(b"{}", external_id=external_id)
    assert {p.field for p in caught.value.problems} == {"externalId", "title", "price"}
    with pytest.raises(Invalid):
        translate.sku_from_id(external_id)
    with pytest.raises(Invalid):
        translate.price_from_body(b'{"price": 5}', external_id=external_id)


def test_an_external_id_may_be_long_and_foreign() -> None:
    assert translate.sku_from_id("å/ %" + "x" * 251) == "å/ %" + "x" * 251


@given(field=st.sampled_from(Item.__struct_fields__), value=JSON)
def test_any_value_in_any_field_is_taken_or_refused_in_words(field: str, value: Any) -> None:
    body = json.dumps({**MINIMAL, field: value}).encode()
    for read in (translate.patch_from_body, translate.price_from_body):
        named = {path.split(".")[0] for path in named_by(read, body)}
        assert named <= {field, "JSON"}


def named_by(read: Callable[..., object], body: bytes) -> list[str]:
    try:
        read(body, external_id="A-1")
    except Invalid as refusal:
        return [problem.field for problem in refusal.problems]
    except Malformed:
        return (
            ["JSON"] if b"NaN" in body or b"Infinity" in body else ["nothing wrong with the JSON"]
        )
    return []


@given(st.from_regex(_PLAIN_URL, fullmatch=True))
def test_the_quick_look_at_a_url_takes_nothing_that_the_guard_refuses(url: str) -> None:
    check_url(url)


@given(st.text(st.characters(codec="utf-8"), max_size=20), JSON)
def test_any_body_of_a_status_change_is_a_status_or_none(key: str, value: Any) -> None:
    body = json.dumps({key: value}, allow_nan=True).encode()
    try:
        assert translate.status_from_body(body) is None
    except Malformed:
        assert b"NaN" in body or b"Infinity" in body
