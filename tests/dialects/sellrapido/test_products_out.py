"""Products out: the documented columns, separators and qualifier, as a stream or in a ZIP."""

import gzip
import io
import json
import zipfile
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

from saluhall.dialects.sellrapido.export import DEFAULT_FIELDS
from saluhall.dialects.sellrapido.product_fields import SHOWN
from tests.dialects.sellrapido.products_client import ProductsClient
from tests.hub import Hub

REFUSED = [
    ({"fields": "sku,colour,size"}, "Invalid fields [colour, size]"),
    ({"field_separator": ""}, "field_separator and row_separator must not be empty"),
    ({"row_separator": ""}, "field_separator and row_separator must not be empty"),
    (
        {"field_separator": "\\n"},
        "field_separator, row_separator and text_qualifier must differ",
    ),
    ({"text_qualifier": "|"}, "field_separator, row_separator and text_qualifier must differ"),
    ({"text_qualifier": "\0"}, "separators and qualifier must be UTF-8 without NUL"),
    ({"catalog": "abc"}, "Validation error: invalid format for field catalog"),
    ({"catalog": "99999999999"}, "Validation error: invalid format for field catalog"),
    ({"catalog": "2147483647"}, "Catalog 2147483647 not found"),
    ({"published": "maybe"}, "Validation error: invalid format for field published"),
]


