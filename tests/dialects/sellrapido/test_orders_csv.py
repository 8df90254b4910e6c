import csv
import io
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.dialects.sellrapido.order_book import Order, golden_orders, keep, order
from tests.sellrapido import JSON_TYPE, Client


async def lines(client: Client, query: str, **headers: str) -> list[list[str]]:
    status, found, answer = await client.call("GET", f"/order?{query}", headers=headers)
    assert status == 200, answer
    assert found["content-type"] == "application/csv;charset=UTF-8"
    return list(csv.reader(io.StringIO(answer.decode(), newline=""), delimiter="|", strict=True))


async def test_csv_has_a_line_for_each_row_with_the_head_before_it(client: Client) -> None:
    book = [order(rows=2, code="two"), order(rows=0, code="none")]
    await keep(client.shop, *book)

    names, *found = await lines(client, "format=csv&limit=-1")

    assert len(names) == 98 + 51
    assert (names[0], names[98]) == ("id", "row_id")
    told = [dict(zip(names, line, strict=True)) for line in found]
    assert [each["code"] for each in told] == ["none", "two", "two"]
    ids = [str(row["id"]) for row in book[0]["rows"]]
    assert [each["row_id"] for each in told] == ["", *ids]


async def test_csv_tells_what_json_tells(client: Client) -> None:
    golden = golden_orders()[0]
    await keep(client.shop, golden)

    names, line = await lines(client, "format=csv")

    told = dict(zip(names, line, strict=True))
    for key, value in golden["head"].items():
        assert told[key] == _as_cell(value), key
    for key, value in golden["rows"][0].items():
        assert told[f"row_{key}"] == _as_cell(value), key


def _as_cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return "" if value is None else str(value)


async def test_csv_quotes_what_would_be_misread(client: Client) -> None:
    odd: Order = {"note": 'a "b"|c', "payment_note": "one\r\ntwo", "agent": "plain; text, here"}
    await keep(client.shop, order(**odd))

    names, line = await lines(client, "format=csv")

    told = dict(zip(names, line, strict=True))
    assert {key: told[key] for key in odd} == odd


async def test_a_separator_of_several_characters_is_used_as_it_is(client: Client) -> None:
    await keep(client.shop, order(note="ends with §", agent="a§|b"))

    query = f"format=csv&write_heading=false&column_separator={quote('§|', safe='')}"
    _, _, answer = await client.call("GET", f"/order?{query}")

    text = answer.decode()
    assert '§|"ends with §"§|' in text
    assert '§|"a§|b"§|' in text
    assert text.count("\n") == 1


async def test_csv_without_orders_is_the_heading_alone(idle_client: Client) -> None:
    found = await lines(idle_client, "format=csv")
    _, _, bare = await idle_client.call("GET", "/order?format=csv&writeHeading=false")

    assert len(found) == 1
    assert bare == b""


@pytest.mark.parametrize(
    ("query", "accept", "is_csv"),
    [
        ("", "text/csv", True),
        ("", "application/csv;q=0.9, */*", True),
        ("", "application/json, text/csv", False),
        ("", "*/*", False),
        ("format=json", "text/csv", False),
        ("format=CSV", "application/json", True),
    ],
)
async def test_the_format_wins_over_what_is_accepted(
    idle_client: Client, query: str, accept: str, *, is_csv: bool
) -> None:
    _, headers, _ = await idle_client.call("GET", f"/order?{query}", headers={"Accept": accept})

    wanted = "application/csv;charset=UTF-8" if is_csv else JSON_TYPE
    assert headers["content-type"] == wanted
