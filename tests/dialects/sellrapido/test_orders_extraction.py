import json
from urllib.parse import urlencode

import pytest

from saluhall.domain.orders.tags import change_tags
from saluhall.kit.clock import utc_now
from tests.dialects.sellrapido.order_book import GOLDEN, golden_orders, keep, order
from tests.hub import Hub
from tests.sellrapido import JSON_TYPE, Client

# What a real client sends; it also sends these six days when it means them.
RECORDED = (
    "/order?code=15690%2C11-13067-60538&status=sent%2Caccepted&start_date=1970-01-01"
    "&end_date=2025-12-31&start_modified=1970-01-01&end_modified=2025-12-31&format=json"
    "&column_separator=%24&write_heading=true&offset=0&limit=3&tags=menu-tags6,menu-tags2"
)


async def codes(client: Client, **query: str) -> list[str]:
    status, _, found = await client.call("GET", f"/order?{urlencode(query)}")
    assert status == 200, found
    return [each["head"]["code"] for each in found["orders"]]


async def test_tags_that_a_person_adds_are_shown_and_found(client: Client) -> None:
    await keep(client.shop, order(code="A", tags=""), order(code="B", tags=""))
    _, _, before = await client.call("GET", "/order?code=A")
    [tagged] = before["orders"]

    async with client.shop.hub.db.transaction() as tx:
        await tx.run(  # no channel gives a label
            "update orders set extras = extras - 'tags_label' where account_id = %s",
            [client.shop.principal.account_id],
        )
        await change_tags(
            tx,
            principal=client.shop.principal,
            order_id=tagged["head"]["id"],
            add=["gift", "two words"],
            now=utc_now(),
        )

    assert await codes(client, tags="two words,other") == ["A"]
    _, _, after = await client.call("GET", "/order?tags=gift")
    [shown] = after["orders"]
    assert (shown["head"]["tags"], shown["head"]["tags_label"]) == (
        "gift;two words;",
        ";gift;two words;",
    )
    assert shown["head"]["modified"] > tagged["head"]["modified"]


async def refusal(client: Client, query: str) -> str:
    status, headers, answer = await client.call("GET", f"/order?{query}")
    assert status == 400, answer
    assert headers["content-type"] == JSON_TYPE
    return str(answer["root"])


async def test_the_golden_orders_come_out_as_they_went_in(client: Client) -> None:
    await keep(client.shop, *golden_orders())

    status, headers, answer = await client.call("GET", "/order?limit=3")

    assert status == 200
    assert headers["content-type"] == JSON_TYPE
    assert json.dumps(answer) == json.dumps(GOLDEN)


async def test_a_recorded_query_finds_its_orders(client: Client) -> None:
    await keep(client.shop, *golden_orders(), order(code="another"))

    _, _, answer = await client.call("GET", RECORDED)

    assert json.dumps(answer) == json.dumps(GOLDEN)


async def test_an_account_without_orders_gets_an_empty_answer(idle_client: Client) -> None:
    _, _, answer = await idle_client.call("GET", "/order")

    assert answer == {"orders": [], "totalCount": 0, "offset": 0, "limit": 1000}


async def test_money_has_a_decimal_point_however_it_is_stored(client: Client) -> None:
    whole = order(price=5, total_tax=7)
    whole["rows"][0]["price_total"] = 12
    await keep(client.shop, whole)

    _, _, answer = await client.call("GET", "/order")

    [found] = answer["orders"]
    assert json.dumps([found["head"]["price"], found["head"]["total_tax"]]) == "[5.0, 7.0]"
    assert json.dumps(found["rows"][0]["price_total"]) == "12.0"