async def test_without_parameters_the_documented_columns_come(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    await desk.added(desk.row("A-1", title="T|t", description="two\nlines", price1=17.10, ean="73"))

    lines = (await desk.extract()).decode().split("\n")

    assert lines == [
        "|".join(DEFAULT_FIELDS),
        "A-1|73||||||" + "|3|17.1|0|0|T t|two lines||||",
        "",
    ]


async def test_the_documented_sample(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    await desk.added(desk.row("BD_IT_0009", title="Piedistallo 'ULTRA' § e \\ altro"))
    query = (
        "fields=id,sku,title&field_separator=%C2%A7&row_separator=%0A&text_qualifier='&zip=false"
    )

    _, headers, body = await desk.client.call(
        "GET",
        f"/product?catalog={desk.catalog}&published=false&{query}",
        headers={"Accept": "application/csv"},
    )

    [stored] = await desk.client.shop.rows(
        "select number from products where account_id = %(account_id)s"
    )
    assert headers["content-type"] == "application/csv;charset=UTF-8"
    assert body.decode() == (
        f"id§sku§title\n'{stored['number']}'§'BD_IT_0009'§'Piedistallo ''ULTRA'' § e \\ altro'\n"
    )


@pytest.mark.parametrize(
    ("separator", "end", "title", "shown"),
    [
        ("||", "\\r\\n", "a||b\r\nc|d", "a b c|d"),
        ("%", "\\n", "100 %s %(x)s", "100  s  (x)s"),
        ("\\t", "\ue000\ue001", "tab\there\ue000\ue001", "tab here "),
        ("ab", "ba", "xabbay", "x  y"),
        ("|", "\\n", "Rad 1\r\nRad 2\rRad 3", "Rad 1  Rad 2 Rad 3"),
        ("|", "\\r", "Rad 1\r\nRad 2\nRad 3", "Rad 1  Rad 2 Rad 3"),
        ("|", "§", "Rad 1\rRad 2\nRad 3", "Rad 1 Rad 2 Rad 3"),
    ],
)
async def test_separators_of_any_length_never_stand_in_a_value(
    hub: Hub, separator: str, end: str, title: str, shown: str
) -> None:
    desk = await ProductsClient.at(hub)
    await desk.added(desk.row("1", title=title))

    text = await desk.extract(fields="sku,title", field_separator=separator, row_separator=end)

    spelled = {"\\t": "\t", "\\r": "\r", "\\r\\n": "\r\n", "\\n": "\n"}
    between, after = spelled.get(separator, separator), spelled.get(end, end)
    assert text.decode() == f"sku{between}title{after}1{between}{shown}{after}"


async def test_every_field_can_be_shown_of_every_product(hub: Hub) -> None:
    shop = await hub.open_shop()
    desk = await ProductsClient.of(shop)
    await shop.put("R-1")
    await desk.added(desk.row("S-1"))

    text = await desk.extract(fields=",".join(SHOWN), text_qualifier='"')

    lines = text.decode().rstrip("\n").split("\n")
    assert lines[0].split("|") == list(SHOWN)
    assert [line.count('"|"') for line in lines[1:]] == [len(SHOWN) - 1] * 2


async def test_a_catalog_and_published_narrow_it(hub: Hub) -> None:
    shop = await hub.open_selling_shop()
    desk = await ProductsClient.of(shop)
    rheo = (await desk.numbers())["RHEO"]
    await shop.listed("listed", title=f"Listed {uuid4().hex}")
    await shop.put("unlisted")
    await desk.added(desk.row("part"))

    async def skus(**query: str) -> set[str]:
        return set((await desk.extract(fields="sku", **query)).decode().split()[1:])

    assert await skus() == {"listed", "unlisted", "part"}
    assert await skus(published="false") == {"listed", "unlisted", "part"}
    assert await skus(published="true") == {"listed"}
    assert await skus(catalog=str(rheo)) == {"listed", "unlisted"}
    assert await skus(catalog=str(desk.catalog), published="true") == set()


async def test_a_zip_holds_the_same_text(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    await desk.added(*(desk.row(f"A-{n}", description="text " * 200) for n in range(500)))

    plain = await desk.extract()
    packed = await desk.extract(zip="true")

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["products.csv"]
        assert sorted(archive.read("products.csv").split(b"\n")) == sorted(plain.split(b"\n"))
    assert len(packed) < len(plain) / 10


async def test_the_stream_is_compressed_when_asked(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    await desk.added(desk.row("A-1"))
    path = "/sr_company_ws/api/v2/product?fields=sku"
    given = {"Authorization": f"Bearer {desk.client.access}", "Accept-Encoding": "gzip"}

    _, headers, body = await hub.request("GET", path, headers=given)

    assert headers["content-encoding"] == "gzip"
    text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    assert text == b"sku\nA-1\n"


@pytest.mark.parametrize(("query", "message"), REFUSED)
async def test_what_cannot_be_extracted_is_refused_in_words(
    hub: Hub, query: dict[str, str], message: str
) -> None:
    desk = await ProductsClient.at(hub)

    status, _, answer = await desk.client.call("GET", f"/product?{urlencode(query)}")
    legacy, _, again = await desk.client.key_call(
        "GET", f"/export/product/{{key}}?body={quote(json.dumps(query))}"
    )

    assert (status, answer["root"]) == (400, message)
    assert (legacy, again["root"]) == (400, message)


async def test_the_older_generation_asks_in_json(hub: Hub) -> None:
    desk = await ProductsClient.at(hub)
    await desk.added(desk.row("A-1"))
    asked = {"catalog": desk.catalog, "published": False, "fields": ["sku", "price1"]}
    body = {
        **asked,
        "zip": False,
        "field_separator": ";",
        "row_separator": "\n",
        "text_qualifier": None,
    }

    status, headers, text = await desk.client.key_call(
        "GET", f"/export/product/{{key}}?body={quote(json.dumps(body))}"
    )

    assert (status, text) == (200, b"sku;price1\nA-1;17.1\n")
    assert headers["content-type"] == "application/csv;charset=UTF-8"
    for wrong in ("[]", "no json", "{"):
        status, _, answer = await desk.client.key_call(
            "GET", f"/export/product/{{key}}?body={quote(wrong)}"
        )
        assert (status, answer["root"]) == (400, "body must be a JSON object")


async def test_an_account_sees_its_own_products_alone(hub: Hub) -> None:
    desk, other = await ProductsClient.at(hub), await ProductsClient.at(hub)
    await other.added(other.row("theirs"))

    assert await desk.extract(fields="sku") == b"sku\n"
    status, _, answer = await desk.client.call("GET", f"/product?catalog={other.catalog}")
    assert (status, answer["root"]) == (400, f"Catalog {other.catalog} not found")
