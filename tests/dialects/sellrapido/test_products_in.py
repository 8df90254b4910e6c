"""Products in bulk: each row is stored or refused alone, with the documented words."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saluhall.dialects.sellrapido.product_fields import KEYS
from tests.dialects.sellrapido.products_client import ProductsClient, as_json, messages
from tests.hub import Hub
from tests.sellrapido import send

FORMAT = "Validation error: invalid format for field {}"
BAD_FIELDS = [
    ({"url": "x"}, "Invalid fields [url]"),
    ({"url": "x", "quantity": "?", "colour": 1}, "Invalid fields [url, colour]"),
    ({"price1": 0}, FORMAT.format("price1")),
    ({"price1": "17"}, FORMAT.format("price1")),
    ({"price1": 1e13}, FORMAT.format("price1")),
    ({"quantity": 1.5}, FORMAT.format("quantity")),
    ({"quantity": -1}, FORMAT.format("quantity")),
    ({"quantity": 2**31}, FORMAT.format("quantity")),
    ({"quantity": True}, FORMAT.format("quantity")),
    ({"title": 7}, FORMAT.format("title")),
    ({"title": "\u200b\u2060\u3164 "}, FORMAT.format("title")),
    ({"title": "nul \0 here"}, FORMAT.format("title")),
    ({"title": 1, "brand": 2}, FORMAT.format("title, brand")),
    ({"sku": "s" * 256}, FORMAT.format("sku")),
    ({"sku": "nul\0"}, FORMAT.format("sku")),
    ({"catalog": "2"}, FORMAT.format("catalog")),
    ({"url_image1": "ftp://example.com/1.jpg"}, FORMAT.format("url_image1")),
    ({"url_image1": "http://example.com/1.jpg"}, FORMAT.format("url_image1")),
    ({"url_image2": "https:///1.jpg"}, FORMAT.format("url_image2")),
    ({"url_image9": "https://user:secret@example.com/1.jpg"}, FORMAT.format("url_image9")),
    ({"url_image1": "https://example.com/" + "ä" * 601}, FORMAT.format("url_image1")),
    ({"weight_um": "stone"}, FORMAT.format("weight_um")),
    ({"on_demand": 2}, FORMAT.format("on_demand")),
    ({"condition_description": "x" * 256}, FORMAT.format("condition_description")),
    ({"attributes": "text"}, FORMAT.format("attributes")),
    ({"variations": [{"name": "nul \0"}]}, FORMAT.format("variations")),
]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=5,
)
ROWS = st.dictionaries(
    st.sampled_from(["sku", "catalog", *KEYS]) | st.text(max_size=9), JSON_VALUES, max_size=5
)


@pytest.mark.parametrize(("fields", "message"), BAD_FIELDS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_bad_row_says_why_and_the_good_one_beside_it_is_stored(
    hub: Hub, method: str, fields: dict[str, Any], message: str
) -> None:
    desk = await ProductsClient.at(hub)
    if method == "PATCH":
        await desk.added(desk.row("good"))

    good = {**desk.row("good"), "title": "Stored"}
    status, answer = await desk.send(method, [{**desk.row("bad"), **fields}, good])

    assert status == 200
    assert messages(answer) == [(0, message)]
    [done] = answer["created_items" if method == "POST" else "updated_items"]
    assert done["index"] == 1
    assert (await desk.shown("good", ["title"])) == {"title": "Stored"}


async def test_what_is_missing_is_named(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)

    _, new = await desk.send("POST", [{"title": "x"}, {**desk.row("a"), "price1": None}, 7, None])
    _, changes = await desk.send(
        "PATCH", [{"price1": 5}, desk.change("a"), desk.change("a", title=None)]
    )

    assert messages(new) == [
        (0, "Validation error: missing field catalog, sku, price1, quantity"),
        (1, "Validation error: missing field price1"),
        (2, "Validation error: the element must be an object"),
        (3, "Validation error: the element must be an object"),
    ]
    assert messages(changes) == [
        (0, "Validation error: missing field catalog, sku"),
        (1, "No updatable fields"),
        (2, "No updatable fields"),
    ]


async def test_a_product_is_added_once(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    other = await ProductsClient.at(hub)
    await desk.added(desk.row("there"))

    rows = [
        desk.row("there"),
        desk.row("new", title="first"),
        desk.row("new", title="second"),
        {**desk.row("new"), "catalog": other.catalog},
    ]
    status, answer = await desk.send("POST", rows)

    assert status == 200
    assert answer["created_items"] == [{"index": 1, "data": rows[1]}]
    assert messages(answer) == [
        (0, f"Product there already exists in catalog {desk.catalog}"),
        (2, f"Product new of catalog {desk.catalog} stands in this request before"),
        (3, f"Catalog {other.catalog} not found"),
    ]
    assert (await desk.shown("new", ["title"]))["title"] == "first"


async def test_a_change_finds_its_product_or_says_so(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    other = await ProductsClient.at(hub)
    await desk.added(desk.row("a"))
    await other.added(other.row("b"))

    rows = [
        desk.change("none", title="x"),
        {"catalog": other.catalog, "sku": "b", "title": "stolen"},
        desk.change("a", title="new", price1=5, attributes=[{"name": "n", "value": "1.00"}]),
    ]
    status, answer = await desk.send("PATCH", rows)

    assert status == 200
    assert messages(answer) == [
        (0, f"Product none not found in catalog {desk.catalog}"),
        (1, f"Product b not found in catalog {other.catalog}"),
    ]
    changed = {name: value for name, value in rows[2].items() if name not in {"catalog", "sku"}}
    assert answer["updated_items"] == [{"index": 2, "data": changed}]
    assert (await other.shown("b", ["title"]))["title"] == ""


async def test_every_field_is_stored_and_shown(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    values: dict[str, Any] = {"catalog": desk.catalog, "sku": "all", "price1": 17.1, "quantity": 3}
    sample = {
        "text": "Ett \\ två\tHTML <b>", "short text": "good", "price": 17.1, "amount": 0.5,
        "count": 2, "flag": 1, "unit": "g", "json": [{"name": "Prese", "value": "1"}],
    }  # fmt: skip
    for name, key in KEYS.items():
        values[name] = sample.get(key.form, f"https://example.com/{name}.jpg")
    await desk.added(values)
    await desk.added({**desk.row("changed"), "weight": 1, "weight_um": "lb"})

    await desk.changed({**values, "sku": "changed"})

    for sku in ("all", "changed"):
        shown = await desk.shown(sku, list(KEYS))
        for name, key in KEYS.items():
            wanted = as_json(values[name]).decode() if key.form == "json" else str(values[name])
            assert shown[name] == wanted, (sku, name)


async def test_json_is_kept_as_given(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    given = '{"b": 1.00,  "a": [1e2, "\\u00e4"], "a": null}'
    row = as_json(desk.row("a")).decode()[:-1]

    await desk.send("POST", f'[{row}, "variations": {given}}}]'.encode())

    [stored] = await desk.client.shop.rows(
        "select extras ->> 'variations' as kept from products where account_id = %(account_id)s"
    )
    assert stored["kept"] == given


async def test_a_change_leaves_what_it_does_not_name(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    images = {f"url_image{n}": f"https://example.com/{n}.jpg" for n in (1, 2, 3)}
    await desk.added(desk.row("a", title="T", weight=2, on_demand=True, **images))
    names = ["title", "price1", "quantity", "on_demand", "weight", "weight_um", *images]
    before = await desk.shown("a", names)

    await desk.changed(desk.change("a", price1=20, url_image2="https://example.com/new.jpg"))
    first = await desk.shown("a", names)
    await desk.changed(desk.change("a", weight_um="g", title=None, url_image1=""))
    second = await desk.shown("a", names)

    assert first == before | {"price1": "20", "url_image2": "https://example.com/new.jpg"}
    closed_up = {
        "weight_um": "g",
        "url_image1": "https://example.com/new.jpg",
        "url_image2": "https://example.com/3.jpg",
        "url_image3": "",
    }
    assert second == first | closed_up
    [row] = await desk.client.shop.rows(
        "select weight_kg::float8 as kg from products where account_id = %(account_id)s"
    )
    assert row["kg"] == 0.002


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "Request body must be an array"),
        (b'"x"', "Request body must be an array"),
        (b"null", "Request body must be an array"),
        (b"", "Request body must be an array"),
        (b"[" + b"{}," * 1000 + b"{}]", "Request body must be an array of at most 1000 elements"),
        (b"[" * 5000, "Malformed request: the body must be JSON, all of it UTF-8"),
        (b'[{"sku": "\xff"}]', "Malformed request: the body must be JSON, all of it UTF-8"),
        (b'[{"sku": ', "Malformed request: the body must be JSON, all of it UTF-8"),
    ],
)
async def test_a_body_that_is_no_list_of_rows_is_refused_whole(
    hub: Hub, method: str, body: bytes, message: str
) -> None:
    desk = await ProductsClient.at(hub)

    status, answer = await desk.send(method, body)

    assert (status, answer["root"], answer["message"]) == (400, message, message)


async def test_nothing_is_a_good_list(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)

    assert await desk.send("POST", []) == (200, {"created_items": [], "errors": []})
    assert await desk.send("PATCH", []) == (200, {"updated_items": [], "errors": []})


async def test_whole_numbers_may_be_written_with_a_fraction_of_nothing(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)

    await desk.added(desk.row("a", quantity=5.0, catalog=float(desk.catalog)))

    assert (await desk.shown("a", ["quantity"]))["quantity"] == "5"


async def test_the_older_paths_take_the_key_or_the_token(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    token = {"Authorization": f"Bearer {desk.client.access}"}

    status, _, by_key = await desk.client.key_call("POST", "/product/{key}", [desk.row("key")])
    assert (status, by_key["errors"]) == (200, [])
    path = f"/sr_company_ws/api/product/{uuid4()}"
    status, _, by_token = await send(
        hub, "PATCH", path, [desk.change("key", title="T")], headers=token
    )
    assert (status, by_token["errors"]) == (200, [])
    status, answer = await desk.send("POST", [desk.row("uuid")], f"/product/{uuid4()}")
    assert (status, answer["errors"]) == (200, [])


async def test_an_item_of_rheo_is_there_and_the_other_way_round(hub: Hub) -> None:
    shop = await hub.open_shop()
    desk = await ProductsClient.of(shop)
    rheo = (await desk.numbers())["RHEO"]
    await shop.put("R-1", title="Pushed by Rheo", price=950, shippingCost=49, weightKg=1.5)

    await desk.changed({"catalog": rheo, "sku": "R-1", "price1": 951.5})
    await desk.added({**desk.row("S-1", title="Pushed by Sellrapido"), "catalog": rheo})

    shown = await desk.shown("R-1", ["catalog", "title", "price1", "price_shipping1", "weight"])
    assert list(shown.values()) == [str(rheo), "Pushed by Rheo", "951.5", "49", "1.5"]
    assert (await shop.get("R-1"))["price"] == 951.5
    found = await shop.get("S-1")
    assert (found["title"], found["price"]) == ("Pushed by Sellrapido", 17.1)


async def test_each_new_product_is_told_once_and_its_images_are_fetched(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen()
    desk = await ProductsClient.of(shop)

    await desk.added(desk.row("plain"), desk.row("shown", url_image1=f"{hub.partner.url}/1.jpg"))

    for sku in ("plain", "shown"):
        assert len(await shop.told("item.created", sku)) == 1
    assert len(await shop.told("item.images_ready", "shown")) == 1
    stored = await shop.rows("select sku, status from products where account_id = %(account_id)s")
    assert {row["sku"]: row["status"] for row in stored} == {"plain": "active", "shown": "active"}


async def test_a_listing_follows_the_price_and_ends_when_none_is_left(hub: Hub) -> None:
    shop = await hub.open_selling_shop()
    desk = await ProductsClient.of(shop)
    rheo = (await desk.numbers())["RHEO"]
    ad = await shop.listed("L-1", title=f"Listed {uuid4().hex}")

    await desk.changed({"catalog": rheo, "sku": "L-1", "price1": 1234})
    await shop.settle()
    assert (await hub.market.item(ad))["startPrice"] == 1234

    await desk.changed({"catalog": rheo, "sku": "L-1", "quantity": 0})
    await shop.heard("listing.ended", "L-1")
    assert (await hub.market.item(ad))["ended"] is True
    assert (await shop.get("L-1"))["rheoStatus"] == "not_listed"
    assert [e["type"] for e in await shop.history("L-1")].count("product.unlisted") == 1


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROWS, min_size=30, max_size=60))
async def test_whatever_is_sent_each_row_is_answered(hub: Hub, rows: list[dict[str, Any]]) -> None:
    desk = await ProductsClient.at(hub)
    sent = [{**desk.row(f"s{n}"), **row} for n, row in enumerate(rows)]
    body = (
        as_json(sent).replace(b"NaN", b"1").replace(b"-Infinity", b"1").replace(b"Infinity", b"1")
    )

    for method, done in (("POST", "created_items"), ("PATCH", "updated_items")):
        status, answer = await desk.send(method, body)
        if status == 400:  # half a surrogate pair cannot be read at all
            assert b"\\ud" in body
            return
        assert status == 200, answer
        told = [item["index"] for item in answer[done]] + [e["index"] for e in answer["errors"]]
        assert sorted(told) == list(range(len(rows)))