async def test_quotes_in_a_message_are_escaped(client: Client) -> None:
    message = 'say "hello"\n\\ \t {"a": [1]} \u2028 å'
    await keep(client.shop, order(buyer_checkout_message=message))

    _, _, answer = await client.call("GET", "/order")

    assert answer["orders"][0]["head"]["buyer_checkout_message"] == message


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"startDate": "2025-03-02"}, ["C", "B"]),
        ({"endDate": "2025-03-02"}, ["B", "A"]),
        ({"start_date": "2025-03-02", "end_date": "2025-03-02"}, ["B"]),
        ({"startDate": "2020-01-01", "start_date": "2025-03-03"}, ["C"]),  # snake wins
        ({"startModified": "2025-04-02", "endModified": "2025-04-02"}, ["B"]),
        ({"start_modified": "2025-04-02"}, ["C", "B"]),
        ({"code": "A, C,nothing"}, ["C", "A"]),
        ({"status": "sent, standby"}, ["C", "A"]),
        ({"tags": "menu-tags9,menu-tags3"}, ["C", "A"]),
        ({"tags": "menu-tags"}, []),
        ({"status": "accepted", "tags": "menu-tags9"}, []),
        ({"code": "", "status": "", "limit": "", "tags": ",", "format": ""}, ["C", "B", "A"]),
        ({"limit": "1"}, ["C"]),
        ({"limit": "1", "offset": "1"}, ["B"]),
        ({"limit": "-1", "offset": "1"}, ["B", "A"]),
        ({"limit": "0"}, []),
        ({"offset": "3"}, []),
        ({"endDate": "9999-12-31", "startDate": "0001-01-01"}, ["C", "B", "A"]),
        ({"unknown": "x"}, ["C", "B", "A"]),
    ],
)
async def test_filters_narrow_what_is_found(
    client: Client, query: dict[str, str], found: list[str]
) -> None:
    days = ("2025-03-01T23:59:59Z", "2025-03-02T23:59:59Z", "2025-03-03T00:00:00Z")
    stati, tags = ("sent", "accepted", "standby"), ("menu-tags3;", "", "menu-tags7;menu-tags9;")
    book = [
        order(
            code=code, date_order=day, modified=day.replace("-03-", "-04-"), status=status, tags=tag
        )
        for code, day, status, tag in zip("ABC", days, stati, tags, strict=True)
    ]
    await keep(client.shop, *book)

    assert await codes(client, **query) == found


async def test_the_total_counts_all_that_match(client: Client) -> None:
    await keep(client.shop, *(order(status="sent") for _ in range(3)), order(status="standby"))

    _, _, answer = await client.call("GET", "/order?status=sent&limit=2&offset=2")

    assert len(answer["orders"]) == 1
    assert (answer["totalCount"], answer["offset"], answer["limit"]) == (3, 2, 2)


async def test_orders_of_one_moment_come_highest_id_first(client: Client) -> None:
    book = [order(date_order="2025-01-01T00:00:00Z") for _ in range(3)]
    await keep(client.shop, *book)

    _, _, answer = await client.call("GET", "/order?limit=-1")

    ids = [each["head"]["id"] for each in answer["orders"]]
    assert ids == [each["head"]["id"] for each in reversed(book)]
    assert answer["limit"] == -1


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=abc", "wrong limit"),
        ("limit=-2", "wrong limit"),
        ("limit=1.5", "wrong limit"),
        ("limit=99999999999999999999", "wrong limit"),
        ("limit=%D9%A3", "wrong limit"),
        ("offset=-1", "wrong offset"),
        ("offset=x", "wrong offset"),
        ("startDate=2025-02-30", "wrong startDate: '2025-02-30'"),
        ("end_date=2025-2-3", "wrong end_date"),
        ("startModified=yesterday", "wrong startModified"),
        ("end_modified=20250101", "wrong end_modified"),
        ("status=paid", "wrong status: paid"),
        ("status=sent,Sent", "wrong status: Sent"),
        ("format=xml", "wrong format"),
        ("column_separator=&format=csv", "wrong column_separator"),
        ("column_separator=%22&format=csv", "wrong column_separator"),
        ("column_separator=%0A&format=csv", "wrong column_separator"),
        ("columnSeparator=%00&format=csv", "wrong columnSeparator"),
        ("writeHeading=perhaps", "wrong writeHeading"),
        ("code=a%00b", "wrong code"),
        ("tags=%00", "wrong tags"),
    ],
)
async def test_a_bad_filter_is_named(idle_client: Client, query: str, told: str) -> None:
    assert told in await refusal(idle_client, query)


async def test_nobody_reads_the_orders_of_another(client: Client, hub: Hub) -> None:
    stranger = await Client.signed_in(await hub.open_shop())
    await keep(stranger.shop, *golden_orders())
    await keep(client.shop, order(code="mine"))

    assert await codes(client, limit="-1") == ["mine"]
    assert await codes(client, code="15690") == []


async def test_it_is_compressed_when_asked(client: Client) -> None:
    await keep(client.shop, *golden_orders())

    _, headers, answer = await client.call(
        "GET", "/order?limit=3", headers={"Accept-Encoding": "gzip"}
    )

    assert headers["content-encoding"] == "gzip"
    assert json.dumps(answer) == json.dumps(GOLDEN)
